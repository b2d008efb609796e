// The sample page: shots drawn at random, and the labels that they miss.

const known = new Set(data.known);
const ids = Array.from({ length: N }, (_, shot) => shotId(shot));

// ---- the state --------------------------------------------------------------------------------

let found = new Map(); // shot id → labels that it misses
let looked = new Set(); // ids of the shots that are done
let answers = new Map();
let view = { show: "all", order: "low", page: 1 };
let places = []; // the shots that are shown, over all pages

function load() {
  found = readFound();
  looked = new Set(listOf(readKept("sample").looked));
  answers = readAnswers().answers;
}

function save() {
  keep("sample", { found: [...found], looked: [...looked], view });
}

const rows = () => reviewRows(answers, found, known);
const labelsOf = (shot) => found.get(ids[shot]) ?? [];

// ---- acting -----------------------------------------------------------------------------------

// Why a label cannot be added to a shot, empty if it can.
function refusal(label, shot) {
  const rank = shots.labels.findIndex((column) => labels[column[shot]] === label);
  const here = rank < 0 ? "The tagger did not choose it here." : `The tagger gives it rank ${rank + 1} here.`;
  if (known.has(label)) return `“${label}” is a label already. ${here}`;
  if (labelsOf(shot).includes(label)) return `“${label}” is noted already.`;
  const decided = reviewRows(answers, new Map(), known).get(label);
  const withdrawn = answers.has(label) && !decided ? `“${label}” was withdrawn on the review page: add it there.` : "";
  return faultOfText(label) || faultOfRow(decided) || withdrawn;
}

function addLabel(shot, card) {
  const input = card.querySelector("input");
  const label = tidy(input.value);
  const why = refusal(label, shot);
  card.querySelector(".message").textContent = why;
  if (why) return;
  input.value = "";
  setLabels(shot, [...labelsOf(shot), label], card);
}

function setLabels(shot, names, card) {
  if (names.length) found.set(ids[shot], names);
  else found.delete(ids[shot]);
  save();
  showChips(shot, card);
  showPanel();
}

function finishPage() {
  for (const shot of onPage(places, view.page)) looked.add(ids[shot]);
  // Where only the open shots are shown, the next ones come to this page's place.
  change({ page: view.show === "open" ? view.page : view.page + 1 });
  $("shots").focus({ preventScroll: true });
  document.querySelector("main").scrollIntoView();
}

function change(next) {
  view = { ...view, page: 1, ...next };
  find();
  show();
  save();
}

function turnTo(page) {
  change({ page });
  document.querySelector("main").scrollIntoView();
}

// ---- finding and sorting ----------------------------------------------------------------------

// A key for a text that looks like chance and never changes (FNV-1a, and MurmurHash3's finish).
function shuffleKey(text) {
  let hash = 0x811c9dc5;
  for (const sign of text) hash = Math.imul(hash ^ sign.codePointAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) / 1e4;
}

const alphabetical = [...labels.keys()].sort((a, b) => byName.compare(labels[a], labels[b]));
const rankOfLabel = new Map(alphabetical.map((label, rank) => [label, rank]));
const orders = {
  low: inOrder((shot) => score1[shot]),
  shuffled: inOrder((shot) => shuffleKey(ids[shot])),
  // Within a label the surest first: scores are below one.
  label: inOrder((shot) => 2 * (rankOfLabel.get(top1[shot]) ?? NaN) - score1[shot]),
};

function find() {
  const { show: wanted } = view;
  places = Array.from(orders[view.order] ?? orders.low).filter((shot) => ({
    all: () => true,
    open: () => !looked.has(ids[shot]),
    found: () => labelsOf(shot).length > 0,
  }[wanted] ?? (() => labelsOf(shot).includes(wanted.slice(1))))());
}

// ---- showing ----------------------------------------------------------------------------------

function show() {
  const last = countPages(places.length);
  view.page = Math.min(Math.max(1, view.page), last);
  $("shots").replaceChildren(...onPage(places, view.page).map(makeCard));
  $("found").textContent = countText(places.length, view.page);
  $("empty").hidden = places.length > 0;
  $("empty-text").textContent = view.show === "open" ? "You have looked through all shots." : "No shot to show.";
  $("legend").hidden = $("looked").hidden = places.length === 0;
  $("looked").textContent = last > view.page ? "These are done: next page" : "These are done";
  $("order").value = view.order;
  showPagers(view.page, last);
  showPanel();
}

