// What rows and entries that come live have in common: the server's markup made an element, marked for a moment.

import { refreshTimes } from "./values.js";

const MARKED = 1400; // ms
const MOST_MARKED = 20; // when more comes at once, colour says nothing and only costs frames

export function drawn(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim(); // our own template's output, escaped there
  refreshTimes(holder.content);
  return holder.content.firstElementChild;
}

export function mark(node, name) {
  if (document.getElementsByClassName(name).length >= MOST_MARKED) return;
  node.classList.add(name);
  setTimeout(() => node.classList.remove(name), MARKED);
}

/** A list without rows shows instead what to do. */
export function showEmpty(list) {
  const empty = document.getElementById(list.dataset.empty);
  if (!empty) return;
  empty.hidden = list.childElementCount > 0;
  list.closest("table")?.toggleAttribute("hidden", !empty.hidden);
}
