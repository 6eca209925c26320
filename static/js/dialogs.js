// A <dialog> that htmx puts into #dialogs opens as modal (a conflict, a question) and leaves the page when it is closed.

document.addEventListener("htmx:afterSwap", () => {
  for (const dialog of document.querySelectorAll("#dialogs dialog:not([open])")) dialog.showModal();
});

document.addEventListener("close", ({ target }) => {
  if (target.closest("#dialogs")) target.remove();
}, true);

document.addEventListener("click", ({ target }) => {
  if (target.matches("dialog.sheet") || target.closest("[data-close='dialog']")) target.closest("dialog").close();
});

// An answer without content (204), or one that goes elsewhere, has settled the question.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) detail.elt.closest("#dialogs dialog")?.close();
});
