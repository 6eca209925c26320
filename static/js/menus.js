// Menus are <details class="menu">, which open by themselves; this closes them, moves in them and keeps them on the screen.

const OPEN = "details.menu[open]";
const ITEMS = ".panel :is(a[href], button, input, select, [tabindex='0'])";

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(OPEN)) {
    closeAll(event.target);
    keepOnScreen(event.target.querySelector(".panel"));
  }
}, true);

document.addEventListener("click", ({ target }) => {
  closeAll(target.closest(OPEN));
  if (target.closest(".menu .item:not(label)")) closeAll();
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(OPEN);
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    step(menu, event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
  }
}, true);

function closeAll(except) {
  for (const menu of document.querySelectorAll(OPEN)) {
    if (menu !== except && !menu.contains(except ?? null)) menu.open = false;
  }
}

function step(menu, by) {
  const items = [...menu.querySelectorAll(ITEMS)].filter((item) => item.checkVisibility());
  const at = items.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : -1) : (at + by) % items.length;
  items.at(next)?.focus();
}

function keepOnScreen(panel) {
  const { left, right } = panel.getBoundingClientRect();
  if (right > document.documentElement.clientWidth) panel.parentElement.classList.add("right");
  if (left < 0) panel.parentElement.classList.remove("right");
}
