// The gallery: filters that the address keeps, timelines.

const SVG = "http://www.w3.org/2000/svg";
const FLAG_NOTES = {
  black: "The picture is nearly black: do not believe the labels",
  uniform: "Hardly any structure in the picture: do not believe the labels",
  short: "Too short to be believed",
};
const UNDECIDED = 5; // as many equally likely labels as a card shows

const { genres, flags } = data;
const nMovies = movies.id.length;

// ---- the state, which the address keeps -------------------------------------------------------

// A page of a search begins with what is most similar.
const FIRST_SORT = shots.similarity ? "similar" : "";
const DEFAULTS = {
  text: "", label: "", top5: false, movie: "", genre: "", min: null, flag: "", clip: "", sort: FIRST_SORT, page: 1,
};
let state = { ...DEFAULTS };
let found = new Uint32Array(0);

// A movie is named by its id, and where that is missing or shared by its title as well.
const timesUsed = new Map();
for (const id of movies.id) timesUsed.set(id, (timesUsed.get(id) ?? 0) + 1);
const movieKeys = movies.id.map((id, movie) => (id && timesUsed.get(id) === 1 ? id : `${id}#${movieName(movie)}`));
const index = {
  label: new Map(labels.map((name, place) => [name, place])),
  genre: new Map(genres.map((name, place) => [name, place])),
  movie: new Map(movieKeys.map((key, place) => [key, place])),
  clip: new Map(clips.id.map((id, place) => [id, place])),
};

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const next = { ...DEFAULTS };
  for (const key of ["text", "sort", "flag"]) next[key] = given.get(key) ?? DEFAULTS[key];
  for (const key of Object.keys(index)) next[key] = index[key].has(given.get(key)) ? given.get(key) : "";
  if (![...$("flag").options].some((option) => option.value === next.flag)) next.flag = "";
  if (![...$("sort").options].some((option) => option.value === next.sort)) next.sort = "";
  next.top5 = given.get("top5") === "1";
  const min = Number.parseFloat(given.get("min"));
  next.min = Number.isFinite(min) ? min : null;
  next.page = Math.max(1, Number.parseInt(given.get("page"), 10) || 1);
  return next;
}

function writeAddress(replace) {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (value !== DEFAULTS[key]) parts.set(key, value === true ? "1" : value);
  }
  const hash = parts.toString();
  if (hash === location.hash.slice(1)) return;
  try {
    history[replace ? "replaceState" : "pushState"](null, "", hash ? `#${hash}` : location.pathname + location.search);
  } catch {
    // Inside another page's frame the address may not be ours to write.
  }
}

// ---- finding and sorting ----------------------------------------------------------------------

const haystacks = clips.id.map((id, clip) => {
  const movie = clips.movie[clip];
  return (movie < 0 ? id : `${id} ${movieName(movie)}`).toLowerCase();
});

// Per clip whether its shots may be shown: text, movie, genre and clip are the clip's.
function clipsShown() {
  const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const movie = index.movie.get(state.movie);
  const genre = index.genre.get(state.genre);
  const only = index.clip.get(state.clip);
  return Uint8Array.from(clips.id, (_, clip) => Number(
    (only === undefined || clip === only)
    && (movie === undefined || clips.movie[clip] === movie)
    && (genre === undefined || clips.genres[clip].includes(genre))
    && words.every((word) => haystacks[clip].includes(word))));
}

const orders = { "": new Uint32Array(N).map((_, shot) => shot) };

// All shots in the order asked for; ties keep the film's order, and what has no number comes last.
function order() {
  if (orders[state.sort]) return orders[state.sort];
  const by = {
    high: (shot) => -score1[shot],
    low: (shot) => score1[shot],
    entropy: (shot) => -shots.entropy[shot],
    similar: (shot) => -shots.similarity[shot],
  }[state.sort];
  return (orders[state.sort] = inOrder(by));
}

