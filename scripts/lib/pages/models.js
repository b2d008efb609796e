// The shots on which a model is best or worst. An entry is a shot with the labels of one model.

const { entries, sets } = data;
const CHOICES = ["model", "set", "kind"];
const among = (name) => [...new Set(entries[name])];

// What is chosen, from the address as far as it says something that there is.
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of CHOICES) {
    const values = [...$(name).options].map((option) => option.value);
    if (values.includes(given.get(name))) $(name).value = given.get(name);
  }
  show();
}

function show() {
  const chosen = CHOICES.map((name) => $(name).value);
  const found = Array.from({ length: N }, (_, entry) => entry)
    .filter((entry) => CHOICES.every((name, place) => entries[name][entry] === chosen[place]));
  $("shots").replaceChildren(...found.map(makeCard));
  $("found").textContent = found.length ? plural(found.length, "shot") : "This model has no such shots.";
}

function change() {
  history.replaceState(null, "", `#${new URLSearchParams(CHOICES.map((name) => [name, $(name).value]))}`);
  show();
}

function makeCard(entry) {
  const item = newCard(entry, `shot ${shots.number[entry]}`);
  const targets = entries.targets[entry];
  item.querySelector(".targets").textContent = `Labels: ${targets.join(", ")}`;
  item.querySelector(".precision").textContent = `average precision ${entries.precision[entry].toFixed(2)}`;
  for (const bar of item.querySelectorAll(".bars li")) {
    bar.classList.toggle("right", targets.includes(bar.firstElementChild.textContent));
  }
  return item;
}

document.title = `${data.run} · models`;
$("run").textContent = data.run;
$("summary").textContent = `${plural(among("model").length, "model")} · the most and the least precise shots of each`;
$("legend").textContent = "The bars are the model's probabilities; ✓ marks a label of the shot. Average precision is 1 if " +
  "the shot's labels stand above all others.";
addOptions($("model"), among("model").map((name) => [name, name]));
addOptions($("set"), among("set").map((name) => [name, sets[name]]));
$("choice").addEventListener("submit", (event) => event.preventDefault());
for (const name of CHOICES) $(name).addEventListener("change", change);
addEventListener("hashchange", readAddress);
letSkipLeadTo($("shots"));
unfoldWhereThereIsRoom($("panel"));
readAddress();
