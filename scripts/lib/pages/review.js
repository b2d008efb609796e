// The review page: one question at a time, and a list of all of them.

const { questions } = data;
const N = questions.label.length;
const known = new Set(data.labels);
const questionsOf = new Map();
questions.label.forEach((label, place) => questionsOf.set(label, [...(questionsOf.get(label) ?? []), place]));

const SOURCES = {
  common: "screenplays and video tags",
  sluglines: "scene headings of screenplays",
  hvu: "video tags (HVU)",
  human: "added by the expert",
};
const KEYS_OF_ACTIONS = { k: "keep", a: "add", g: "generic", s: "too specific", n: "no place", m: "merge" };
const OFFERED = {
  remove: ["keep", "generic", "too specific", "no place", "merge"],
  merge: ["keep", "generic", "too specific", "no place", "merge"],
  add: ["add", "generic", "too specific", "no place"],
};
const REMOVALS = ["generic", "too specific", "no place"];

// ---- the state --------------------------------------------------------------------------------

let answers = new Map();
let steps = []; // what undo goes back to: [label, its row before or null]
let at = 0;
let draft = ""; // a reason typed for the question that is shown
let filter = { show: "all", text: "" };

const nameOf = (place) => `${questions.question[place]} ${questions.label[place]}`;

function load() {
  const kept = readKept("review");
  const read = readAnswers();
  answers = read.answers;
  steps = listOf(kept.steps).filter(([label]) => !read.overtaken.includes(label));
}

function save() {
  keep("review", { answers: [...answers], steps: steps.slice(-200), at: N ? nameOf(at) : "" });
}

const rowOf = (label) => (answers.has(label) ? answers.get(label).row : earlier.get(label)) ?? null;
const isAnswered = (place) => rowOf(questions.label[place]) !== null;
const rows = () => reviewRows(answers, readFound(), known);

// What becomes of a label: the expert's row, or else the suggestion, or else it stays as it is;
// null if there is no such label.
function fateOf(label, row = rowOf(label)) {
  if (row) return row;
  const asked = questionsOf.get(label);
  if (asked) {
    const place = asked.find((each) => questions.suggestion[each] !== "keep") ?? asked[0];
    const decision = questions.suggestion[place];
    return { label, decision, into: decision === "merge" ? questions.into[place] : "", suggested: true };
  }
  // A label that only the file adds goes when its row does.
  return known.has(label) && earlier.get(label)?.decision !== "add" ? { label, decision: "keep", into: "" } : null;
}

// Why a label cannot be merged as its fate says, empty if it can or is not to be merged.
function faultOf(label, look = fateOf) {
  const path = [label];
  for (let fate = look(label); fate?.decision === "merge"; fate = look(path.at(-1))) {
    const target = fate.into;
    if (target === label && path.length === 1) return `“${label}” cannot be merged into itself.`;
    if (path.includes(target)) {
      const open = path.find((other) => look(other).suggested);
      return `That would go round in a circle: ${[...path, target].join(" → ")}.`
        + (open ? ` Answer “${open}” first: its merge is only suggested.` : "");
    }
    const next = look(target);
    if (!next) return `“${target}” is not among the labels. Choose one, or add it first.`;
    if (next.decision === "remove") {
      const way = next.suggested ? "to be removed, as the suggestion says" : "removed";
      return `“${target}” is ${way}: nothing can be merged into it.`;
    }
    path.push(target);
  }
  return "";
}

// Whether a row (null: none) for a label leaves all merges of the expert's possible; says why not.
function refusal(label, row) {
  const look = (other) => (other === label ? fateOf(label, row) : fateOf(other));
  const own = faultOf(label, look);
  if (row && own) return own;
  const merged = [...rows().values()].filter((other) => other.decision === "merge" && other.label !== label);
  const broken = merged.find((other) => faultOf(other.label, look) && !faultOf(other.label));
  return broken ? `“${broken.label}” is merged into “${broken.into}”: change that answer first.` : "";
}

function setAnswer(label, row) {
  steps.push([label, rowOf(label)]);
  putAnswer(label, row);
}

function putAnswer(label, row) {
  const answer = { row, over: answers.get(label)?.over ?? [textOf(earlier.get(label))] };
  if (saysNothing(label, answer)) answers.delete(label);
  else answers.set(label, answer);
  save();
}

