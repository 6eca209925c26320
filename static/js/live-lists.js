// Live lists that never jump under the reader's hand: rows enter, move and leave at once while nobody points at the list
// and it is at its top; otherwise they wait behind a bar that says how many.

import { refreshTimes } from "./values.js";

const LIST = "[data-view]";
const waiting = new WeakMap(); // list -> Map of record -> {event, item}

document.addEventListener("pulse:list", ({ target: list, detail: { event, item } }) => {
  if (list.matches(".timeline")) return enterTimeline(list, item);
  if (event === "leave") return leave(list, item);
  if (isBusy(list)) wait(list, event, item);
  else place(list, item, event);
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-show-waiting]");
  if (button) showWaiting(document.getElementById(button.dataset.showWaiting));
});

document.addEventListener("pointerleave", ({ target }) => {
  if (target.matches?.(LIST) && window.scrollY < 8) showWaiting(target);
}, true);

const isBusy = (list) => window.scrollY >= 8 || list.matches(":hover") || list.querySelector("[aria-selected='true']") !== null;
const find = (list, record) => list.querySelector(`[data-record="${CSS.escape(record)}"]`);

function place(list, item, event) {
  const held = find(list, item.record);
  if (held && Number(held.dataset.version) > item.version) return;
  const row = drawn(item.html);
  const after = [...list.children].find((each) => each !== held && each.dataset.key && comesBefore(item.key, JSON.parse(each.dataset.key), list));
  if (!after && list.dataset.more === "true") return held?.remove();
  carryOver(held, row);
  held?.remove();
  list.insertBefore(row, after ?? null);
  document.getElementById(list.dataset.empty)?.setAttribute("hidden", "");
  if (event === "enter") mark(row, "entering");
  finish(row);
}

function drawn(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim(); // our own template's output, escaped there
  refreshTimes(holder.content);
  return holder.content.firstElementChild;
}

/** What belongs to this reader and not to the row: its mark, its selection, the cells that are being washed. */
function carryOver(held, row) {
  if (!held) return;
  for (const name of ["on", "entering"]) row.classList.toggle(name, held.classList.contains(name));
  for (const cell of held.querySelectorAll(".washed[data-field]")) {
    const same = row.querySelector(`[data-field="${CSS.escape(cell.dataset.field)}"]`);
    same?.classList.add("washed");
    const by = cell.querySelector(".by");
    if (same && by) same.append(by);
    setTimeout(() => { same?.classList.remove("washed"); by?.remove(); }, 1400);
  }
}

function comesBefore([key, id], [otherKey, otherId], list) {
  const isDescending = JSON.parse(list.dataset.view).sort?.startsWith("-") ?? true;
  const order = key === otherKey ? id - otherId : key < otherKey ? -1 : 1;
  return isDescending ? order > 0 : order < 0;
}

function leave(list, item) {
  waiting.get(list)?.delete(item.record);
  count(list);
  const row = find(list, item.record);
  if (!row) return;
  row.classList.add("leaving");
  setTimeout(() => { if (find(list, item.record) === row) row.remove(); }, 600);
}

function wait(list, event, item) {
  const held = find(list, item.record);
  if (event === "move" && held) held.dataset.key = JSON.stringify(item.key);
  if (event === "move" && !held && list.dataset.more === "true" && !wouldShow(list, item)) return;
  if (event === "move" && held) return; // its fields are patched where it stands; it moves when the list is drawn again
  if (!waiting.has(list)) waiting.set(list, new Map());
  waiting.get(list).set(item.record, { event, item });
  count(list);
}

const wouldShow = (list, item) => [...list.children].some((each) => each.dataset.key && comesBefore(item.key, JSON.parse(each.dataset.key), list));

function showWaiting(list) {
  for (const { event, item } of waiting.get(list)?.values() ?? []) place(list, item, event);
  waiting.delete(list);
  count(list);
}

function count(list) {
  const button = document.querySelector(`[data-show-waiting="${CSS.escape(list.id)}"]`);
  if (!button) return;
  const n = waiting.get(list)?.size ?? 0;
  button.parentElement.hidden = n === 0;
  for (const place of button.querySelectorAll("[data-count]")) place.textContent = n;
}

function enterTimeline(list, item) {
  if (list.querySelector(`[data-seq="${item.seq}"]`)) return;
  const entry = drawn(item.html);
  const after = [...list.children].find((each) => Number(each.dataset.seq ?? 0) < item.seq);
  list.insertBefore(entry, after ?? null);
  document.getElementById(list.dataset.empty)?.setAttribute("hidden", "");
  mark(entry, "washed");
  while (Number(list.dataset.most) && list.children.length > Number(list.dataset.most)) list.lastElementChild.remove();
}

function mark(node, name) {
  node.classList.add(name);
  setTimeout(() => node.classList.remove(name), 1400);
}

function finish(row) {
  htmx.process(row);
  document.dispatchEvent(new CustomEvent("pulse:scan"));
}
