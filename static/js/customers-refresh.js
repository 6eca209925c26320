// Lists of a record's parts (its follow-ups, its notes): fetched again when a part of that kind changed anywhere.

const PAUSE = 200; // ms, with as much again by chance: readers of one record do not ask all at once
const due = new Map(); // list -> its timer
const waiting = new Set(); // lists in which somebody is writing

document.addEventListener("pulse:frame", ({ detail: { record, root } }) => {
  const kind = record.split(":")[0];
  const wanted = `[data-behaviour~='refresh'][data-root="${CSS.escape(root)}"][data-parts="${CSS.escape(kind)}"]`;
  for (const list of document.querySelectorAll(wanted)) {
    clearTimeout(due.get(list.id));
    due.set(list.id, setTimeout(refresh, PAUSE * (1 + Math.random()), list.id));
  }
});

function refresh(id) {
  const list = document.getElementById(id);
  if (list?.querySelector("form")) return waiting.add(id);
  waiting.delete(id);
  if (list) htmx.trigger(list, "refresh");
}

// The form may be gone now.
document.addEventListener("htmx:afterSettle", () => waiting.forEach(refresh));
