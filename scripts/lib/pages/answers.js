// Answers that people give on a page: kept by the browser, and handed over as a CSV file.

// ---- what the browser keeps -------------------------------------------------------------------

// Under a name of its own for each page, and for each person where several may use it.
const keyOf = (name) => `movieclip/${data.run}/${name}`;

function readKept(name) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(name))) ?? {};
  } catch {
    return {};
  }
}

function keep(name, state) {
  try {
    localStorage.setItem(keyOf(name), JSON.stringify(state));
  } catch {
    note("This browser does not keep what you do here: download your answers before you close the page.");
  }
}

const listOf = (value) => (Array.isArray(value) ? value : []);

function note(text) {
  $("note").textContent = text;
  $("note").hidden = !text;
}

// ---- the file ---------------------------------------------------------------------------------

const quoted = (text) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const csvText = (rows) => rows.map((row) => `${row.map((cell) => quoted(String(cell))).join(",")}\n`).join("");

function saveAs(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
