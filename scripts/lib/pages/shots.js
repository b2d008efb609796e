// Shots as cards, a page of them at a time: what every page with shots on it shares.

const PAGE_SIZE = 60;
const { labels, movies, clips } = data;
// Columns of numbers; NaN where there is none.
const shots = {};
for (const [name, column] of Object.entries(data.shots)) {
  shots[name] = Array.isArray(column) ? column.map(unpackNumbers) : unpackNumbers(column);
}
const N = shots.clip.length;
const top1 = shots.labels[0];
const score1 = shots.scores[0];

// What `pack_numbers` of build.py has packed.
function unpackNumbers({ low, digits, bits, base64 }) {
  // Browsers before 2025 have no fromBase64 and take longer.
  const bytes = Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  // Milliseconds of a long film need more digits than a short number has.
  const values = new (bits === 32 ? Float64Array : Float32Array)(new { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array }[bits](bytes.buffer));
  const steps = 10 ** digits;
  for (let place = 0; place < values.length; place++) {
    values[place] = values[place] ? (values[place] - 1 + low) / steps : NaN;
  }
  return values;
}

// ---- names and numbers for people -------------------------------------------------------------

function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const [hours, minutes, rest] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
  const tail = rest.toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

const movieTitle = (movie) => movies.title[movie] || movies.id[movie];
const movieName = (movie) => movieTitle(movie) + (movies.year[movie] ? ` (${movies.year[movie]})` : "");
const shotId = (shot) => `${clips.id[shots.clip[shot]]}-Scene-${String(shots.number[shot]).padStart(3, "0")}`;

// A full bar is 1, or the best score of all where scores are small (cosines, very many labels).
const extremes = [Infinity, -Infinity];
for (const score of score1) {
  if (score < extremes[0]) extremes[0] = score;
  if (score > extremes[1]) extremes[1] = score;
}
const best = Number.isFinite(extremes[1]) ? extremes[1] : 1;
const fullBar = best > 0.5 || best <= 0 ? 1 : best;
const digits = fullBar > 0.2 ? 2 : 3;
const scoreText = (score) => score.toFixed(digits);
const fullBarText = `A full bar is a score of ${fullBar === 1 ? "1" : scoreText(fullBar)}.`;

const colour = (label) => (label < 0 ? "var(--faint)" : data.colours[label]);

// ---- cards ------------------------------------------------------------------------------------

const cardFrame = $("card").content.firstElementChild;
const barFrame = $("bar").content.firstElementChild;

// The shot's card with all that its template and every other page's have in common filled in.
function newCard(shot, numberText) {
  const item = cardFrame.cloneNode(true);
  const part = (name) => item.querySelector(`.${name}`);
  const clip = shots.clip[shot];
  const movie = clips.movie[clip];
  const card = part("card");
  card.dataset.id = shotId(shot);
  card.setAttribute("aria-label", `${movie < 0 ? clips.id[clip] : movieName(movie)}, shot ${shots.number[shot]}`);
  part("where").title = shotId(shot);
  part("title").textContent = movie < 0 ? clips.id[clip] : movieTitle(movie);
  part("year").textContent = movie < 0 ? "" : movies.year[movie];
  part("clip").textContent = movie < 0 ? "" : clips.id[clip];
  part("number").textContent = numberText;
  const [start, end] = [shots.start[shot], shots.end[shot]];
  part("times").textContent = `${clock(start)}–${clock(end)} · ${(end - start).toFixed(1)} s`;
  addPicture(part("strip"), shot);
  addBars(part("bars"), shot);
  return item;
}

function addPicture(strip, shot) {
  const image = strip.firstElementChild;
  const place = data.pictures[shots.picture[shot]];
  if (place === undefined) return image.remove();
  image.addEventListener("error", () => image.remove());
  image.alt = `Frames of shot ${shots.number[shot]}`;
  image.src = addressOf(place.startsWith("data:") ? place : `${place}/${shotId(shot)}.jpg`);
}

function addBars(list, shot) {
  shots.labels.forEach((column, rank) => {
    const label = column[shot];
    const score = shots.scores[rank][shot];
    if (label < 0) return;
    const bar = barFrame.cloneNode(true);
    const [name, track, value] = bar.children;
    name.textContent = labels[label];
    const fill = track.firstElementChild;
    fill.style.width = `${100 * Math.min(1, Math.max(0, (score || 0) / fullBar))}%`;
    fill.style.background = colour(label);
    value.textContent = Number.isNaN(score) ? "" : scoreText(score);
    list.append(bar);
  });
}

// ---- pages of cards ---------------------------------------------------------------------------

// All shots from the lowest key to the highest; ties keep the film's order, and what has no number comes last.
// Of keys, which are below 200,000, four decimals count: as whole numbers of 32 bits they are sorted by their lower
// half, then by their upper one, because to compare a million shots takes a second.
function inOrder(by) {
  const keys = new Uint32Array(N);
  let all = new Uint32Array(N);
  for (let shot = 0; shot < N; shot++) {
    const key = by(shot);
    keys[shot] = Number.isNaN(key) ? 2 ** 32 - 1 : Math.round(1e4 * key) + 2 ** 31;
    all[shot] = shot;
  }
  for (const shift of [0, 16]) {
    const places = new Uint32Array(2 ** 16 + 1);
    for (const key of keys) places[((key >>> shift) & 0xffff) + 1]++;
    for (let half = 1; half < places.length; half++) places[half] += places[half - 1];
    const sorted = new Uint32Array(N);
    for (const shot of all) sorted[places[(keys[shot] >>> shift) & 0xffff]++] = shot;
    all = sorted;
  }
  return all;
}

const countPages = (count) => Math.max(1, Math.ceil(count / PAGE_SIZE));

const onPage = (found, page) => Array.from(found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE));

function countText(count, page) {
  const all = count === N ? plural(N, "shot") : `${count.toLocaleString("en")} of ${plural(N, "shot")}`;
  const first = (page - 1) * PAGE_SIZE;
  return count > PAGE_SIZE ? `${all}, showing ${first + 1}–${Math.min(first + PAGE_SIZE, count)}` : all;
}

function showPagers(page, last) {
  for (const pager of document.querySelectorAll(".pager")) {
    pager.querySelector(".previous").disabled = page <= 1;
    pager.querySelector(".next").disabled = page >= last;
    pager.querySelector(".of").textContent =
      pager.classList.contains("bottom") ? `Page ${page} of ${last}` : `of ${last}`;
    pager.hidden = last === 1;
  }
  $("page").value = page;
  $("page").max = last;
}

// Leads through the pages of cards, by pagers and by keys; `keys` do something else.
function listenToPagers(turnTo, page, keys = {}) {
  const previous = () => turnTo(page() - 1);
  const next = () => turnTo(page() + 1);
  $("page").addEventListener("change", (event) => turnTo(Number.parseInt(event.target.value, 10) || 1));
  for (const button of document.querySelectorAll(".previous")) button.addEventListener("click", previous);
  for (const button of document.querySelectorAll(".next")) button.addEventListener("click", next);
  listenToKeys({ p: previous, ArrowLeft: previous, n: next, ArrowRight: next, ...keys });
  letSkipLeadTo($("shots"));
}
