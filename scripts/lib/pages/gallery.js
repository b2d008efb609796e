// The gallery: filters that the address keeps, timelines, large pictures, tables to take away.

const SVG = "http://www.w3.org/2000/svg";
const FLAG_NOTES = {
  black: "The picture is nearly black: do not believe the labels",
  uniform: "Hardly any structure in the picture: do not believe the labels",
  short: "Too short to be believed",
  "low score": "The score of the best label is below the threshold",
  "close second": "The second label is nearly as likely as the first",
  undecided: "The scores are spread over many labels",
  context: "By itself the shot would have another label than among its neighbours",
  "imprecise label": "Raters often refuse this label where it is the best",
  "close-up": "A close-up shows little of the place",
};
const HARD = ["black", "uniform", "short"];
const UNDECIDED = 5; // as many equally likely labels as a card shows

const { genres, flags } = data;
const nMovies = movies.id.length;
const attributes = Object.keys(data.attributes ?? {});
const levels = data.levels ?? [];
const groups = data.groups ?? [];
// Above this number clips without a movie are not listed as films.
const MOST_FILMS = 2000;

// ---- the state, which the address keeps -------------------------------------------------------

// A page of a search begins with what is most similar.
const FIRST_SORT = shots.similarity ? "similar" : "";
const DEFAULTS = {
  text: "", label: "", top5: false, movie: "", genre: "", min: null, max: null, flag: "", trust: "", group: "",
  from: null, to: null, ...Object.fromEntries(attributes.map((name) => [`is-${name}`, ""])),
  clip: "", sort: FIRST_SORT, page: 1,
};
const NUMBERS = ["min", "max", "from", "to"];
// Filters of one choice; several labels are chosen in a list of their own, and written with | between them.
const SELECTS = ["movie", "genre", "flag", "trust", "group", ...attributes.map((name) => `is-${name}`)];
const FOLDED = ["max", "genre", "flag", "from", "to", "group", ...attributes.map((name) => `is-${name}`)];
let state = { ...DEFAULTS };
let found = new Uint32Array(0);

// A movie is named by its id, and where that is missing or shared by its title as well.
const timesUsed = new Map();
for (const id of movies.id) timesUsed.set(id, (timesUsed.get(id) ?? 0) + 1);
const movieKeys = movies.id.map((id, movie) => (id && timesUsed.get(id) === 1 ? id : `${id}#${movieName(movie)}`));
// Films to choose from: the movies, and each clip without one.
const films = movieKeys.map((key, movie) => [key, movieName(movie)]);
const filmOf = Int32Array.from(clips.movie);
const loose = clips.id.filter((_, clip) => clips.movie[clip] < 0).length;
if (loose <= MOST_FILMS) {
  clips.id.forEach((id, clip) => {
    if (clips.movie[clip] < 0) filmOf[clip] = films.push([`clip:${id}`, id]) - 1;
  });
}
const index = {
  label: new Map(labels.map((name, place) => [name, place])),
  genre: new Map(genres.map((name, place) => [name, place])),
  movie: new Map(films.map(([key], place) => [key, place])),
  clip: new Map(clips.id.map((id, place) => [id, place])),
};

const named = (text) => text.split("|").filter(Boolean);

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const next = { ...DEFAULTS };
  next.text = given.get("text") ?? "";
  for (const key of [...SELECTS, "sort"]) {
    const value = given.get(key) ?? DEFAULTS[key];
    next[key] = [...$(key).options].some((option) => option.value === value) ? value : "";
  }
  next.clip = index.clip.has(given.get("clip")) ? given.get("clip") : "";
  next.label = named(given.get("label") ?? "").filter((label) => index.label.has(label)).join("|");
  next.top5 = given.get("top5") === "1";
  for (const key of NUMBERS) {
    const value = Number.parseFloat(given.get(key));
    next[key] = Number.isFinite(value) ? value : null;
  }
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

const years = movies.year.map((year) => Number.parseInt(year, 10));