// Reused by each search, because new memory costs as much time as the search.
const hits = new Uint32Array(N);

function find() {
  const shown = clipsShown();
  const label = index.label.get(state.label);
  const { min, flag } = state;
  const ranks = state.top5 ? shots.labels : [top1];
  const bits = flag.startsWith("=") ? 1 << flags.indexOf(flag.slice(1)) : -1;
  let count = 0;
  for (const shot of order()) {
    if (!shown[shots.clip[shot]]) continue;
    if (label !== undefined && !ranks.some((column) => column[shot] === label)) continue;
    if (min !== null && !(score1[shot] >= min - 1e-6)) continue;
    if (flag && Boolean(shots.flags[shot] & bits) === (flag === "none")) continue;
    hits[count++] = shot;
  }
  return hits.subarray(0, count);
}

// ---- timelines --------------------------------------------------------------------------------

// The shots of a clip follow each other, from the clip's first to the next clip's.
const firstOfClip = new Uint32Array(clips.id.length + 1).fill(N);
for (let shot = N - 1; shot >= 0; shot--) firstOfClip[shots.clip[shot]] = shot;
const countOfClip = (clip) => firstOfClip[clip + 1] - firstOfClip[clip];
const drawings = new Map();

// Timelines are drawn when they come near the screen: sixty of them would take longer than all the rest of a page.
const nearScreen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) fillTimeline(target);
}, { rootMargin: "500px" });

function fillTimeline(button) {
  nearScreen.unobserve(button);
  button.prepend(drawTimeline(Number(button.dataset.clip)));
}

// The clip as a strip, one path a label; drawn once and copied to every card of the clip.
function drawTimeline(clip) {
  if (drawings.has(clip)) return drawings.get(clip).cloneNode(true);
  const total = clipLength(clip);
  const gap = countOfClip(clip) > 120 ? 0 : 0.25;
  const paths = new Map();
  for (let shot = firstOfClip[clip]; shot < firstOfClip[clip + 1]; shot++) {
    const from = (1000 * shots.start[shot]) / total;
    const width = Math.max(0.6, (1000 * (shots.end[shot] - shots.start[shot])) / total - 10 * gap);
    const piece = `M${from.toFixed(1)} 0h${width.toFixed(1)}v10h-${width.toFixed(1)}z`;
    paths.set(top1[shot], (paths.get(top1[shot]) ?? "") + piece);
  }
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 1000 10");
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true");
  for (const [label, line] of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    path.style.fill = colour(label);
    drawing.append(path);
  }
  drawings.set(clip, drawing);
  return drawing.cloneNode(true);
}

const clipLength = (clip) => Math.max(1e-3, shots.end[firstOfClip[clip + 1] - 1]);

function shotAt(clip, seconds) {
  let shot = firstOfClip[clip];
  while (shot + 1 < firstOfClip[clip + 1] && seconds >= shots.end[shot]) shot++;
  return shot;
}

// ---- cards ------------------------------------------------------------------------------------

function makeCard(shot) {
  const clip = shots.clip[shot];
  const item = newCard(shot, `shot ${shots.number[shot]} of ${countOfClip(clip)}`);
  const part = (name) => item.querySelector(`.${name}`);
  addBadges(part("badges"), shot);
  for (const bar of part("bars").children) letBarLead(bar);
  addTimeline(part("timeline"), clip, shot);
  return item;
}

function letBarLead(bar) {
  const [name] = bar.children;
  const label = name.textContent;
  name.title = `Show the shots labelled ${label}`;
  name.addEventListener("click", () => change({ ...DEFAULTS, label, top5: bar !== bar.parentElement.firstElementChild }));
}

