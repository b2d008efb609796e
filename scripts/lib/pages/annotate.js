// The raters' page: one shot at a time, the labels that apply, and a file of all votes.

const { tasks } = data;
const N = tasks.id.length;
const [CHOSE, NONE, UNSURE] = ["labels", "none", "unsure"];
const COLUMNS = ["study", "rater", "shot_id", "label", "value", "seconds", "verdict"];
// A name begins with a letter or a digit of any script, so no spreadsheet takes it for a formula.
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} .,_'’@-]*$/u;

// ---- the state --------------------------------------------------------------------------------

let rater = ""; // empty before somebody has given a name
let votes = {}; // shot id → {verdict, labels}
let seconds = {}; // shot id → seconds on the shot so far
let at = 0;
let since = null; // when the clock of the shot began to run; null while it stands
const unplayable = new Set(); // clips that the browser has no file of, or cannot play

const tidyName = (text) => text.normalize("NFC").trim().replace(/\s+/g, " ");
// Letter case does not make another rater.
const placeOf = () => `votes/${data.study}/${rater.toLowerCase()}`;
const voteOf = (place) => votes[tasks.id[place]];
const nVotes = () => tasks.id.filter((id) => votes[id]).length;

function load() {
  const kept = readKept(placeOf());
  votes = {};
  seconds = {};
  tasks.id.forEach((id, place) => {
    const [vote, spent] = [kept.votes?.[id], kept.seconds?.[id]];
    if (Number.isFinite(spent)) seconds[id] = spent;
    if (vote) setVote(place, vote.verdict, listOf(vote.labels));
  });
  at = Math.max(0, tasks.id.indexOf(kept.at));
}

function save() {
  tick();
  keep(placeOf(), { votes, seconds, at: tasks.id[at] });
}

// Time counts while the shot is on the screen, over all visits to it.
function tick() {
  const now = performance.now();
  const id = tasks.id[at];
  if (since !== null) seconds[id] = (seconds[id] ?? 0) + (now - since) / 1000;
  since = rater && document.visibilityState === "visible" ? now : null;
}

function setVote(place, verdict, labels = []) {
  const chosen = tasks.labels[place].filter((label) => labels.includes(label));
  if ([NONE, UNSURE].includes(verdict)) votes[tasks.id[place]] = { verdict, labels: [] };
  else if (chosen.length) votes[tasks.id[place]] = { verdict: CHOSE, labels: chosen };
  else delete votes[tasks.id[place]];
}

// ---- acting -----------------------------------------------------------------------------------

function begin(name) {
  rater = name;
  history.replaceState({ rater }, "");
  load();
  $("start").hidden = true;
  $("voting").hidden = false;
  $("saved").textContent = "";
  say(nVotes() ? `Welcome back: ${plural(nVotes(), "vote")} of yours ${nVotes() === 1 ? "is" : "are"} here.` : "");
  tick();
  show();
  $("shot").focus({ preventScroll: true });
}

function leave() {
  if (rater) save();
  rater = "";
  since = null;
  history.replaceState(null, "");
  $("voting").hidden = true;
  $("start").hidden = false;
  $("name").value = "";
  $("name").focus();
}

function say(text, refused = false) {
  $("message").textContent = text;
  $("message").classList.toggle("refused", refused);
}

function toggleLabel(index) {
  const label = tasks.labels[at][index];
  if (label === undefined) return;
  const chosen = voteOf(at)?.labels ?? [];
  choose(CHOSE, chosen.includes(label) ? chosen.filter((other) => other !== label) : [...chosen, label]);
}

const toggleVerdict = (verdict) => choose(voteOf(at)?.verdict === verdict ? CHOSE : verdict);

function choose(verdict, labels) {
  setVote(at, verdict, labels);
  save();
  say("");
  $("saved").textContent = "";
  showVote();
}

function goTo(place) {
  tick();
  at = Math.min(Math.max(0, place), N - 1);
  say("");
  $("saved").textContent = "";
  save();
  show();
  $("shot").focus({ preventScroll: true });
  $("voting").scrollIntoView();
}

// To the next shot without a vote, from here on and then from the start.
function goOn() {
  if (!voteOf(at)) {
    say("Tick something first.", true);
    return;
  }
  const order = Array.from({ length: N }, (_, step) => (at + step) % N);
  const open = order.find((place) => !voteOf(place));
  if (open !== undefined) {
    goTo(open);
    return;
  }
  say("You have voted on every shot. Now download your votes.");
  $("download").focus();
}

// ---- the file ---------------------------------------------------------------------------------

function voteRows() {
  return tasks.id.flatMap((id, place) => {
    if (!votes[id]) return [];
    const { verdict, labels } = votes[id];
    const valueOf = (label) => (verdict === UNSURE ? "" : Number(labels.includes(label)));
    const spent = (seconds[id] ?? 0).toFixed(1);
    return tasks.labels[place].map((label) => [data.study, rater, id, label, valueOf(label), spent, verdict]);
  });
}

function download() {
  if (!nVotes()) {
    say("There is no vote to download yet.", true);
    return;
  }
  save();
  const name = `votes-${data.study}-${rater.match(/[\p{L}\p{N}\p{M}]+/gu).join("-")}.csv`;
  saveAs(name, csvText([COLUMNS, ...voteRows()]));
  const open = N - nVotes();
  const rest = open ? ` ${plural(open, "shot")} ${open === 1 ? "is" : "are"} still without a vote.` : "";
  say("");
  $("saved").textContent = `${name} with ${plural(nVotes(), "vote")} is in your downloads. ${whatNext}${rest}`;
}

const folder = data.folder ?? "the folder that the configuration names as verification.votes";
const whatNext = `Give it to whoever gave you this page. (For them: put it into ${folder}, and run the workflow again.)`;