// Per clip whether its shots may be shown: movie, year, genre and clip are the clip's.
function clipsShown() {
  const { from, to } = state;
  const inYears = (movie) => movie >= 0 && !(years[movie] < from) && !(to !== null && years[movie] > to)
    && Number.isFinite(years[movie]);
  const movie = index.movie.get(state.movie);
  const genre = index.genre.get(state.genre);
  const only = index.clip.get(state.clip);
  return Uint8Array.from(clips.id, (_, clip) => Number(
    (only === undefined || clip === only)
    && (movie === undefined || filmOf[clip] === movie)
    && ((from === null && to === null) || inYears(clips.movie[clip]))
    && (genre === undefined || clips.genres[clip].includes(genre))));
}

// The words that are looked for, each a bit: those that a clip has, and those that a label has.
function wordsFound() {
  const words = state.text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 30);
  const bitsOf = (text) => words.reduce((bits, word, place) => bits | (Number(text.includes(word)) << place), 0);
  return {
    all: 2 ** words.length - 1,
    clip: Int32Array.from(haystacks, bitsOf),
    label: Int32Array.from(labels, (label) => bitsOf(label.toLowerCase())),
  };
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

// Per label whether shots with it are shown, if it must be one of these; null without such a filter.
function labelsShown(fits) {
  return fits ? Uint8Array.from(labels, (name, label) => Number(fits(name, label))) : null;
}

function find() {
  const shown = clipsShown();
  const chosen = named(state.label);
  const wanted = labelsShown(chosen.length ? (name) => chosen.includes(name) : null);
  const inGroup = labelsShown(state.group ? (_, label) => groups[label] === state.group : null);
  const words = state.text.trim() ? wordsFound() : null;
  const { min, max, flag } = state;
  const ranks = state.top5 ? shots.labels : [top1];
  const bits = flag.startsWith("=") ? 1 << flags.indexOf(flag.slice(1)) : -1;
  const level = levels.indexOf(state.trust);
  const values = attributes.map((name, place) => [shots.attributes[place], data.attributes[name].indexOf(state[`is-${name}`])])
    .filter(([, value]) => value >= 0);
  let count = 0;
  for (const shot of order()) {
    if (!shown[shots.clip[shot]]) continue;
    if (wanted && !ranks.some((column) => wanted[column[shot]])) continue;
    if (inGroup && !inGroup[top1[shot]]) continue;
    if (words && (words.clip[shots.clip[shot]] | words.label[top1[shot]]) !== words.all) continue;
    if (min !== null && !(score1[shot] >= min - 1e-6)) continue;
    if (max !== null && !(score1[shot] <= max + 1e-6)) continue;
    if (flag && Boolean(shots.flags[shot] & bits) === (flag === "none")) continue;
    if (level >= 0 && shots.trust[shot] !== level) continue;
    if (values.length && !values.every(([column, value]) => column[shot] === value)) continue;
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
  markThreshold(part("bars").firstElementChild);
  addTimeline(part("timeline"), clip, shot);
  const strip = part("strip");
  strip.setAttribute("aria-label", `Larger: shot ${shots.number[shot]}`);
  strip.disabled = !strip.querySelector("img");
  strip.addEventListener("click", () => enlarge(shot));
  return item;
}

// Where a best label must reach to be taken for a sample.
const threshold = data.threshold > 0 && data.threshold <= fullBar ? data.threshold : null;

function markThreshold(bar) {
  if (threshold === null || !bar) return;
  const mark = document.createElement("b");
  mark.className = "threshold";
  mark.style.left = `${(100 * threshold) / fullBar}%`;
  bar.querySelector(".track").append(mark);
}

function letBarLead(bar) {
  const [name] = bar.children;
  const label = name.textContent;
  name.title = `Show the shots labelled ${label}`;
  name.addEventListener("click", () => change({ ...DEFAULTS, label, top5: bar !== bar.parentElement.firstElementChild }));
  // With the tabulator one comes to the best label, with arrows to the others: a page has hundreds.
  if (bar === bar.parentElement.firstElementChild) name.tabIndex = 0;
  name.addEventListener("keydown", (event) => {
    const next = { ArrowDown: bar.nextElementSibling, ArrowUp: bar.previousElementSibling }[event.key];
    if (!next) return;
    event.preventDefault();
    next.firstElementChild.focus();
  });
}

function addBadges(place, shot) {
  const add = (text, note, kind) => {
    const badge = document.createElement("span");
    badge.className = `badge ${kind}`;
    badge.textContent = text;
    badge.title = note;
    place.append(badge);
  };
  const level = levels[shots.trust?.[shot]];
  if (level && level !== "high") add(`${level} trust`, "How far the best label can be trusted; the reasons follow", level);
  const entropy = shots.entropy[shot];
  const spread = Math.round(Math.exp(entropy));
  const undecided = () => add(`undecided · ≈ ${spread} labels`,
    `Entropy ${entropy.toFixed(2)} nats: as open as a choice between ${spread} equally likely labels`, "");
  flags.forEach((flag, bit) => {
    if (!(shots.flags[shot] & (1 << bit))) return;
    if (flag === "undecided" && spread) undecided();
    else add(flag, FLAG_NOTES[flag] ?? "", !level || HARD.includes(flag) ? "flag" : "");
  });
  if (!level && Math.exp(entropy) >= UNDECIDED) undecided();
  attributes.forEach((name, place) => {
    const value = data.attributes[name][shots.attributes[place][shot]];
    if (value !== undefined) add(value, name, "");
  });
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
  const card = document.querySelector(`#shots .card[data-id="${shotId(shot)}"]`);
  card.tabIndex = -1;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "center" });
}

