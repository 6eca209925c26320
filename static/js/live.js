// The one client of the socket (docs/PROTOCOL.md): watches what is on the page, keeps its position in the log, and after
// any gap asks for exactly what it missed. What arrives is told as events: `pulse:frame`, `pulse:list`, `pulse:panel`,
// `pulse:gone`, `pulse:presence`; live-records.js, live-lists.js and live-panels.js draw it.

import { report } from "./live-health.js";
import { resync } from "./live-resync.js";

const meta = document.querySelector("meta[name='pulse-live']");
const SILENCE = 2500; // ms without a word (the server says its head each second) after which we are not live
const HERE_EVERY = 4000;

let socket = null, retries = 0, heardAt = 0, timer = null;
let epoch = meta?.dataset.epoch, position = Number(meta?.dataset.head);
let isCaughtUp = false, painted = [], hereSaid = "";
const watched = new Map(); // name or topic -> what was asked for

function connect() {
  clearTimeout(timer);
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live`);
  heardAt = performance.now();
  socket.onmessage = ({ data }) => hear(JSON.parse(data));
  socket.onclose = ({ code }) => lost(code);
}

function lost(code) {
  socket.onmessage = socket.onclose = null;
  watched.clear();
  hereSaid = "";
  isCaughtUp = false;
  report.offline();
  if (code === 4401) return location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
  const wait = Math.min(200 * 2 ** retries++, 3000) * (0.5 + Math.random());
  timer = setTimeout(connect, wait);
}

function hear(message) {
  heardAt = performance.now();
  if ("epoch" in message && !message.resync) return greet(message);
  if (message.frames) takeFrames(message.frames);
  else if ("head" in message && !message.resync) takeHead(message.head);
  else if (message.resync) takeResync(message);
  else if (message.pong) report.clock(message.pong, message.at);
  else if ("panel" in message) tell(element(message.as), "pulse:panel", message);
  else if (message.gone) for (const topic of message.gone) tell(document, "pulse:gone", { topic });
  else if (message.presence) takePresence(message.presence);
  else if (message.error) console.warn("live:", message.error.topic, message.error.reason);
  else for (const event of ["enter", "move", "leave"]) if (message[event]) takeList(event, message);
}

function greet(message) {
  retries = 0;
  report.catchingUp();
  if (epoch !== message.epoch) {
    epoch = message.epoch;
    position = message.head;
    resync().then(scan);
  } else scan();
  ping();
}

function takeFrames(frames) {
  for (const frame of frames) {
    tell(document, "pulse:frame", frame);
    painted.push(frame.seq);
  }
  report.delay(frames[frames.length - 1].at);
  acknowledge();
}

/** After the paint that shows them; a hidden page does not paint, and has done all that it can. */
function acknowledge() {
  if (painted.length > 1 && !document.hidden) return;
  const send = () => { say({ ack: painted }); painted = []; };
  if (document.hidden) send();
  else requestAnimationFrame(() => setTimeout(send));
}

/** Only heads move the position: a frame says nothing yet of what the same change did to lists. */
function takeHead(head) {
  position = Math.max(position, head);
  isCaughtUp = true;
  report.live();
}

function takeResync(message) {
  if (message.epoch) [epoch, position] = [message.epoch, message.head];
  const region = message.as && element(message.as);
  if (!message.as) for (const [name, wanted] of watched) if (typeof wanted === "object") watched.delete(name);
  report.catchingUp();
  resync(region).then(scan);
}

function takeList(event, message) {
  for (const item of message[event]) tell(element(message.as), "pulse:list", { event, item });
}

function takePresence(topics) {
  for (const [topic, people] of Object.entries(topics)) {
    tell(document, "pulse:presence", { topic, people: people.map(({ user, field }) => ({ id: user, field })) });
  }
}

/** Watches what is on the page and was not, unwatches what is not any more. `from`: the position its content is at least at. */
function scan(from = position) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const wanted = new Map([["directory", "directory"]]);
  for (const { dataset } of document.querySelectorAll("[data-record]")) wanted.set(dataset.record, dataset.record);
  for (const node of document.querySelectorAll("[data-view]")) wanted.set(nameOf(node), view(node));
  for (const node of document.querySelectorAll("[data-panel]")) wanted.set(nameOf(node), panel(node));
  const added = [...wanted].filter(([name, what]) => same(watched.get(name), what) === false);
  const dropped = [...watched.keys()].filter((name) => !wanted.has(name));
  if (dropped.length) say({ unwatch: dropped });
  if (added.length) say({ watch: added.map(([, what]) => what), from: Number(from), epoch });
  for (const name of dropped) watched.delete(name);
  for (const [name, what] of added) watched.set(name, what);
  sayHere();
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const element = (name) => document.querySelector(`[data-live-name="${CSS.escape(name)}"]`);
const view = (node) => ({ ...JSON.parse(node.dataset.view), as: nameOf(node), html: true, frames: false });
const panel = (node) => ({ panel: node.dataset.panel, args: JSON.parse(node.dataset.args ?? "{}"), as: nameOf(node) });
const tell = (target, name, detail) => target?.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));

let names = 0;
function nameOf(node) {
  return (node.dataset.liveName ??= node.id || `live-${++names}`);
}

function say(command) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

function ping() {
  say({ ping: performance.now() });
}

/** Where this person is: on the record of the page or drawer, and on which of its fields. */
function sayHere(isAgain = false) {
  const places = [...document.querySelectorAll(".page[data-record], #drawer [data-record]")];
  const active = document.activeElement?.closest?.("[data-record] [data-field], [data-record] [data-presence-field]");
  const record = (active?.closest("[data-record]") ?? places.at(-1))?.dataset.record ?? null;
  const field = active?.dataset.presenceField ?? active?.dataset.field ?? null;
  const here = record && !document.hidden ? { record, field } : null;
  const text = JSON.stringify(here);
  if (text !== hereSaid || (isAgain && here)) say({ here });
  hereSaid = text;
}

function watchSilence() {
  if (socket?.readyState === WebSocket.OPEN && performance.now() - heardAt > SILENCE) {
    const silent = socket;
    lost(1006);
    silent.close();
  }
}

if (meta) {
  connect();
  setInterval(watchSilence, 250);
  setInterval(() => sayHere(true), HERE_EVERY);
  setInterval(ping, 10_000);
  for (const event of ["focusin", "focusout", "visibilitychange"]) document.addEventListener(event, () => setTimeout(sayHere));
  document.addEventListener("htmx:beforeRequest", ({ detail }) => { detail.xhr.pulsePosition = position; });
  document.addEventListener("htmx:afterSettle", ({ detail }) => scan(detail.xhr?.pulsePosition));
  document.addEventListener("pulse:scan", () => scan());
  window.addEventListener("online", () => { if (socket.readyState === WebSocket.CLOSED) connect(); });
  window.addEventListener("pagehide", () => socket?.close());
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) connect(); });
}