// ---- acting -----------------------------------------------------------------------------------

function say(text, refused = false, place = "message") {
  $(place).textContent = text;
  $(place).classList.toggle("refused", refused);
}

function act(action) {
  if (!N || !OFFERED[questions.question[at]].includes(action)) return;
  const label = questions.label[at];
  const remove = REMOVALS.includes(action);
  const typed = $("target").value.trim();
  const into = action === "merge" ? (fateOf(typed) ? typed : tidy(typed)) : "";
  if (action === "merge" && !into) {
    $("target").focus();
    say("Choose the label to merge into, then press Enter.", true);
    return;
  }
  const reason = remove ? [action, draft].filter(Boolean).join(": ") : draft;
  const row = { label, decision: remove ? "remove" : action, into, reason };
  const why = refusal(label, row);
  if (why) {
    say(why, true);
    return;
  }
  setAnswer(label, row);
  goOn();
  if (isNarrow()) document.querySelector(".toolbar").scrollIntoView();
  $("last").textContent = `${label}: ${verdict(row, questionsOf.get(label)[0])}`;
  if (!nOpen()) say("Every question is answered. Now download review.csv.");
}

const nOpen = () => questions.label.filter((_, place) => !isAnswered(place)).length;

// To the next question without an answer, from here on and then from the start.
function goOn() {
  const order = Array.from({ length: N }, (_, step) => (at + step) % N);
  goTo(order.find((place) => !isAnswered(place)) ?? at);
}

function goTo(place) {
  at = place;
  draft = "";
  $("last").textContent = "";
  say("");
  save();
  show();
}

function step(by) {
  const places = listed();
  const beyond = by > 0 ? places.find((place) => place > at) : places.findLast((place) => place < at);
  if (beyond !== undefined) goTo(beyond);
}

// Where the list is below the question and not beside it.
const isNarrow = () => document.documentElement.clientWidth < 900;

function undo() {
  if (!steps.length) return;
  const [label, before] = steps.pop();
  putAnswer(label, before);
  goTo(questionsOf.get(label)?.[0] ?? at);
  $("last").textContent = `${label}: undone`;
}

function takeBack(label, place = "message") {
  const why = refusal(label, null);
  if (!why) setAnswer(label, null);
  show();
  say(why || `${label}: ${questionsOf.has(label) ? "the suggestion is followed again" : "withdrawn"}.`, Boolean(why), place);
}

function changeReason(event) {
  const row = N ? rowOf(questions.label[at]) : null;
  if (!row || row.reason === event.target.value.trim()) return;
  setAnswer(row.label, { ...row, reason: event.target.value.trim() });
  show();
  say("Reason kept.");
}

function addOwn() {
  const label = tidy($("own").value);
  const asked = questionsOf.get(label);
  const why = faultOfText(label)
    || (asked && `“${label}” is question ${asked[0] + 1}: decide it there.`)
    || faultOfRow(rows().get(label))
    || (known.has(label) && `“${label}” is a label already.`);
  if (asked) goTo(asked[0]);
  if (!why) {
    setAnswer(label, { label, decision: "add", into: "", reason: "added by the expert" });
    $("own").value = "";
    show();
  }
  say(why || `${label}: added.`, Boolean(why), "own-message");
}

// ---- words ------------------------------------------------------------------------------------

function verdict(row, place) {
  const declined = place !== undefined && questions.question[place] === "add";
  const why = row.reason ? `: ${row.reason}` : "";
  return {
    keep: "keep",
    add: "add",
    merge: `merge into ${row.into}`,
    remove: (declined ? "do not add" : "remove") + why,
  }[row.decision] ?? row.decision;
}

function questionText(place) {
  const [label, into] = [questions.label[place], questions.into[place]];
  return {
    remove: `Is “${label}” good as the name of a scene? Or is it too generic, too specific, or no place at all?`,
    merge: into
      ? `Is “${label}” the same place as “${into}”, or a kind of it? Then merge it into “${into}”.`
      : `Is “${label}” the same place as another label, or a kind of it? Then merge it.`,
    add: `“${label}” is frequent in the screenplays, but not a label yet. Should it become one?`,
  }[questions.question[place]] ?? questions.question[place];
}

