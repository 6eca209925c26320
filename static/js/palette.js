// Search and actions in one box. The server finds records; the actions of the page are filtered here.

const palette = document.getElementById("palette");
const input = palette?.querySelector("input");
const hits = document.getElementById("palette-hits");
let active = null;
let isChosen = false; // by arrow or pointer since the last letter: what is found later does not take it away
let answered = ""; // the words that what is shown was found for
let isAwaited = false; // Enter came before what was found

if (palette) {
  document.addEventListener("keydown", openByKey);
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-behaviour~='palette']")) open();
    if (target === palette || target.closest("#palette .hit")) palette.close();
  });
  input.addEventListener("keydown", move);
  input.addEventListener("input", () => {
    isChosen = isAwaited = false;
    filterActions();
  });
  input.addEventListener("htmx:afterRequest", answer);
  hits.addEventListener("htmx:afterSwap", chooseFound);
  hits.addEventListener("pointermove", ({ target }) => {
    const option = target.closest("[role='option']");
    if (option && option !== active) choose(option);
  });
}

function openByKey(event) {
  const isSlash = event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]");
  const isModK = event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey) && !event.altKey;
  if (!isModK && !(isSlash && !document.querySelector("dialog[open]"))) return;
  event.preventDefault();
  open();
}

function open() {
  document.querySelector("#side:popover-open")?.hidePopover();
  if (!palette.open) palette.showModal();
  input.select();
  filterActions();
  htmx.trigger(input, "palette:open");
}

function move(event) {
  const shown = options(), at = shown.indexOf(active);
  if (event.key === "ArrowDown") choose(shown[(at + 1) % shown.length]);
  else if (event.key === "ArrowUp") choose(shown.at(at <= 0 ? -1 : at - 1));
  else if (event.key === "Enter") enter(event);
  else return;
  event.preventDefault();
}

function enter({ ctrlKey, metaKey }) {
  isAwaited = !isChosen && input.value !== answered;
  if (!isAwaited) active?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey }));
}

function answer({ detail }) {
  if (detail.requestConfig.parameters.q !== input.value) return;
  answered = input.value;
  if (isAwaited && palette.open) enter({});
}

function filterActions() {
  const wanted = input.value.trim().toLowerCase();
  const actions = hits.querySelector("[data-actions]");
  let isAny = false;
  for (const action of actions.querySelectorAll(".hit")) {
    action.hidden = !action.textContent.toLowerCase().includes(wanted);
    isAny ||= !action.hidden;
  }
  actions.hidden = !isAny;
  if (!active?.checkVisibility()) activate(options()[0]);
}

function choose(option) {
  isChosen = true;
  activate(option);
}

// A customer found comes first, then an action that matches; what can be done with the words is the last.
function chooseFound() {
  if (isChosen && active?.checkVisibility()) return;
  const shown = options(), isOf = (part) => (option) => option.closest(part);
  activate(shown.find(isOf("[data-customers]")) ?? shown.find(isOf("[data-actions]")) ?? shown[0]);
}

function activate(option) {
  active?.removeAttribute("aria-selected");
  active = option ?? null;
  input.setAttribute("aria-activedescendant", active ? (active.id ||= `hit-${options().indexOf(active)}-${Date.now()}`) : "");
  active?.setAttribute("aria-selected", "true");
  active?.scrollIntoView({ block: "nearest" });
}

const options = () => [...hits.querySelectorAll("[role='option']")].filter((option) => option.checkVisibility());
