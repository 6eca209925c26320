// How rows come into a list, move and leave: the markup is the server's, the place follows from the row's key.

import { drawn, mark, showEmpty } from "./live-drawing.js";

const LEAVING = 600;
const MOST = 100; // rows of a list

export const find = (list, record) => list.querySelector(`[data-record="${CSS.escape(record)}"]`);

/** Whether a row with this key would stand below what the page shows. */
export const isBeyond = (list, key) => list.dataset.more === "true" && follower(list, null, key) === null;

/** Puts a row where its key says and returns it when it is new. Events are taken as they come, which ends right. */
export function place(list, event, item) {
  const held = find(list, item.record);
  const next = follower(list, held, item.key);
  if (next === null && list.dataset.more === "true") return void held?.remove();
  const isCurrent = held && Number(held.dataset.version) >= item.version; // its fields were patched: it only moves
  const row = isCurrent ? held : drawn(item.html);
  row.dataset.key = JSON.stringify(item.key);
  row.classList.remove("leaving");
  if (held && !isCurrent) replace(held, row);
  if (!row.isConnected || row.nextElementSibling !== next) put(list, row, next);
  if (!isCurrent) begin(row, item.seq);
  showEmpty(list);
  if (held) return;
  if (event === "enter") mark(row, "entering");
  return row;
}

function replace(held, row) {
  row.classList.toggle("on", held.classList.contains("on"));
  held.replaceWith(row);
}

/** Moved without losing focus, where the browser can. */
const put = (list, row, next) => (row.isConnected && list.moveBefore ? list.moveBefore(row, next) : list.insertBefore(row, next));

/** The row before which this key stands; null: it is the last. */
function follower(list, held, key) {
  const isDescending = JSON.parse(list.dataset.view).sort?.startsWith("-") ?? true;
  return [...list.children].find((each) => each !== held && each.dataset.key && comesBefore(key, JSON.parse(each.dataset.key), isDescending)) ?? null;
}

function comesBefore([key, id], [otherKey, otherId], isDescending) {
  const order = key === otherKey ? id - otherId : key < otherKey ? -1 : 1;
  return isDescending ? order > 0 : order < 0;
}

/** Watched from where it was drawn on: it may have waited. */
function begin(row, seq) {
  htmx.process(row);
  document.dispatchEvent(new CustomEvent("pulse:scan", { detail: { from: seq } }));
}

/** Stays for a moment, unless the row comes back meanwhile. */
export function leave(list, item) {
  const row = find(list, item.record);
  row?.classList.add("leaving");
  setTimeout(() => {
    if (row?.matches(".leaving")) row.remove();
    showEmpty(list);
  }, LEAVING);
}

/** Keeps a list to its length, and lets the next page begin where it ends; false when there is no next page yet. */
export function trim(list) {
  if (list.childElementCount <= MOST) return true;
  const next = list.closest("[data-region]")?.querySelector("a[rel='next']");
  if (!next) return false;
  while (list.childElementCount > MOST) list.lastElementChild.remove();
  const address = new URL(next.href);
  address.searchParams.set("after", list.lastElementChild.dataset.key);
  next.href = address;
  return true;
}

// A boosted link remembers the address that it was drawn with.
document.addEventListener("htmx:configRequest", ({ target, detail }) => {
  if (target.matches("a[rel='next']")) detail.path = target.href;
});
