// The one client of the socket (docs/PROTOCOL.md): keeps the page's position in the log, and after any gap asks for exactly
// what it missed. What arrives is told as events, which other files draw: `pulse:frame` (by live-changes.js), `pulse:list`,
// `pulse:panel`, `pulse:gone`, `pulse:presence`, `pulse:flood`, `pulse:renewed`.

import { wantsMore } from "./clock.js";
import { show } from "./live-changes.js";
import { report } from "./live-health.js";
import { forgetPainted } from "./live-paint.js";
import { forgetHere, keepSayingHere, sayHere } from "./live-presence.js";
import { renew } from "./live-renewal.js";
import { keepConnected, ping } from "./live-socket.js";
import { answered, askAgain, element, forget, scan, scanSoon, settle } from "./live-watching.js";

const meta = document.querySelector("meta[name='pulse-live']");
let epoch = meta?.dataset.epoch, position = Number(meta?.dataset.head);
let isStale = false; // too much was missed, and the page has not been fetched again yet

const tell = (target, name, detail) => target?.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));

function hear(message) {
  if (message.resync) takeResync(message);
  else if ("epoch" in message) greet(message);
  else if (message.frames) takeFrames(message.frames);
  else if ("head" in message) takeHead(message.head);
  else if (message.pong) takePong(message);
  else if ("panel" in message) tell(element(message.as), "pulse:panel", message);
  else if (message.gone) takeGone(message.gone);
  else if (message.presence) takePresence(message.presence);
  else if (message.error) console.warn("live:", message.error.topic, message.error.reason);
  else for (const event of ["enter", "move", "leave"]) if (message[event]) takeList(event, message);
}

function lost() {
  forget();
  forgetPainted();
  forgetHere();
  report.offline();
}

function greet(message) {
  report.greeted();
  if (epoch !== message.epoch) begin(message);
  if (isStale) renewPage();
  else look();
  ping();
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

function takeFrames(frames) {
  show(frames);
  report.delay(frames.at(-1).at);
}

/** Only heads move the position: a frame says nothing yet of what the same change did to lists. */
function takeHead(head) {
  position = Math.max(position, head);
  if (!isStale) report.live();
}

function takePong({ pong, at }) {
  answered(pong);
  report.clock(pong, at);
  if (wantsMore()) setTimeout(ping, 1000);
}

/** The server watches them no more: should they come back, they are to be watched again. */
function takeGone(topics) {
  forget((topic) => !topics.includes(topic));
  for (const topic of topics) tell(document, "pulse:gone", { topic });
}

function takeResync(message) {
  if (message.as) return tell(element(message.as), "pulse:flood");
  if (message.epoch) begin(message);
  isStale = true;
  renewPage();
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
  for (const list of region ? [region] : document.querySelectorAll("[data-view]")) tell(list, "pulse:renewed", { head });
  askAgain();
  look(head || position);
}

function takeList(event, message) {
  for (const item of message[event]) tell(element(message.as), "pulse:list", { event, item });
}

function takePresence(topics) {
  for (const [topic, people] of Object.entries(topics)) {
    tell(document, "pulse:presence", { topic, people: people.map(({ user, field }) => ({ id: user, field })) });
  }
}

if (meta) {
  keepConnected(hear, lost);
  keepSayingHere();
  setInterval(ping, 10_000);
  document.addEventListener("htmx:beforeRequest", ({ detail }) => { detail.xhr.pulsePosition = position; });
  document.addEventListener("htmx:afterSettle", ({ detail }) => look(detail.xhr?.pulsePosition));
  document.addEventListener("pulse:renew", ({ target }) => renew(target, renewed));
  document.addEventListener("pulse:scan", ({ detail }) => scanSoon(detail?.from ?? position, epoch));
}
