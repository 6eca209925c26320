// The page's position in the log: the highest head that was said. After any gap it asks from there for exactly what it missed;
// where that was too much, or the log is another, the page is fetched again.

import { report } from "./live-health.js";
import { sayHere } from "./live-presence.js";
import { renew } from "./live-renewal.js";
import { ping } from "./live-socket.js";
import { askAgain, scan, scanSoon, settle } from "./live-watching.js";

const meta = document.querySelector("meta[name='pulse-live']");
let epoch = meta?.dataset.epoch, position = Number(meta?.dataset.head);
let isStale = false; // too much was missed, and the page has not been fetched again yet

/** Whatever comes into the page by a request is watched from where the page was when it was asked for. */
export function keepPosition() {
  document.addEventListener("htmx:beforeRequest", ({ detail }) => { detail.xhr.pulsePosition = position; });
  document.addEventListener("htmx:afterSettle", ({ detail }) => look(detail.xhr?.pulsePosition));
  document.addEventListener("pulse:renew", ({ target }) => renew(target, renewed));
  document.addEventListener("pulse:scan", ({ detail }) => scanSoon(detail?.from ?? position, epoch));
}

/** The server's first word on a connection. */
export function greet(message) {
  report.greeted();
  if (epoch !== message.epoch) begin(message);
  if (isStale) renewPage();
  else look();
  ping();
}

/** Only heads move the position: a frame says nothing yet of what the same change did to lists. */
export function reach(head) {
  position = Math.max(position, head);
  if (!isStale) report.live();
}

export function fetchAnew(message) {
  if (message.epoch) begin(message);
  isStale = true;
  renewPage();
}

/** Another log: positions in the one before mean nothing any more. */
function begin(message) {
  [epoch, position, isStale] = [message.epoch, message.head, true];
  settle();
}

function look(from = position) {
  scan(from, epoch);
  sayHere();
}

function renewPage() {
  report.catchingUp();
  renew(null, renewed);
}

/** Drawn over with what was true at `head`: all that came since is asked for again. */
function renewed(region, head) {
  if (!region) {
    [position, isStale] = [Math.max(position, head), false];
    settle();
  }
  for (const list of region ? [region] : document.querySelectorAll("[data-view]")) {
    list.dispatchEvent(new CustomEvent("pulse:renewed", { detail: { head }, bubbles: true }));
  }
  askAgain();
  look(head || position);
}
