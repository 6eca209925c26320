// Django admin: Select2 puts controls of its own in place of a select, sooner or later, and leaves them without its label.

const DRAWN = "select + .select2 :is([role=combobox], [role=textbox], input):not([aria-label])";

new MutationObserver(() => {
  for (const control of document.querySelectorAll(DRAWN)) {
    const select = control.closest(".select2").previousElementSibling;
    control.setAttribute("aria-label", select.labels[0]?.textContent.trim() || select.name);
  }
}).observe(document, { childList: true, subtree: true });
