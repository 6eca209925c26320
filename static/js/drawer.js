// The drawer beside the list: opens when htmx has put something into it, closes on Escape, gives the focus back.

const drawer = document.getElementById("drawer");
let openedFrom = null, awaited = null;

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target !== drawer) return;
  awaited = detail.xhr;
  drawer.setAttribute("aria-busy", "true");
});
// Of several rows asked for in a hurry the last is shown, whichever answer comes last.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target === drawer && detail.xhr !== awaited) detail.shouldSwap = false;
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== drawer || !drawer.firstElementChild) return;
  if (drawer.hidden) openedFrom = detail.requestConfig.elt;
  drawer.hidden = false;
  drawer.removeAttribute("aria-busy");
  drawer.scrollTop = 0;
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-close='drawer']")) close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || drawer?.hidden || document.querySelector("dialog[open]")) return;
  // The first Escape leaves the field, the second the drawer: what is being typed is not thrown away.
  if (drawer.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return document.activeElement.blur();
  close();
});

document.addEventListener("pulse:close-drawer", close);

function close() {
  awaited = null;
  drawer.hidden = true;
  drawer.replaceChildren();
  document.dispatchEvent(new CustomEvent("pulse:drawer-closed"));
  if (openedFrom?.isConnected) openedFrom.focus({ preventScroll: true });
}