// ---- one shot, large ---------------------------------------------------------------------------

let enlarged = -1; // its place among the shots found

function enlarge(shot) {
  showLarge(found.indexOf(shot));
  $("large").showModal();
}

function showLarge(place) {
  if (place < 0 || place >= found.length) return;
  enlarged = place;
  const card = makeCard(found[place]).firstElementChild;
  // Not a button: on a phone it is scrolled.
  const strip = document.createElement("div");
  strip.className = "strip";
  strip.append(...card.querySelector(".strip").children);
  strip.querySelector("img")?.removeAttribute("loading");
  card.querySelector(".strip").replaceWith(strip);
  $("large-shot").replaceChildren(card);
  $("large-previous").disabled = place === 0;
  $("large-next").disabled = place === found.length - 1;
  if (!$("large").contains(document.activeElement)) $("large").focus();
}

// Back to the card of the shot that was large last, on whichever page it is.
function leaveLarge() {
  const shot = found[enlarged];
  $("large-shot").replaceChildren();
  if (shot === undefined) return;
  turnTo(1 + Math.floor(enlarged / PAGE_SIZE));
  document.querySelector(`#shots .card[data-id="${shotId(shot)}"] .strip`)?.focus();
}

// ---- the shots found as a table ----------------------------------------------------------------

const fixed = (value, decimals) => (Number.isNaN(value) ? "" : value.toFixed(decimals));

function clockCode(seconds) {
  const whole = Math.round(1000 * seconds);
  const parts = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60, Math.floor(whole / 1000) % 60];
  return `${parts.map((part) => String(part).padStart(2, "0")).join(":")}.${String(whole % 1000).padStart(3, "0")}`;
}

// Columns of the tables that a run exports, see results/README.md.
const TABLE = {
  shot_id: shotId,
  clip_id: (shot) => clips.id[shots.clip[shot]],
  movie_id: (shot) => movies.id[clips.movie[shots.clip[shot]]] ?? "",
  title: (shot) => movies.title[clips.movie[shots.clip[shot]]] ?? "",
  year: (shot) => movies.year[clips.movie[shots.clip[shot]]] ?? "",
  shot: (shot) => shots.number[shot],
  start_time: (shot) => fixed(shots.start[shot], 3),
  end_time: (shot) => fixed(shots.end[shot], 3),
  start_code: (shot) => clockCode(shots.start[shot]),
  end_code: (shot) => clockCode(shots.end[shot]),
};
shots.labels.forEach((column, rank) => {
  TABLE[`label_${rank + 1}`] = (shot) => labels[column[shot]] ?? "";
  TABLE[`score_${rank + 1}`] = (shot) => fixed(shots.scores[rank][shot], 4);
});
attributes.forEach((name, place) => {
  TABLE[name] = (shot) => data.attributes[name][shots.attributes[place][shot]] ?? "";
});
if (shots.trust) TABLE.trust = (shot) => levels[shots.trust[shot]];
TABLE[shots.trust ? "reasons" : "flags"] = (shot) => flags.filter((_, bit) => shots.flags[shot] & (1 << bit)).join("|");
if (shots.similarity) TABLE.similarity = (shot) => fixed(shots.similarity[shot], 3);

