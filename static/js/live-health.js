// The health pill: `live` with the delay of what arrives, `behind` while catching up, `offline` with the time of the last word.

import * as clock from "./clock.js";
import { text } from "./format.js";
import { wording } from "./values.js";

const ENOUGH = 0.3; // weight of the newest delay

let delay = null, heard = clock.now();

export const report = { live, greeted, catchingUp, offline, clock: asked, delay: measured };

function live() {
  heard = clock.now();
  show("live", delay === null ? "" : `${Math.max(1, Math.round(delay))} ms`);
}

/** A page that was fetched just now is not behind before it was ever live. */
function greeted() {
  if (document.documentElement.dataset.live) catchingUp();
}

function catchingUp() {
  show("behind", "");
}

function offline() {
  show("offline", text(heard.toISOString(), "clock", wording));
}

function asked(askedAt, at) {
  const way = clock.set(askedAt, at);
  delay ??= way;
}

function measured(at) {
  if (!clock.isSet()) return;
  const taken = Math.max(0, clock.now() - new Date(at));
  if (taken > 5000) return; // a catch-up says nothing about the delay
  delay = delay === null ? taken : delay * (1 - ENOUGH) + taken * ENOUGH;
}

function show(state, text) {
  document.documentElement.dataset.live = state;
  for (const place of document.querySelectorAll("[data-health]")) if (place.textContent !== text) place.textContent = text;
}
