// Small habits of forms: Ctrl+Enter sends a text of several lines; a form about a record says which version is on the screen.

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (!target.matches?.("textarea[data-behaviour~='send-by-key']")) return;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    target.form.requestSubmit();
  } else if (key === "Escape") {
    const cancel = target.form.querySelector("[data-cancel]");
    if (cancel) cancel.click();
    else target.blur();
    event.preventDefault();
  }
});

document.addEventListener("htmx:configRequest", ({ target, detail }) => {
  if (!target.matches("form[data-behaviour~='at-version']")) return;
  detail.parameters.version = target.closest("[data-record]").dataset.version;
});
