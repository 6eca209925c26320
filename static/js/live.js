// The one client of the socket (docs/PROTOCOL.md): watches what is on the page, keeps its position in the log, and after
// any gap asks for exactly what it missed. What arrives is told as events: `pulse:frame`, `pulse:list`, `pulse:panel`,
// `pulse:gone`, `pulse:presence`; live-records.js, live-lists.js and live-panels.js draw it.

import { report } from "./live-health.js";
import { resync } from "./live-resync.js";

const meta = document.querySelector("meta[name='pulse-live']");
const SILENCE = 2200; // ms without a word (the server says its head each second) after which we are not live
const DOOR = 5000; // ms for a connection to come about, after which another is tried
const HERE_EVERY = 4000;
const SCAN_AFTER = 20; // ms in which what comes into the page is watched together
const AGAIN = 1000; // ms, up to three times as much by chance, after which a page that could not be fetched is asked for again

let socket = null, retries = 0, heardAt = 0, timer = null;
let epoch = meta?.dataset.epoch, position = Number(meta?.dataset.head);
let isStale = false; // too much was missed, and the page has not been fetched again yet
let painted = [], isPainting = false, hereSaid = "";
let scanning = null, owedFrom = null, settling = null; // the position from which the server has yet to tell us what we missed
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
  painted = [];
  hereSaid = "";
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
  else if (message.pong) takePong(message);
  else if ("panel" in message) tell(element(message.as), "pulse:panel", message);
  else if (message.gone) for (const topic of message.gone) tell(document, "pulse:gone", { topic });
  else if (message.presence) takePresence(message.presence);
  else if (message.error) console.warn("live:", message.error.topic, message.error.reason);
  else for (const event of ["enter", "move", "leave"]) if (message[event]) takeList(event, message);
}

function greet(message) {
  retries = 0;
  report.catchingUp();
  if (epoch !== message.epoch) begin(message);
  if (isStale) renew();
  else scan();
  ping();
}

/** Another log: positions in the one before mean nothing any more. */
function begin(message) {
  [epoch, position, owedFrom, isStale] = [message.epoch, message.head, null, true];
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
  if (document.hidden) return sayPainted();
  if (!isPainting) requestAnimationFrame(() => setTimeout(sayPainted));
  isPainting = true;
}

function sayPainted() {
  if (painted.length) say({ ack: painted });
  painted = [];
  isPainting = false;
}

/** Only heads move the position: a frame says nothing yet of what the same change did to lists. */
function takeHead(head) {
  position = Math.max(position, head);
  if (!isStale) report.live();
}

function takePong({ pong, at }) {
  if (pong === settling) owedFrom = null; // the server answers in order
  report.clock(pong, at);
}

function takeResync(message) {
  if (message.as) return tell(element(message.as), "pulse:flood");
  if (message.epoch) begin(message);
  for (const [name, wanted] of watched) if (typeof wanted === "object") watched.delete(name);
  isStale = true;
  renew();
}

/** Fetches the page, or one region of it, again; as often as it takes. */
function renew(region) {
  if (!region) report.catchingUp();
  resync(region).then((head) => renewed(region, head), (error) => {
    console.warn("live:", error);
    setTimeout(renew, AGAIN * (1 + 2 * Math.random()), region);
  });
}

function renewed(region, head) {
  if (!region) [position, owedFrom, isStale] = [Math.max(position, head), null, false];
  for (const list of region ? [region] : document.querySelectorAll("[data-view]")) tell(list, "pulse:renewed", { head });
  scan();
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
  clearTimeout(scanning);
  scanning = null;
  owedFrom = Math.min(from, owedFrom ?? from);
  if (socket?.readyState !== WebSocket.OPEN) return;
  const wanted = new Map([["directory", "directory"]]);
  for (const { dataset } of document.querySelectorAll("[data-record]")) wanted.set(dataset.record, dataset.record);
  for (const node of document.querySelectorAll("[data-view]")) wanted.set(nameOf(node), view(node));
  for (const node of document.querySelectorAll("[data-panel]")) wanted.set(nameOf(node), panel(node));
  const added = [...wanted].filter(([name, what]) => same(watched.get(name), what) === false);
  const dropped = [...watched.keys()].filter((name) => !wanted.has(name));
  if (dropped.length) say({ unwatch: dropped });
  if (added.length) say({ watch: added.map(([, what]) => what), from: owedFrom, epoch });
  for (const name of dropped) watched.delete(name);
  for (const [name, what] of added) watched.set(name, what);
  settling = ping();
  sayHere();
}

function scanSoon(from = position) {
  owedFrom = Math.min(from, owedFrom ?? from);
  scanning ??= setTimeout(scan, SCAN_AFTER, owedFrom);
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const element = (name) => document.querySelector(`[data-live-name="${CSS.escape(name)}"]`);
const view = (node) => ({ ...JSON.parse(node.dataset.view), as: nameOf(node), html: true, frames: false });
const panel = (node) => ({ panel: node.dataset.panel, args: JSON.parse(node.dataset.args ?? "{}"), as: nameOf(node) });
const tell = (target, name, detail) => target?.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));

/** One name for each element: what is still told to one that was replaced finds nobody. */
let names = 0;
function nameOf(node) {
  return (node.dataset.liveName ??= `${node.id}-${++names}`);
}

function say(command) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

function ping() {
  const now = performance.now();
  say({ ping: now });
  return now;
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
  const patience = { [WebSocket.CONNECTING]: DOOR, [WebSocket.OPEN]: SILENCE }[socket.readyState];
  if (performance.now() - heardAt > patience) {
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
  document.addEventListener("visibilitychange", () => { if (document.hidden) sayPainted(); });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => { detail.xhr.pulsePosition = position; });
  document.addEventListener("htmx:afterSettle", ({ detail }) => scan(detail.xhr?.pulsePosition));
  document.addEventListener("pulse:renew", ({ target }) => renew(target));
  document.addEventListener("pulse:scan", ({ detail }) => scanSoon(detail?.from));
  window.addEventListener("online", () => { if (socket.readyState === WebSocket.CLOSED) connect(); });
  window.addEventListener("pagehide", () => socket?.close());
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) connect(); });
}
