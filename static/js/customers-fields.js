// A field edited in place: Enter saves, Escape gives up, leaving it saves what was changed. The server draws field and form.

import { taken } from "./typed-ahead.js";

const FORM = "form[data-behaviour~='in-place']";
const CONTROL = "input:not([type=hidden]), select, textarea";
const AT_ONCE = "select, [type=radio], [type=date]:not([data-typed])"; // a choice is complete when it is made, a typed date changes with each digit

let refocus = "", ahead = null;

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const form = detail.elt.querySelector?.(FORM);
  if (form) begin(form, ahead);
  else if (refocus) document.getElementById(refocus)?.querySelector("[data-edit]")?.focus({ preventScroll: true });
  [refocus, ahead] = ["", null];
});

// The answer takes the form's place: the keyboard goes on from there, unless the reader has gone elsewhere.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = detail.target.querySelector?.(FORM), active = document.activeElement;
  ahead = taken(detail.target);
  if (form && (active === document.body || form.contains(active) || active.closest("dialog"))) refocus = detail.target.id;
});

// A form that a question came back for may be sent again.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful) delete detail.elt.closest(FORM)?.dataset.sent;
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(FORM);
  if (!form || event.isComposing) return;
  if (event.key === "Escape") leave(form);
  else if (event.key === "Enter" && event.target.matches("input:not([type=search])")) send(form);
  else return void (event.target.dataset.typed = "true");
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("change", ({ target }) => {
  const form = target.closest?.(FORM);
  if (form && target.matches(AT_ONCE)) send(form);
});

document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const form = target.closest?.(FORM);
  if (!form || form.contains(relatedTarget) || !document.hasFocus()) return;
  setTimeout(() => {
    if (!form.isConnected || form.dataset.sent || form.contains(document.activeElement)) return;
    if (wasChanged(form)) send(form);
    else leave(form);
  });
});

document.addEventListener("click", ({ target }) => {
  const tag = target.closest("[data-tag]");
  if (tag) toggleTag(tag.closest("form").querySelector("[data-behaviour~='tags']"), tag.dataset.tag);
});

/**
 * `ahead`: what was typed before the form was there, perhaps to the end, perhaps by somebody who has gone on since.
 * The form may be newer than the value it was typed over: it is based on what its writer saw.
 */
function begin(form, ahead) {
  const control = form.querySelector("[type=search]") ?? form.querySelector(CONTROL);
  const { text = "", version, isDone = false, isHere = true } = ahead ?? {};
  htmx.process(form); // the next key may come before htmx does so itself
  if (isHere && !form.contains(document.activeElement)) control.focus();
  if (text) {
    form.elements.version.value = version;
    put(control, text);
  } else if (!control.matches(AT_ONCE)) control.select();
  if (!isDone && isHere) return;
  if (text && !control.matches("[type=search]")) send(form);
  else if (!isHere) leave(form);
}

function put(control, text) {
  control.dataset.typed = "true";
  const choice = [...control.options ?? []].find((option) => option.text.toLowerCase().startsWith(text.toLowerCase()));
  if (choice) control.value = choice.value;
  else if (!control.matches(AT_ONCE)) control.value = text;
  control.dispatchEvent(new Event(choice ? "change" : "input", { bubbles: true }));
}

function send(form) {
  if (!form.reportValidity()) return;
  form.dataset.sent = "true";
  form.requestSubmit();
}

function leave(form) {
  form.dataset.sent = "true";
  form.querySelector("[data-cancel]").click();
}

/** Choices were saved when they were made; this is about what was typed, and a date half typed is none. */
const wasChanged = (form) => [...form.querySelectorAll(CONTROL)].some((each) => !each.matches(`${AT_ONCE}, [type=search]`) && !each.validity.badInput && each.value !== each.defaultValue);

function toggleTag(input, tag) {
  const held = input.value.split(",").map((name) => name.trim()).filter(Boolean);
  const others = held.filter((name) => name.toLowerCase() !== tag.toLowerCase());
  input.value = (others.length === held.length ? [...held, tag] : others).join(", ");
  input.focus();
}