function stateText(place) {
  const label = questions.label[place];
  if (!isAnswered(place)) return "No answer yet: the suggestion is followed";
  const mine = answers.has(label) ? "You answered" : "Answered in review.csv";
  return `${mine}: ${verdict(rowOf(label), place)}`;
}

// ---- showing ----------------------------------------------------------------------------------

function listed() {
  return questions.label.map((_, place) => place).filter((place) =>
    (filter.show === "all" || (filter.show === "answered") === isAnswered(place))
    && questions.label[place].includes(filter.text));
}

function show() {
  $("question").hidden = $("place").hidden = N === 0;
  $("empty").hidden = N > 0;
  if (N) showQuestion();
  showList();
  showOthers();
  const open = nOpen();
  $("done").textContent = `${(N - open).toLocaleString("en")} of ${plural(N, "question")} answered`;
  $("progress").max = Math.max(1, N);
  $("progress").value = N - open;
  const counts = { all: N, open, answered: N - open };
  for (const option of $("show").options) option.textContent = `${option.value} (${counts[option.value].toLocaleString("en")})`;
  $("undo").disabled = !steps.length;
  const places = listed();
  $("previous").disabled = !places.some((place) => place < at);
  $("next").disabled = !places.some((place) => place > at);
}

function showQuestion() {
  const label = questions.label[at];
  const row = rowOf(label);
  const fault = faultOf(label);
  $("question").classList.toggle("answered", row !== null);
  $("question").classList.toggle("faulty", Boolean(fault));
  $("question").dataset.label = label;
  $("place").textContent = `Question ${(at + 1).toLocaleString("en")} of ${N.toLocaleString("en")}`;
  $("state").textContent = fault ? `${stateText(at)}. That cannot be: ${fault}` : stateText(at);
  $("label").textContent = label;
  $("asked").textContent = questionText(at);
  $("suggestion").textContent = verdict({ decision: questions.suggestion[at], into: questions.into[at] }, at);
  $("why").textContent = questions.reason[at] ? `— ${questions.reason[at]}` : "";
  $("no-title").textContent = questions.question[at] === "add" ? "Do not add" : "Remove";
  $("clear").hidden = row === null;
  $("target").value = row?.decision === "merge" ? row.into : questions.into[at];
  $("reason").value = row ? row.reason : draft;
  $("merge").hidden = !OFFERED[questions.question[at]].includes("merge");
  for (const button of document.querySelectorAll("[data-action]")) showAction(button, row);
  showFacts();
  const targets = new Set([...data.labels, ...questions.label, ...rows().keys()]);
  $("targets").replaceChildren(...[...targets]
    .filter((other) => other !== label && ["keep", "add"].includes(fateOf(other)?.decision))
    .sort(byName.compare).map((other) => new Option(other)));
}

function showAction(button, row) {
  const { action } = button.dataset;
  const removal = REMOVALS.includes(action);
  const chosen = row && (removal
    ? row.decision === "remove" && (row.reason === action || row.reason.startsWith(`${action}:`))
    : row.decision === action);
  const suggested = questions.suggestion[at];
  button.hidden = !OFFERED[questions.question[at]].includes(action);
  button.setAttribute("aria-pressed", String(Boolean(chosen)));
  button.classList.toggle("suggested", removal ? suggested === "remove" : suggested === action);
}

function showFacts() {
  const facts = [["Comes from", SOURCES[questions.source[at]] ?? questions.source[at]]];
  const [scripts, headings, cosine] = [questions.n_scripts[at], questions.n_sluglines[at], questions.cosine[at]];
  if (scripts !== null) {
    const often = headings === null ? "" : ` (${plural(headings, "scene heading")})`;
    facts.push(["Occurs in", plural(scripts, "screenplay") + often]);
  }
  if (cosine !== null) {
    const meter = document.createElement("span");
    meter.className = "meter";
    meter.append(document.createElement("i"));
    meter.firstChild.style.width = `${100 * Math.min(1, Math.max(0, cosine))}%`;
    const near = questions.into[at] ? ` to “${questions.into[at]}”` : "";
    facts.push(["Similarity in meaning", meter, `${cosine.toFixed(2)}${near}`]);
  }
  $("facts").replaceChildren(...facts.filter(([, ...what]) => what.some(Boolean)).map(([name, ...what]) => {
    const [part, term, fact] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
    term.textContent = name;
    fact.append(...what);
    part.append(term, fact);
    return part;
  }));
}

