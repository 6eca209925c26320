// Live lists that never jump under the reader's hand: rows enter, move and leave with the next frame while nobody points at
// the list and it is at its top; otherwise they wait behind a bar that says how many. live-rows.js draws them.

import { enter, find, isBeyond, leave, place, trim } from "./live-rows.js";

const LIST = "[data-view]";
const AT_ONCE = 8; // ms of a frame for rows; what is left has the next one
const CALM = 1000; // ms, up to three times as much by chance: readers of one list do not all fetch it at once

const states = new WeakMap(); // list -> what comes, what waits, and after a flood: "asked" to fetch it again, "fetching"
const due = new Set(); // lists to which something comes
let isDrawing = false;

document.addEventListener("pulse:list", ({ target: list, detail: { event, item } }) => {
  if (list.matches(".timeline")) return enter(list, item);
  const held = state(list);
  if (held.flood === "asked") return; // the fetch will bring it
  held.coming.delete(item.record); // of several events the last holds, in the order in which they came
  held.coming.set(item.record, { event, item });
  if (!held.flood) drawSoon(list);
});

document.addEventListener("pulse:flood", ({ target: list }) => flood(list));

document.addEventListener("pulse:renewed", ({ target: list, detail: { head } }) => {
  const held = state(list);
  if (held.flood === "asked") return;
  for (const [record, { item }] of held.coming) if (item.seq <= head) held.coming.delete(record);
  held.waiting.clear();
  held.flood = null;
  if (held.coming.size) drawSoon(list);
  count(list);
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-show-waiting]");
  if (button) showWaiting(document.getElementById(button.dataset.showWaiting))[0]?.scrollIntoView({ block: "nearest" });
});

document.addEventListener("pointerleave", ({ target }) => {
  if (target.matches?.(LIST) && window.scrollY < 8) showWaiting(target);
}, true);

const isBusy = (list) => window.scrollY >= 8 || list.matches(":hover") || list.querySelector("[aria-selected='true']") !== null;

function state(list) {
  if (!states.has(list)) states.set(list, { coming: new Map(), waiting: new Map(), flood: null, timer: null });
  return states.get(list);
}

/** With the next frame; a hidden page has none. */
function drawSoon(list) {
  due.add(list);
  if (isDrawing) return;
  isDrawing = true;
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}

function draw() {
  isDrawing = false;
  const until = performance.now() + AT_ONCE;
  for (const list of [...due]) {
    due.delete(list);
    drawList(list, until);
  }
}

function drawList(list, until) {
  const held = state(list), busy = isBusy(list);
  for (const [record, { event, item }] of held.coming) {
    if (performance.now() > until) break;
    held.coming.delete(record);
    take(list, held, busy, event, item);
  }
  if (!busy && !trim(list)) flood(list);
  count(list);
  if (held.coming.size) drawSoon(list);
}

/** The fields of a row that is there are patched where it stands; it moves when the reader is not at the list any more. */
function take(list, { waiting }, busy, event, item) {
  waiting.delete(item.record);
  if (event === "leave") leave(list, item);
  else if (!busy) place(list, event, item);
  else if (find(list, item.record) || !isBeyond(list, item.key)) waiting.set(item.record, { event, item });
}

/** Puts what waited into the list; the rows that are new there. */
function showWaiting(list) {
  const held = state(list);
  const rows = [...held.waiting.values()].map(({ event, item }) => place(list, event, item));
  held.waiting.clear();
  if (held.flood === "asked") fetchAgain(list);
  count(list);
  return rows.filter(Boolean);
}

/** Too much came to tell: the list is fetched again, when the reader is not at it. */
function flood(list) {
  const held = state(list);
  held.coming.clear();
  held.flood = "asked";
  held.timer ??= setTimeout(() => {
    held.timer = null;
    if (held.flood === "asked" && (list.matches(".timeline") || !isBusy(list))) fetchAgain(list);
  }, CALM * (1 + 2 * Math.random()));
  count(list);
}

function fetchAgain(list) {
  state(list).flood = "fetching";
  list.dispatchEvent(new CustomEvent("pulse:renew", { bubbles: true }));
}

function count(list) {
  const button = document.querySelector(`[data-show-waiting="${CSS.escape(list.id)}"]`);
  if (!button) return;
  const { waiting, flood: isFlooded } = state(list);
  const n = [...waiting.keys()].filter((record) => !find(list, record)).length;
  button.parentElement.hidden = n === 0 && !isFlooded;
  for (const place of button.querySelectorAll("[data-count]")) place.textContent = isFlooded ? `${Math.max(n, 1)}+` : n;
}
