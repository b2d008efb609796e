"use strict";
// Data reaches the page as text only (textContent, setAttribute, CSSOM): titles and labels are anyone's words.

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);

const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
const byName = new Intl.Collator("en", { numeric: true });

// The URL of a file whose path is relative to the page.
const addressOf = (path) => (path.startsWith("data:") ? path : path.split("/").map(encodeURIComponent).join("/"));

function addOptions(select, options) {
  for (const [value, text] of options) select.add(new Option(text, value));
}

// A panel of controls that is a fold on a phone lies open beside the rest on a desk.
function unfoldWhereThereIsRoom(panel) {
  const wide = matchMedia("(min-width: 900px)");
  const unfold = () => { panel.open = wide.matches; };
  wide.addEventListener("change", unfold);
  unfold();
}

// The link to the content only moves the focus: the address belongs to the page's state.
function letSkipLeadTo(content) {
  $("skip").addEventListener("click", (event) => {
    event.preventDefault();
    content.focus();
  });
}

// Single keys do something while `active`, except where people type or a dialogue is open; Escape leaves a field.
// Enter on a button presses it.
function listenToKeys(keys, active = () => true) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || !active()) return;
    const inField = event.target.matches("input:not([type=checkbox]), select, textarea");
    const pressed = event.key === "Enter" && event.target.matches("button, summary, a");
    if (event.key === "Escape" && document.activeElement) document.activeElement.blur();
    else if (!inField && !pressed && Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });
}

// ---- a file that the page hands over -----------------------------------------------------------

const quoted = (text) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const csvText = (rows) => rows.map((row) => `${row.map((cell) => quoted(String(cell))).join(",")}\n`).join("");

function saveAs(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