// The list's entries are made once: one that is redrawn between a finger's down and up misses its click.
const entries = questions.label.map((label, place) => {
  const item = $("entry").content.firstElementChild.cloneNode(true);
  item.querySelector(".name").textContent = label;
  item.firstElementChild.addEventListener("click", () => {
    goTo(place);
    if (isNarrow()) $("question").scrollIntoView();
  });
  return item;
});

function showList() {
  const places = new Set(listed());
  entries.forEach((item, place) => {
    const [entry] = item.children;
    const label = questions.label[place];
    const row = rowOf(label);
    item.hidden = !places.has(place);
    entry.classList.toggle("answered", row !== null);
    entry.classList.toggle("faulty", Boolean(faultOf(label)));
    if (place === at) entry.setAttribute("aria-current", "true");
    else entry.removeAttribute("aria-current");
    const suggestion = { decision: questions.suggestion[place], into: questions.into[place] };
    item.querySelector(".verdict").textContent = row ? verdict(row, place) : `open · ${verdict(suggestion, place)}`;
  });
  $("none").hidden = places.size > 0;
  const current = $("list").querySelector("li:not([hidden]) [aria-current]");
  if (current) {
    const [box, item] = [$("list").getBoundingClientRect(), current.getBoundingClientRect()];
    if (item.top < box.top || item.bottom > box.bottom) $("list").scrollTop += item.top - box.top - box.height / 3;
  }
}

function showOthers() {
  const others = [...rows().values()].filter((row) => !questionsOf.has(row.label));
  const shown = JSON.stringify(others);
  if (shown === $("others").dataset.shown) return;
  $("others").dataset.shown = shown;
  $("others-part").hidden = others.length === 0;
  $("others").replaceChildren(...others.map((row) => {
    const item = $("other").content.firstElementChild.cloneNode(true);
    const [name, word, withdraw] = item.children;
    name.textContent = row.label;
    word.textContent = verdict(row) + (row.decision === "add" && row.reason ? ` · ${row.reason}` : "");
    withdraw.title = `Withdraw this decision about ${row.label}`;
    withdraw.setAttribute("aria-label", withdraw.title);
    withdraw.addEventListener("click", () => takeBack(row.label, "own-message"));
    return item;
  }));
}

// ---- setting up -------------------------------------------------------------------------------

function describe() {
  $("list").append(...entries);
  document.title = `${data.run} · review of the labels`;
  $("run").textContent = data.run;
  $("summary").textContent = [plural(N, "question"), `${plural(data.labels.length, "label")} as things stand`].join(" · ");
  $("next-step").textContent = whatNext;
}

function listen() {
  $("answers").addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (button) act(button.dataset.action);
  });
  $("target").addEventListener("keydown", (event) => {
    if (event.key === "Enter") act("merge");
  });
  $("reason").addEventListener("input", (event) => { draft = event.target.value.trim(); });
  $("reason").addEventListener("change", changeReason);
  $("previous").addEventListener("click", () => step(-1));
  $("next").addEventListener("click", () => step(1));
  $("undo").addEventListener("click", undo);
  $("clear").addEventListener("click", () => takeBack(questions.label[at]));
  $("download").addEventListener("click", () => {
    $("saved").textContent = handOver(answers, readFound(), known);
  });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("show").addEventListener("change", (event) => {
    filter.show = event.target.value;
    show();
  });
  $("text").addEventListener("input", (event) => {
    filter.text = tidy(event.target.value);
    show();
  });
  $("own-form").addEventListener("submit", (event) => {
    event.preventDefault();
    addOwn();
  });
  letSkipLeadTo($("question"));
  // The same page in another tab, or the sample page.
  addEventListener("storage", () => {
    load();
    show();
  });
  listenToKeys({
    ...Object.fromEntries(Object.entries(KEYS_OF_ACTIONS).map(([key, action]) => [key, () => act(action)])),
    u: undo,
    x: () => { if (!$("clear").hidden) takeBack(questions.label[at]); },
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
  });
  unfoldWhereThereIsRoom($("panel"));
}

load();
at = Math.max(0, questions.label.findIndex((_, place) => nameOf(place) === readKept("review").at));
describe();
listen();
show();
