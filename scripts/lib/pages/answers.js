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
