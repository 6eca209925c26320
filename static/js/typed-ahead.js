// What is typed between the click on a value and the arrival of its form: an input of ours stands over the value meanwhile.

const INPUT = ".typed-ahead";

document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (!elt.matches("[data-edit]")) return;
  const input = document.getElementById("typed-ahead").content.firstElementChild.cloneNode();
  input.dataset.presenceField = elt.dataset.presenceField;
  input.dataset.version = elt.closest("[data-record]").dataset.version;
  elt.after(input);
  input.focus({ preventScroll: true });
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful) giveUp(detail.elt.parentElement?.querySelector(INPUT));
});

document.addEventListener("keydown", (event) => {
  const { target, key, isComposing } = event;
  if (!target.matches?.(INPUT) || isComposing) return;
  if (key === "Escape") htmx.trigger(target.previousElementSibling, "htmx:abort");
  else if (key === "Enter" || key === "Tab") target.dataset.done = "true";
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

function giveUp(input) {
  if (input === document.activeElement) input?.previousElementSibling.focus({ preventScroll: true });
  input?.remove();
}