function addBadges(place, shot) {
  const add = (text, note, kind) => {
    const badge = document.createElement("span");
    badge.className = `badge ${kind}`;
    badge.textContent = text;
    badge.title = note;
    place.append(badge);
  };
  flags.forEach((flag, bit) => {
    if (shots.flags[shot] & (1 << bit)) add(flag, FLAG_NOTES[flag] ?? "", "flag");
  });
  const entropy = shots.entropy[shot];
  const spread = Math.exp(entropy);
  if (spread >= UNDECIDED) {
    add(`undecided · ≈ ${Math.round(spread)} labels`,
      `Entropy ${entropy.toFixed(2)} nats: as open as a choice between ${Math.round(spread)} equally likely labels`, "");
  }
}

function addTimeline(button, clip, shot) {
  const total = clipLength(clip);
  const mark = document.createElement("span");
  mark.className = "mark";
  mark.style.left = `${(100 * shots.start[shot]) / total}%`;
  mark.style.width = `${(100 * (shots.end[shot] - shots.start[shot])) / total}%`;
  button.append(mark);
  button.dataset.clip = clip;
  nearScreen.observe(button);
  button.setAttribute("aria-label", `Timeline: show all of ${clips.id[clip]}, ${plural(countOfClip(clip), "shot")}`);
  const under = (event) => {
    const box = button.getBoundingClientRect();
    return shotAt(clip, (total * (event.clientX - box.left)) / box.width);
  };
  button.addEventListener("mousemove", (event) => {
    const pointed = under(event);
    const name = top1[pointed] < 0 ? "" : `, ${labels[top1[pointed]]}`;
    button.title = `shot ${shots.number[pointed]}${name}, ${clock(shots.start[pointed])}–${clock(shots.end[pointed])}`;
  });
  // A click from the keyboard has no place: it stays with this card's shot.
  button.addEventListener("click", (event) => goToShot(event.detail ? under(event) : shot));
}

function goToShot(shot) {
  const clip = shots.clip[shot];
  change({ ...DEFAULTS, sort: "", clip: clips.id[clip], page: 1 + Math.floor((shot - firstOfClip[clip]) / PAGE_SIZE) });
  const card = document.querySelector(`.card[data-id="${shotId(shot)}"]`);
  card.tabIndex = -1;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "center" });
}

// ---- showing ----------------------------------------------------------------------------------

const pages = () => countPages(found.length);

function show() {
  state.page = Math.min(state.page, pages());
  nearScreen.disconnect();
  $("shots").replaceChildren(...onPage(found, state.page).map(makeCard));
  $("empty").hidden = found.length > 0;
  $("legend").hidden = found.length === 0;
  $("found").textContent = countText(found.length, state.page);
  showControls();
}

function showControls() {
  for (const key of ["text", "label", "movie", "genre", "flag", "sort"]) {
    if ($(key).value !== state[key]) $(key).value = state[key];
  }
  $("top5").checked = state.top5;
  $("top5").disabled = !state.label;
  $("min").value = state.min ?? $("min").min;
  $("min-value").textContent = state.min === null ? "any" : scoreText(state.min);
  $("clip-chip").hidden = !state.clip;
  $("clip-clear").textContent = `clip ${state.clip} ×`;
  $("clip-clear").setAttribute("aria-label", `Show all clips, not only ${state.clip}`);
  const active = ["text", "label", "movie", "genre", "flag", "clip"].filter((key) => state[key]).length
    + Number(state.min !== null);
  $("active").textContent = active ? `· ${active} active` : "";
  showPagers(state.page, pages());
}

// Take over what has changed, look for the shots, show them and keep the address.
function change(next, replace = false) {
  state = { ...state, page: 1, ...next };
  found = find();
  show();
  writeAddress(replace);
  const main = document.querySelector("main");
  if (main.getBoundingClientRect().top < 0) main.scrollIntoView();
}

function turnTo(page) {
  const wanted = Math.min(Math.max(1, page), pages());
  if (wanted === state.page) return showControls();
  state.page = wanted;
  show();
  writeAddress(false);
  if (document.activeElement.closest(".bottom")) $("shots").focus({ preventScroll: true });
  document.querySelector("main").scrollIntoView();
}

