// Django admin: Select2 puts controls of its own in place of a select, and leaves them without its label.

addEventListener("load", () => {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const controls = select.nextElementSibling.querySelectorAll("[role=combobox], [role=textbox], input");
    for (const control of controls) control.setAttribute("aria-label", select.labels[0]?.textContent.trim() ?? select.name);
  }
});
