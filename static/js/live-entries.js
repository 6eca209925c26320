// Entries of a live timeline: in the order of the log.

import { drawn, mark, showEmpty } from "./live-drawing.js";

/** Never more than the list's `data-most`. */
export function enter(list, item) {
  if (list.querySelector(`[data-seq="${item.seq}"]`)) return;
  const entry = drawn(item.html);
  const next = [...list.children].find((each) => Number(each.dataset.seq ?? 0) < item.seq);
  list.insertBefore(entry, next ?? null);
  showEmpty(list);
  mark(entry, "washed");
  while (Number(list.dataset.most) && list.children.length > Number(list.dataset.most)) list.lastElementChild.remove();
}
