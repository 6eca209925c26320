// A list under the keyboard and the hand: j and k move, space opens beside, enter opens the page, x selects.
// Rows are tr[data-record] in a tbody[data-behaviour~=rows]; a row's link carries the page's href and hx-get for the drawer.

const LIST = "[data-behaviour~='rows']";
const ROW = `${LIST} > [data-record]`;
const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable], summary";
let current = null, anchor = null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  const act = KEYS[event.key];
  if (!act || !document.querySelector(LIST)) return;
  const isOnControl = event.target.closest("a, button, input") && !event.target.closest(ROW);
  if (isOnControl && (event.key === " " || event.key === "Enter")) return;
  if (act(currentRow()) !== false) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest(ROW);
  if (!row) return;
  const box = event.target.closest("input[type='checkbox']");
  if (box && event.shiftKey && anchor) selectRange(rowOf(anchor), row, box.checked);
  if (box) anchor = row.dataset.record;
  if (event.target.closest("a, button, input, label, details")) return mark(row);
  mark(row);
  openBeside(row);
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-select-all]")) for (const row of rows()) select(row, target.checked);
  else if (target.closest(ROW)) select(target.closest(ROW), target.checked);
});

document.addEventListener("htmx:afterSettle", () => currentRow()?.classList.add("on"));
document.addEventListener("pulse:clear-selection", () => rows().forEach((row) => select(row, false)));

const KEYS = {
  j: () => moveBy(1),
  k: () => moveBy(-1),
  ArrowDown: (row) => (row ? moveBy(1) : false),
  ArrowUp: (row) => (row ? moveBy(-1) : false),
  " ": (row) => (row ? openBeside(row) : false),
  Enter: (row) => (row ? location.assign(link(row).href) : false),
  x: (row) => (row ? select(row, !checkbox(row)?.checked) : false),
};

const rows = () => [...document.querySelectorAll(ROW)];
const rowOf = (record) => rows().find((row) => row.dataset.record === record);
const currentRow = () => current && rowOf(current);
const link = (row) => row.querySelector("a[data-open]");
const checkbox = (row) => row.querySelector("input[type='checkbox']");

function moveBy(by) {
  const all = rows(), at = all.indexOf(currentRow());
  const row = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!row) return;
  mark(row);
  row.scrollIntoView({ block: "nearest" });
  if (!document.getElementById("drawer").hidden) openBeside(row);
}

function mark(row) {
  currentRow()?.classList.remove("on");
  current = row.dataset.record;
  row.classList.add("on");
}

const openBeside = (row) => htmx.trigger(link(row), "open");

function select(row, isOn) {
  if (checkbox(row)) checkbox(row).checked = isOn;
  row.setAttribute("aria-selected", isOn);
  const count = document.querySelectorAll(`${ROW}[aria-selected="true"]`).length;
  document.dispatchEvent(new CustomEvent("pulse:selection", { detail: { count } }));
  for (const bar of document.querySelectorAll("[data-selection]")) bar.hidden = !count;
  for (const label of document.querySelectorAll("[data-selected-count]")) label.textContent = count;
}

function selectRange(from, to, isOn) {
  const all = rows();
  const [low, high] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
  for (const row of all.slice(Math.max(low, 0), high + 1)) select(row, isOn);
}