function makeCard(shot) {
  const item = newCard(shot, `shot ${shots.number[shot]}`);
  const card = item.firstElementChild;
  card.querySelector(".seen").hidden = !looked.has(ids[shot]);
  card.querySelector("input").setAttribute("aria-label", `Label missing in ${card.getAttribute("aria-label")}`);
  card.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    addLabel(shot, card);
  });
  showChips(shot, card);
  return item;
}

function showChips(shot, card) {
  card.querySelector(".chips").replaceChildren(...labelsOf(shot).map((label) => {
    const chip = $("chip").content.firstElementChild.cloneNode(true);
    const [text, remove] = chip.children;
    text.textContent = label;
    remove.setAttribute("aria-label", `Remove ${label} from this shot`);
    remove.addEventListener("click", () => setLabels(shot, labelsOf(shot).filter((other) => other !== label), card));
    return chip;
  }));
}

function showPanel() {
  const shotsOf = [...shotsOfLabels(found)].sort(([a], [b]) => byName.compare(a, b));
  const decided = rows();
  $("missing").replaceChildren(...shotsOf.map(([label, { length }]) => {
    const entry = $("entry").content.firstElementChild.cloneNode(true);
    const [button, count] = entry.children;
    button.textContent = label;
    button.title = `Show the shots that miss ${label}`;
    button.addEventListener("click", () => change({ show: `=${label}` }));
    count.textContent = plural(length, "shot") + stateOf(label, decided.get(label));
    return entry;
  }));
  $("nothing").hidden = shotsOf.length > 0;
  $("n-missing").textContent = shotsOf.length ? `· ${shotsOf.length}` : "";
  const nDone = ids.filter((id) => looked.has(id)).length;
  $("done").textContent = `${nDone.toLocaleString("en")} of ${plural(N, "shot")} looked through`;
  $("progress").max = Math.max(1, N);
  $("progress").value = nDone;
  $("names").replaceChildren(
    ...[...known].sort(byName.compare).map((label) => new Option("a label already", label)),
    ...shotsOf.filter(([label]) => !known.has(label)).map(([label, { length }]) => new Option(plural(length, "shot"), label)),
  );
  fillShow(shotsOf.map(([label]) => label));
}

function stateOf(label, row) {
  if (known.has(label)) return ", a label now";
  if (!row) return ", withdrawn";
  return row.decision === "add" ? "" : `, decided: ${row.decision}`;
}

function fillShow(names) {
  const wanted = view.show.startsWith("=") && !names.includes(view.show.slice(1)) ? "all" : view.show;
  $("show").replaceChildren();
  addOptions($("show"), [["all", "all shots"], ["open", "not looked through yet"], ["found", "with a missing label"],
    ...names.map((label) => [`=${label}`, `missing “${label}”`])]);
  $("show").value = wanted;
}

// ---- setting up -------------------------------------------------------------------------------

function describe() {
  document.title = `${data.run} · missing labels`;
  $("run").textContent = data.run;
  $("summary").textContent = `${plural(N, "shot")} from ${plural(clips.id.length, "clip")}, drawn at random · ${plural(known.size, "label")} as things stand`;
  $("next-step").textContent = whatNext;
  $("known-title").textContent = `The ${plural(known.size, "label")} there are`;
  $("known").textContent = [...known].sort(byName.compare).join(", ");
  $("legend").textContent = fullBarText;
}

function listen() {
  $("show").addEventListener("change", (event) => change({ show: event.target.value }));
  $("order").addEventListener("change", (event) => change({ order: event.target.value }));
  $("looked").addEventListener("click", finishPage);
  $("download").addEventListener("click", () => {
    answers = readAnswers().answers;
    $("saved").textContent = handOver(answers, found, known);
  });
  listenToPagers(turnTo, () => view.page);
  // The same page in another tab, or the review page.
  addEventListener("storage", () => {
    load();
    find();
    show();
  });
  unfoldWhereThereIsRoom($("panel"));
}

load();
view = { ...view, ...readKept("sample").view };
describe();
listen();
find();
show();
