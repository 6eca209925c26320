// Rows that wait while the reader is at the list, behind a bar that says how many.

import { find, isBeyond, place } from "./live-rows.js";

const waiting = new WeakMap(); // list -> record -> the last that happened to it

/** Unless it would stand below what the page shows. */
export function wait(list, event, item) {
  if (find(list, item.record) || !isBeyond(list, item.key)) those(list).set(item.record, { event, item });
}

/** One record of the list waits no more, or none does. */
export function dismiss(list, record) {
  if (record) those(list).delete(record);
  else those(list).clear();
}

/** Puts all into the list; the rows that are new there. */
export function bring(list) {
  const rows = [...those(list).values()].map(({ event, item }) => place(list, event, item));
  dismiss(list);
  return rows.filter(Boolean);
}

export function count(list, isFlooded) {
  const button = document.querySelector(`[data-show-waiting="${CSS.escape(list.id)}"]`);
  if (!button) return;
  const n = [...those(list).keys()].filter((record) => !find(list, record)).length;
  button.parentElement.hidden = n === 0 && !isFlooded;
  for (const place of button.querySelectorAll("[data-count]")) place.textContent = isFlooded ? `${Math.max(n, 1)}+` : n;
}

function those(list) {
  if (!waiting.has(list)) waiting.set(list, new Map());
  return waiting.get(list);
}