function reset() {
  change({ ...DEFAULTS });
}

function followAddress() {
  change(readAddress(), true);
}

// ---- setting up -------------------------------------------------------------------------------

function hideField(id) {
  $(id).closest(".field").hidden = true;
}

function fillControls() {
  const counts = new Uint32Array(labels.length);
  for (const label of top1) if (label >= 0) counts[label]++;
  const sorted = (names) => names.map((name, place) => [name, place]).sort((a, b) => byName.compare(a[0], b[0]));
  addOptions($("label"), [["", "all labels"],
    ...sorted(labels).map(([name, place]) => [name, `${name} (${counts[place].toLocaleString("en")})`])]);
  addOptions($("movie"), [["", "all movies"],
    ...sorted(movieKeys.map((_, movie) => movieName(movie))).map(([name, movie]) => [movieKeys[movie], name])]);
  addOptions($("genre"), [["", "all genres"], ...sorted(genres).map(([name]) => [name, name])]);
  const seen = shots.flags.reduce((bits, value) => bits | value, 0);
  addOptions($("flag"), [["", "all shots"], ["none", "no flag"], ["any", "any flag"],
    ...flags.filter((_, bit) => seen & (1 << bit)).map((flag) => [`=${flag}`, flag])]);
  if (shots.similarity) $("sort").prepend(new Option("most similar first", "similar"));
  if (labels.length < 2) hideField("label");
  if (nMovies < 2) hideField("movie");
  if (genres.length < 2) hideField("genre");
  if (!seen) hideField("flag");
  const steps = 10 ** digits;
  const low = Number.isFinite(extremes[0]) ? Math.min(0, Math.floor(extremes[0] * steps)) : 0;
  const high = Math.max(low + 1, Math.floor(best * steps + 1e-6));
  Object.assign($("min"), { min: low / steps, max: high / steps, step: 1 / steps });
  if (!Number.isFinite(extremes[1])) hideField("min");
}

function describe() {
  document.title = data.query ? `${data.query} · ${data.run}` : `${data.run} · gallery`;
  $("run").textContent = data.query ? `“${data.query}”` : data.run;
  const parts = [...(data.query ? [data.run] : []), plural(N, "shot"), plural(clips.id.length, "clip")];
  if (nMovies) parts.push(plural(nMovies, "movie"));
  $("summary").textContent = parts.join(" · ");
  $("legend").textContent = `${fullBarText} Below each shot its whole clip, coloured by best label; click into it to see that clip's shots.`;
}

function listen() {
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", (event) => {
    event.preventDefault();
    reset();
  });
  $("empty-reset").addEventListener("click", reset);
  for (const key of ["label", "movie", "genre", "flag", "sort"]) {
    $(key).addEventListener("change", (event) => change({ [key]: event.target.value }));
  }
  $("text").addEventListener("input", (event) => change({ text: event.target.value }, true));
  $("top5").addEventListener("change", (event) => change({ top5: event.target.checked }));
  $("min").addEventListener("input", (event) => {
    const { value, min } = event.target;
    change({ min: Number(value) > Number(min) ? Number(value) : null }, true);
  });
  $("clip-clear").addEventListener("click", () => change({ clip: "" }));
  listenToPagers(turnTo, () => state.page, KEYS);
  $("help-button").addEventListener("click", () => $("help").showModal());
  addEventListener("hashchange", followAddress);
  addEventListener("beforeprint", () => document.querySelectorAll(".timeline:not(:has(svg))").forEach(fillTimeline));
  unfoldWhereThereIsRoom($("panel"));
}

const KEYS = {
  "/": () => {
    $("panel").open = true;
    $("text").focus();
    $("text").select();
  },
  "?": () => $("help").showModal(),
  r: reset,
};

fillControls();
describe();
listen();
followAddress();