// ---- showing ----------------------------------------------------------------------------------

function show() {
  $("place").textContent = `Shot ${(at + 1).toLocaleString("en")} of ${N.toLocaleString("en")}`;
  $("who").textContent = rater;
  $("previous").disabled = at === 0;
  $("skip-on").disabled = at === N - 1;
  $("shot").dataset.id = tasks.id[at];
  showFrames();
  showFilm();
  $("labels").replaceChildren(...tasks.labels[at].map((label, index) => {
    const choice = $("choice").content.firstElementChild.cloneNode(true);
    const [box, text, key] = choice.children;
    text.textContent = label;
    key.textContent = index + 1;
    box.addEventListener("change", () => toggleLabel(index));
    return choice;
  }));
  showVote();
}

function showVote() {
  const vote = voteOf(at);
  [...$("labels").children].forEach((choice, index) => {
    choice.firstElementChild.checked = Boolean(vote?.labels.includes(tasks.labels[at][index]));
  });
  $("none").checked = vote?.verdict === NONE;
  $("unsure").checked = vote?.verdict === UNSURE;
  const n = nVotes();
  $("done").textContent = `${n.toLocaleString("en")} voted`;
  $("progress").max = Math.max(1, N);
  $("progress").value = n;
  $("download").classList.toggle("primary", n === N);
}

// A shot of one frame has only a middle, one of two frames a beginning and an end.
function showFrames() {
  const frames = tasks.frames[at];
  const places = { 1: ["middle"], 2: ["first", "last"] }[frames.length] ?? ["first", "middle", "last"];
  $("stage").className = `stage ${["", "one", "two"][frames.length] ?? ""}`;
  for (const figure of $("stage").querySelectorAll("figure")) {
    const index = places.indexOf(figure.className);
    figure.hidden = index < 0;
    if (index >= 0) figure.querySelector("img").src = addressOf(frames[index]);
  }
}

// The shot's seconds of its clip, as a media fragment. Times are rounded, so a little inside: no frame of another
// shot may be seen.
const endOf = (place) => tasks.end[place] - 0.06;
function filmAddress(place) {
  const times = [tasks.start[place] + 0.01, endOf(place)].map((time) => time.toFixed(3));
  return `${addressOf(tasks.film[place])}#t=${times}`;
}

// Browsers stop at a fragment's end, but up to a quarter of a second late.
function stopInTime(_, frame) {
  if (frame.mediaTime >= endOf(at)) $("film").pause();
  else $("film").requestVideoFrameCallback(stopInTime);
}

function showFilm() {
  const [film, path] = [$("film"), tasks.film[at]];
  film.autoplay = false;
  film.removeAttribute("src");
  if (!path || unplayable.has(path)) {
    film.load();
    return;
  }
  // Where the last one played this one will: the pictures keep their places.
  $("stage").classList.toggle("with-film", film.dataset.plays === "yes");
  film.src = filmAddress(at);
}

function play() {
  if (!$("stage").classList.contains("with-film")) return;
  $("film").autoplay = true;
  $("film").src = filmAddress(at);
  $("film").requestVideoFrameCallback?.(stopInTime);
}

// ---- setting up -------------------------------------------------------------------------------

function describe() {
  document.title = `${data.run} · do the labels fit?`;
  $("summary").textContent = `${plural(N, "shot")}, each with up to five labels that a model has chosen`;
  $("beside").hidden = tasks.frames.every((frames) => frames.every((frame) => frame.startsWith("data:")));
  if (tasks.film.some(Boolean)) $("film-hint").textContent = ", or play it where its film is at hand";
}

function listen() {
  $("start-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = tidyName($("name").value);
    const odd = name ? "A name begins with a letter or a digit, and has no other signs than . , _ ' @ and -." : "Type your name first.";
    $("start-message").textContent = NAME.test(name) ? "" : odd;
    if (NAME.test(name)) begin(name);
  });
  $("change").addEventListener("click", leave);
  $("download").addEventListener("click", download);
  $("previous").addEventListener("click", () => goTo(at - 1));
  $("skip-on").addEventListener("click", () => goTo(at + 1));
  $("next").addEventListener("click", goOn);
  $("none").addEventListener("change", () => toggleVerdict(NONE));
  $("unsure").addEventListener("change", () => toggleVerdict(UNSURE));
  $("play").addEventListener("click", play);
  const film = $("film");
  film.addEventListener("loadeddata", () => {
    film.dataset.plays = "yes";
    $("stage").classList.add("with-film");
  });
  film.addEventListener("error", () => {
    unplayable.add(tasks.film[at]);
    film.dataset.plays = "";
    $("stage").classList.remove("with-film");
  });
  for (const image of $("stage").querySelectorAll("img")) {
    image.addEventListener("error", () => note("Pictures are missing: the folder “frames” has to lie beside this page."));
  }
  document.addEventListener("visibilitychange", () => { if (rater) save(); });
  addEventListener("pagehide", () => { if (rater) save(); });
  listenToKeys({
    ...Object.fromEntries([1, 2, 3, 4, 5].map((key) => [key, () => toggleLabel(key - 1)])),
    0: () => toggleVerdict(NONE),
    "?": () => toggleVerdict(UNSURE),
    u: () => toggleVerdict(UNSURE),
    p: play,
    Enter: goOn,
    ArrowLeft: () => goTo(at - 1),
    ArrowRight: () => goTo(at + 1),
  }, () => rater !== "");
}

describe();
listen();
// A reload goes on where it was; a new tab asks for the name, for others may use this browser too.
if (history.state?.rater) begin(history.state.rater);
else leave();
