// Lists of a record's parts (its follow-ups, its notes): fetched again when a part of that kind changed anywhere.

const PAUSE = 200; // ms, with as much again by chance: readers of one record do not ask all at once
const LIST = "[data-behaviour~='refresh']";
const due = new Map(); // list -> its timer
const toldAt = new Map(); // list -> when a change of its parts was last told
const waiting = new Set(); // lists in which somebody is writing

document.addEventListener("pulse:frame", ({ detail: { record, root } }) => {
  const kind = record.split(":")[0];
  for (const { id } of document.querySelectorAll(`${LIST}[data-root="${CSS.escape(root)}"][data-parts="${CSS.escape(kind)}"]`)) {
    toldAt.set(id, performance.now());
    refreshSoon(id);
  }
});

function refreshSoon(id) {
  clearTimeout(due.get(id));
  due.set(id, setTimeout(refresh, PAUSE * (1 + Math.random()), id));
}

function refresh(id) {
  const list = document.getElementById(id);
  if (isWrittenIn(list)) return waiting.add(id);
  waiting.delete(id);
  if (list) htmx.trigger(list, "refresh");
}

const isWrittenIn = (list) => list?.querySelector("form");

// What somebody has begun to write since the list was asked for stays.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt } = detail.requestConfig;
  if (!elt.matches(LIST) || !isWrittenIn(elt)) return;
  detail.shouldSwap = false;
  waiting.add(elt.id);
});

document.addEventListener("htmx:beforeRequest", ({ detail: { xhr } }) => { xhr.pulseAskedAt = performance.now(); });

// Whatever brought a list was perhaps drawn before what was told since it was asked for. And a form may be gone now.
document.addEventListener("htmx:afterSettle", ({ target, detail: { xhr } }) => {
  const lists = target.matches(LIST) ? [target] : target.querySelectorAll(LIST);
  for (const { id } of lists) if (toldAt.get(id) > xhr?.pulseAskedAt) refreshSoon(id);
  waiting.forEach(refresh);
});
