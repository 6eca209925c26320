// Live lists that never jump under the reader's hand: rows enter, move and leave at once while nobody points at
// the list and it is at its top; otherwise they wait behind a bar that says how many. live-rows.js draws them.

import { enter } from "./live-entries.js";
import { soon, take } from "./live-frames.js";
import { leave, place, trim } from "./live-rows.js";
import { bring, count, dismiss, wait } from "./live-waiting.js";

const LIST = "[data-view]";
const CALM = 1000; // ms, up to three times as much by chance: readers of one list do not all fetch it at once

const states = new WeakMap(); // list -> what comes, and after a flood: "asked" to fetch it again, "fetching"

document.addEventListener("pulse:list", ({ target: list, detail: { event, item } }) => {
  if (list.matches(".timeline")) return enter(list, item);
  const held = state(list);
  if (held.flood === "asked") return; // the fetch will bring it
  held.coming.delete(item.record); // of several events the last holds, in the order in which they came
  held.coming.set(item.record, { event, item });
  if (!held.flood) soon(list, drawList);
});

document.addEventListener("pulse:flood", ({ target: list }) => flood(list));

document.addEventListener("pulse:renewed", ({ target: list, detail: { head } }) => {
  const held = state(list);
  if (held.flood === "asked") return;
  for (const [record, { item }] of held.coming) if (item.seq <= head) held.coming.delete(record);
  dismiss(list);
  held.flood = null;
  if (held.coming.size) soon(list, drawList);
  count(list, held.flood);
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-show-waiting]");
  if (button) showWaiting(document.getElementById(button.dataset.showWaiting))[0]?.scrollIntoView({ block: "nearest" });
});

document.addEventListener("pointerleave", ({ target }) => {
  if (target.matches?.(LIST) && !isScrolled) showWaiting(target);
}, true);

// Asked for whenever it is needed, it would cost a layout each time.
let isScrolled = window.scrollY >= 8;
document.addEventListener("scroll", () => { isScrolled = window.scrollY >= 8; }, { passive: true });

const isBusy = (list) => isScrolled || list.matches(":hover") || list.querySelector("[aria-selected='true']") !== null;

function state(list) {
  if (!states.has(list)) states.set(list, { coming: new Map(), flood: null, timer: null });
  return states.get(list);
}

function drawList(list) {
  const held = state(list), busy = isBusy(list);
  for (const [, { event, item }] of take(held.coming)) drawRow(list, busy, event, item);
  if (!busy && !trim(list)) flood(list);
  count(list, held.flood);
  if (held.coming.size) soon(list, drawList);
}

/** The fields of a row that is there are patched where it stands; it moves when the reader is not at the list any more. */
function drawRow(list, busy, event, item) {
  dismiss(list, item.record);
  if (event === "leave") leave(list, item);
  else if (busy) wait(list, event, item);
  else place(list, event, item);
}

/** Puts what waited into the list; the rows that are new there. */
function showWaiting(list) {
  const held = state(list), rows = bring(list);
  if (held.flood === "asked") fetchAgain(list);
  count(list, held.flood);
  return rows;
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
  count(list, held.flood);
}

function fetchAgain(list) {
  state(list).flood = "fetching";
  list.dispatchEvent(new CustomEvent("pulse:renew", { bubbles: true }));
}
