// A field edited in place: Enter saves, Escape gives up, leaving it saves what was changed. The server draws field and form.

const FORM = "form[data-behaviour~='in-place']";
const CONTROL = "input:not([type=hidden]), select, textarea";

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const form = detail.elt.querySelector?.(FORM) ?? detail.elt.closest?.(FORM);
  if (form) begin(form);
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(FORM);
  if (!form || event.isComposing) return;
  if (event.key === "Escape") leave(form);
  else if (event.key === "Enter" && event.target.matches("input")) send(form);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("change", ({ target }) => {
  const form = target.closest?.(FORM);
  if (form && target.matches("select, [type=radio], [type=date]")) send(form);
});

document.addEventListener("click", ({ target }) => {
  const tag = target.closest("[data-tag]");
  if (tag) toggleTag(tag);
});

document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const form = target.closest?.(FORM);
  if (!form || form.contains(relatedTarget) || form.dataset.sent || !document.hasFocus()) return;
  setTimeout(() => {
    if (!form.isConnected || form.dataset.sent || form.contains(document.activeElement)) return;
    if (wasChanged(form)) send(form);
    else leave(form);
  });
});

// The answer took the form's place: the keyboard goes on from there, unless the reader has gone elsewhere.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = detail.target.querySelector?.(FORM);
  if (form && (document.activeElement === document.body || form.contains(document.activeElement))) refocus = detail.target.id;
});

let refocus = "";

function begin(form) {
  if (refocus) refocus = "";
  const control = form.querySelector(`${CONTROL}:checked`) ?? form.querySelector(CONTROL);
  if (!form.contains(document.activeElement)) control?.focus();
  if (control?.matches("input:not([type=radio], [type=date])")) control.select();
}

document.addEventListener("htmx:afterSettle", () => {
  if (!refocus) return;
  document.getElementById(refocus)?.querySelector("[data-edit]")?.focus({ preventScroll: true });
  refocus = "";
});

function send(form) {
  form.dataset.sent = "true";
  form.requestSubmit();
}

function leave(form) {
  form.dataset.sent = "true";
  form.querySelector("[data-cancel]").click();
}

function wasChanged(form) {
  return [...form.elements].some((each) => {
    if (each.matches("select")) return [...each.options].some((option) => option.selected !== option.defaultSelected);
    if (each.matches("[type=radio]")) return each.checked !== each.defaultChecked;
    return each.matches(`${CONTROL}:not([type=search])`) && each.value !== each.defaultValue;
  });
}

function toggleTag({ dataset: { tag }, parentElement }) {
  const input = parentElement.parentElement.querySelector("[data-behaviour~='tags']");
  const held = input.value.split(",").map((name) => name.trim()).filter(Boolean);
  const others = held.filter((name) => name.toLowerCase() !== tag.toLowerCase());
  input.value = (others.length === held.length ? [...held, tag] : others).join(", ");
  input.focus();
}

// A form that a question came back for may be sent again.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful) delete detail.elt.closest?.(FORM)?.dataset.sent;
});
