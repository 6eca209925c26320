// What is typed between the click on a value and the arrival of its form: an input of ours stands over the value meanwhile.

const INPUT = ".typed-ahead";

document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (!elt.matches("[data-edit]") || elt.parentElement.querySelector(INPUT)) return;
  const input = document.getElementById("typed-ahead").content.firstElementChild.cloneNode();
  if (elt.dataset.format === "date") input.type = "date"; // only there its parts stand in the reader's order
  input.dataset.presenceField = elt.dataset.presenceField;
  input.dataset.version = elt.closest("[data-record]").dataset.version;
  elt.after(input);
  input.focus({ preventScroll: true });
});

// A date half typed cannot be handed over: its form is asked for again when it is whole, or its writer is done with it.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const input = detail.target.querySelector(INPUT);
  if (!input || !isHalf(input)) return;
  detail.shouldSwap = false;
  input.dataset.asksAgain = "true";
});

for (const name of ["input", "focusout"]) document.addEventListener(name, ({ target }) => askAgain(target));

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful) giveUp(detail.elt.parentElement?.querySelector(INPUT));
});

document.addEventListener("keydown", (event) => {
  const { target, key, isComposing } = event;
  if (!target.matches?.(INPUT) || isComposing) return;
  if (key === "Escape") htmx.trigger(target.previousElementSibling, "htmx:abort");
  else if (key === "Enter" || key === "Tab") finish(target);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);

/** What was typed in `place`, over which version, whether it is to be saved, and whether the reader is still there; null: nothing was asked for. */
export function taken(place) {
  const input = place.querySelector(INPUT);
  const { version, done } = input?.dataset ?? {};
  return input && { text: input.value, version, isDone: done === "true", isHere: input === document.activeElement };
}

function finish(input) {
  input.dataset.done = "true";
  askAgain(input);
}

function askAgain(input) {
  if (!input.matches(`${INPUT}[data-asks-again]`) || isHalf(input)) return;
  delete input.dataset.asksAgain;
  htmx.trigger(input.previousElementSibling, "click");
}

/** A year of four digits begins as one of the first centuries. */
const isHalf = (input) => input === document.activeElement && !input.dataset.done && (input.validity.badInput || input.value.startsWith("0")) && input.type === "date";

function giveUp(input) {
  if (input === document.activeElement) input?.previousElementSibling.focus({ preventScroll: true });
  input?.remove();
}