function download() {
  const rows = Array.from(found, (shot) => Object.values(TABLE).map((cell) => cell(shot)));
  saveAs(`${data.run}-shots.csv`, csvText([Object.keys(TABLE), ...rows]));
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
  $("download").hidden = found.length === 0;
  $("download").textContent = `Download ${found.length === 1 ? "this shot" : `these ${plural(found.length, "shot")}`} (CSV)`;
  showControls();
}

const isActive = (key) => state[key] !== null && state[key] !== "";

function showControls() {
  for (const key of ["text", "sort", ...SELECTS]) {
    if ($(key).value !== state[key]) $(key).value = state[key];
  }
  for (const key of ["from", "to"]) $(key).value = state[key] ?? "";
  for (const key of ["min", "max"]) {
    $(key).value = state[key] ?? $(key)[key];
    $(`${key}-value`).textContent = state[key] === null ? "any" : scoreText(state[key]);
  }
  showLabels();
  $("top5").checked = state.top5;
  $("top5").disabled = !state.label;
  $("clip-chip").hidden = !state.clip;
  $("clip-clear").textContent = `clip ${state.clip} ×`;
  $("clip-clear").setAttribute("aria-label", `Show all clips, not only ${state.clip}`);
  const active = ["text", "label", "clip", ...NUMBERS, ...SELECTS].filter(isActive).length;
  const folded = FOLDED.filter(isActive).length;
  $("active").textContent = active ? `· ${active} active` : "";
  $("more-active").textContent = folded ? `· ${folded} active` : "";
  showPagers(state.page, pages());
}

function swatch(label) {
  const square = document.createElement("i");
  square.className = "swatch";
  square.style.background = colour(index.label.get(label));
  return square;
}

