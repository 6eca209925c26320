// Keys: an element with data-hotkey="n" (or two in a row, "g c") is pressed by them, or focused when it is a field. "?" lists them all.

const PAUSE_MS = 900;
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
let begun = "", begunAt = 0;

for (const label of document.querySelectorAll("[data-mod-key]")) label.textContent = (isMac ? "⌘" : "Ctrl ") + label.dataset.modKey;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") {
    event.preventDefault();
    return openSheet();
  }
  const keys = event.timeStamp - begunAt < PAUSE_MS ? `${begun} ${event.key}` : event.key;
  const element = bearer(keys) ?? bearer(event.key);
  [begun, begunAt] = [event.key, event.timeStamp];
  if (!element) return;
  event.preventDefault();
  element.matches(TYPING) ? element.focus() : element.click();
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-behaviour~='shortcuts']")) openSheet();
});

/** The element that the keys press; what is nearest to the reader (the drawer, a toast) comes last in the page and wins. */
function bearer(keys) {
  return [...document.querySelectorAll(`[data-hotkey="${CSS.escape(keys)}"]`)].findLast((element) => isUsable(element));
}

// A link in a closed sidebar or menu is still a way to go; a hidden toast or drawer is gone.
const isUsable = (element) => !element.closest("[hidden], [disabled]");

function openSheet() {
  const sheet = document.getElementById("shortcuts");
  document.getElementById("palette")?.close();
  for (const section of sheet.querySelectorAll("[data-when]")) section.hidden = !document.querySelector(section.dataset.when);
  const found = foundKeys();
  for (const section of sheet.querySelectorAll("[data-found-keys]")) {
    const isGo = section.dataset.foundKeys === "go";
    list(section, found.filter(([keys]) => keys.startsWith("g ") === isGo));
  }
  sheet.showModal();
}

function foundKeys() {
  const labels = new Map();
  for (const element of document.querySelectorAll("[data-hotkey]")) {
    if (isUsable(element)) labels.set(element.dataset.hotkey, element.dataset.hotkeyLabel ?? element.textContent.trim());
  }
  return [...labels];
}

function list(section, found) {
  section.hidden = !found.length;
  section.querySelector("dl").replaceChildren(...found.flatMap(([keys, label]) => line(keys, label)));
}

function line(keys, label) {
  const [term, definition] = document.getElementById("shortcut-line").content.cloneNode(true).children;
  term.textContent = label;
  definition.append(...keys.split(" ").map((key) => {
    const cap = document.createElement("kbd");
    cap.textContent = key;
    return cap;
  }));
  return [term, definition];
}
