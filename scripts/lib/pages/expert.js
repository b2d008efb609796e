// The expert's answers: kept by the browser, and handed over as a complete review.csv.
//
// Both pages know the rows of the file as it was when they were made (`earlier`). What is decided on
// the review page and found on the sample page is kept apart from it, each under a key of its own.

// A file whose answers may be about labels that a run does not have says so in a column more.
const COLUMNS = ["label", "decision", "into", "reason", ...(data.review.some((row) => row.optional) ? ["optional"] : [])];
const LABEL = /^[a-z0-9][a-z0-9 '/-]*$/;

// A spreadsheet would take such a text for a formula; behind an apostrophe it does not.
const guarded = (text) => (/^[=+\-@\t]/.test(text) ? `'${text}` : text);
const unguarded = (text) => (/^'[=+\-@\t]/.test(text) ? text.slice(1) : text);

const earlier = new Map(data.review.map((row) => [row.label, { ...row, reason: unguarded(row.reason) }]));

// ---- answers of the review page ---------------------------------------------------------------

// An answer is {row, over}: the row of the file to be (null: none), and as texts all the rows over
// which it was given: the file's, and those that were downloaded in between. Where the file says
// something else by now, somebody has edited it since, and the file is right.
const textOf = (row) => (row ? JSON.stringify([row.decision, row.into, row.reason]) : "");

// One that repeats the file says nothing, unless it withdraws a label that was found in the shots.
const saysNothing = (label, { row, over }) => textOf(row) === textOf(earlier.get(label)) && over.length === 1
  && (row !== null || !shotsOfLabels(readFound()).has(label));

function readAnswers() {
  const answers = new Map();
  const overtaken = [];
  for (const [label, answer] of listOf(readKept("review").answers).filter(([, each]) => Array.isArray(each?.over))) {
    const now = textOf(earlier.get(label));
    if (saysNothing(label, answer) || (answer.row && textOf(answer.row) === now)) continue;
    if (answer.over.includes(now)) answers.set(label, answer);
    else overtaken.push(label);
  }
  if (overtaken.length) {
    note(`review.csv was edited elsewhere after you had answered here; what it says now is taken for ${overtaken.join(", ")}.`);
  }
  return { answers, overtaken };
}

// ---- labels found on the sample page ----------------------------------------------------------

// Per label the shots in which it was found.
function shotsOfLabels(found) {
  const shotsOf = new Map();
  for (const [shot, names] of found) {
    for (const name of names) shotsOf.set(name, [...(shotsOf.get(name) ?? []), shot]);
  }
  return shotsOf;
}

const readFound = () => new Map(listOf(readKept("sample").found));

// ---- the file ---------------------------------------------------------------------------------

// All rows by label: the file's, as changed by the answers, and the labels found that are not there yet.
function reviewRows(answers, found, known) {
  const rows = new Map(earlier);
  for (const [label, { row }] of answers) {
    if (row) rows.set(label, row);
    else rows.delete(label);
  }
  for (const [label, { length }] of shotsOfLabels(found)) {
    if (rows.has(label) || answers.has(label) || known.has(label)) continue;
    rows.set(label, { label, decision: "add", into: "", reason: `seen in ${plural(length, "sampled shot")}` });
  }
  return new Map([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function reviewText(rows) {
  const cells = (row) => COLUMNS.map((column) => (column === "reason" ? guarded(row.reason) : row[column] ?? ""));
  return csvText([COLUMNS, ...[...rows.values()].map(cells)]);
}

// Save all of it, and remember that a file which says so is not somebody else's.
function handOver(answers, found, known) {
  const rows = reviewRows(answers, found, known);
  for (const answer of answers.values()) answer.over = [...new Set([...answer.over, textOf(answer.row)])];
  keep("review", { ...readKept("review"), answers: [...answers] });
  saveAs("review.csv", reviewText(rows));
  return `review.csv with ${plural(rows.size, "decision")} is in your downloads. ${whatNext}`;
}

const whatNext = data.file
  ? `Put it in place of ${data.file} and run the workflow again.`
  : "Name its place in the config as taxonomy.review and run the workflow again.";

// ---- new labels -------------------------------------------------------------------------------

const tidy = (text) => text.trim().replaceAll("’", "'").replace(/\s+/g, " ").toLowerCase();

// Why this text is no label, empty if it is one.
function faultOfText(label) {
  if (!label) return "Type a label first.";
  if (LABEL.test(label)) return "";
  if (!/^[a-z0-9]/.test(label)) return `A label begins with a letter from a to z or a digit, not with “${[...label][0]}”.`;
  const odd = [...label].find((sign) => !/[a-z0-9 '/-]/.test(sign));
  return `“${odd}” cannot stand in a label: only letters from a to z, digits, spaces and ' - / can.`;
}

// What the file says already about a label, empty if nothing.
function faultOfRow(row) {
  return {
    add: () => `“${row.label}” is added already.`,
    keep: () => `“${row.label}” is a label already.`,
    remove: () => `“${row.label}” was removed${row.reason ? ` (${row.reason})` : ""}: change that on the review page.`,
    merge: () => `“${row.label}” was merged into “${row.into}”: change that on the review page.`,
  }[row?.decision]?.() ?? "";
}