// The chosen labels: ticked in the list, and below it as buttons that take them away.
function showLabels() {
  const chosen = named(state.label);
  for (const box of $("label-list").querySelectorAll("input")) box.checked = chosen.includes(box.value);
  $("chosen").hidden = !chosen.length;
  $("chosen").replaceChildren(...chosen.map((label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Without the label ${label}`);
    button.append(swatch(label), `${label} ×`);
    button.addEventListener("click", () => chooseLabel(label, false));
    return button;
  }));
}

function chooseLabel(label, wanted) {
  const others = named(state.label).filter((name) => name !== label);
  change({ label: [...others, ...(wanted ? [label] : [])].join("|") });
}

// Take over what has changed, look for the shots, show them and keep the address.
function change(next, replace = false) {
  enlarged = -1;
  $("large").close();
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
  if (FOLDED.some(isActive)) $("more").open = true;
}

// ---- setting up -------------------------------------------------------------------------------

function hideField(id) {
  $(id).closest(".field").hidden = true;
}

function fillControls() {
  const counts = new Uint32Array(labels.length);
  for (const label of top1) if (label >= 0) counts[label]++;
  const sorted = (names) => names.map((name, place) => [name, place]).sort((a, b) => byName.compare(a[0], b[0]));
  for (const [name, place] of sorted(labels)) addLabel(name, counts[place]);
  addOptions($("movie"), [["", "all movies"], ...sorted(films.map(([, name]) => name)).map(([name, film]) => [films[film][0], name])]);
  addOptions($("genre"), [["", "all genres"], ...sorted(genres).map(([name]) => [name, name])]);
  const seen = shots.flags.reduce((bits, value) => bits | value, 0);
  addOptions($("flag"), [["", "all shots"], ["none", "none"], ["any", "any"],
    ...flags.filter((_, bit) => seen & (1 << bit)).map((flag) => [`=${flag}`, flag])]);
  if (shots.similarity) $("sort").prepend(new Option("most similar first", "similar"));
  addOptions($("trust"), [["", "all shots"], ...levels.map((name) => [name, name])]);
  addOptions($("group"), [["", "anywhere"], ...["inside", "outside", "either"].filter((name) => groups.includes(name))
    .map((name) => [name, name])]);
  attributes.forEach(addAttribute);
  const known = years.filter(Number.isFinite);
  if (new Set(known).size < 2) hideField("from");
  $("from").placeholder = Math.min(...known);
  $("to").placeholder = Math.max(...known);
  $("label-field").hidden = labels.length < 2;
  if (films.length < 2) hideField("movie");
  if (!levels.length) hideField("trust");
  if ($("group").length < 3) hideField("group");
  if (genres.length < 2) hideField("genre");
  if (!seen) hideField("flag");
  const steps = 10 ** digits;
  const low = Number.isFinite(extremes[0]) ? Math.min(0, Math.floor(extremes[0] * steps)) : 0;
  const high = Math.max(low + 1, Math.floor(best * steps + 1e-6));
  for (const key of ["min", "max"]) {
    Object.assign($(key), { min: low / steps, max: high / steps, step: 1 / steps });
    if (!Number.isFinite(extremes[1])) hideField(key);
  }
}

function addLabel(name, count) {
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", value: name });
  box.addEventListener("change", () => chooseLabel(name, box.checked));
  const number = document.createElement("small");
  number.textContent = count.toLocaleString("en");
  const line = document.createElement("label");
  line.className = "check";
  line.append(box, swatch(name), name, number);
  const item = document.createElement("li");
  item.append(line);
  $("label-list").append(item);
}

// A filter for an attribute of shots, such as day or night.
function addAttribute(name) {
  const key = `is-${name}`;
  const field = $("group").closest(".field").cloneNode(true);
  const [title, select] = field.children;
  title.textContent = name[0].toUpperCase() + name.slice(1);
  title.htmlFor = key;
  Object.assign(select, { id: key, name: key });
  select.replaceChildren();
  addOptions(select, [["", "all shots"], ...data.attributes[name].map((value) => [value, value])]);
  field.hidden = data.attributes[name].length < 2;
  $("more").append(field);
}

function listFailures() {
  const failures = data.failures ?? [];
  $("failures").hidden = !failures.length;
  $("failures").querySelector("summary").textContent = `${plural(failures.length, "clip")} could not be used`;
  for (const failure of failures) {
    const row = $("failures").querySelector("tbody").insertRow();
    for (const key of ["clip_id", "step", "reason"]) row.insertCell().textContent = failure[key];
  }
}

function describe() {
  document.title = data.query ? `${data.query} · ${data.run}` : `${data.run} · gallery`;
  $("run").textContent = data.query ? `“${data.query}”` : data.run;
  const parts = [...(data.query ? [data.run] : []), plural(N, "shot"), plural(clips.id.length, "clip")];
  if (nMovies) parts.push(plural(nMovies, "movie"));
  if (data.failures?.length) parts.push(`${data.failures.length.toLocaleString("en")} failed`);
  $("summary").textContent = parts.join(" · ");
  const mark = threshold === null ? "" : ` The line in the first bar marks the threshold of ${scoreText(threshold)}.`;
  $("legend").textContent = `${fullBarText}${mark} Below each shot its whole clip, coloured by best label; click into it to see that clip's shots.`;
}

function listen() {
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", (event) => {
    event.preventDefault();
    reset();
  });
  $("empty-reset").addEventListener("click", reset);
  for (const key of [...SELECTS, "sort"]) {
    $(key).addEventListener("change", (event) => change({ [key]: event.target.value }));
  }
  $("text").addEventListener("input", (event) => change({ text: event.target.value }, true));
  $("top5").addEventListener("change", (event) => change({ top5: event.target.checked }));
  for (const key of ["min", "max"]) {
    $(key).addEventListener("input", ({ target }) => {
      change({ [key]: target.value === target[key] ? null : Number(target.value) }, true);
    });
  }
  for (const key of ["from", "to"]) {
    $(key).addEventListener("input", ({ target }) => {
      // Not while a year is being typed.
      if (!target.value || Number(target.value) > 999) change({ [key]: Number(target.value) || null }, true);
    });
  }
  $("download").addEventListener("click", download);
  $("large").addEventListener("close", leaveLarge);
  addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && $("large").open) showLarge(enlarged + step);
  });
  $("large-previous").addEventListener("click", () => showLarge(enlarged - 1));
  $("large-next").addEventListener("click", () => showLarge(enlarged + 1));
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
listFailures();
describe();
listen();
followAddress();
