// Says where this person is: on the record of the page or drawer, and on which of its fields. presence.js shows where others are.

import { say } from "./live-socket.js";

const AGAIN_EVERY = 4000; // ms
let said = "";

export function sayHere(isAgain = false) {
  const places = [...document.querySelectorAll(".page[data-record], #drawer [data-record]")];
  const active = document.activeElement?.closest?.("[data-record] [data-field], [data-record] [data-presence-field]");
  const record = (active?.closest("[data-record]") ?? places.at(-1))?.dataset.record ?? null;
  const field = active?.dataset.presenceField ?? active?.dataset.field ?? null;
  const here = record && !document.hidden ? { record, field } : null;
  const text = JSON.stringify(here);
  if (text !== said || (isAgain && here)) say({ here });
  said = text;
}

/** Another connection knows nothing of what was said on this one. */
export function forgetHere() {
  said = "";
}

export function keepSayingHere() {
  setInterval(sayHere, AGAIN_EVERY, true);
  for (const event of ["focusin", "focusout", "visibilitychange"]) document.addEventListener(event, () => setTimeout(sayHere));
}
