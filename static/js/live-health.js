// The health pill: `live` with the delay of what arrives, `behind` while catching up, `offline` with the time of the last word.

import { text } from "./format.js";
import { wording } from "./values.js";

const ENOUGH = 0.3; // weight of the newest delay

let offset = null; // ms that the server's clock is ahead of ours
let delay = null, heard = new Date();

export const report = { live, catchingUp, offline, clock, delay: measured };

function live() {
  heard = new Date();
  show("live", delay === null ? "" : `${Math.max(1, Math.round(delay))} ms`);
}

function catchingUp() {
  show("behind", "");
}

function offline() {
  show("offline", text(heard.toISOString(), "clock", wording));
}

/** Half the way there and back is taken for the way back: the offset as NTP reckons it. */
function clock(askedAt, at) {
  const way = performance.now() - askedAt;
  offset = new Date(at).getTime() + way / 2 - Date.now();
  if (delay === null) delay = way / 2;
}

function measured(at) {
  if (offset === null) return;
  const taken = Math.max(0, Date.now() + offset - new Date(at).getTime());
  if (taken > 5000) return; // a catch-up says nothing about the delay
  delay = delay === null ? taken : delay * (1 - ENOUGH) + taken * ENOUGH;
}

function show(state, text) {
  document.documentElement.dataset.live = state;
  for (const place of document.querySelectorAll("[data-health]")) if (place.textContent !== text) place.textContent = text;
}
