// What is watched: every record, list and panel of the page, from the position that its content is at least at.

import { isOpen, ping, say } from "./live-socket.js";

const SCAN_AFTER = 20; // ms in which what comes into the page is watched together

const watched = new Map(); // name or topic -> what was asked for; null: to be asked for again
let scanning = null, owedFrom = null, settling = null; // the position from which the server has yet to tell us what we missed

/** Watches what is on the page and was not, and unwatches what is not any more. */
export function scan(from, epoch) {
  clearTimeout(scanning);
  scanning = null;
  owe(from);
  if (!isOpen()) return;
  const wanted = new Map([["directory", "directory"]]);
  for (const { dataset } of document.querySelectorAll("[data-record]")) wanted.set(dataset.record, dataset.record);
  for (const node of document.querySelectorAll("[data-view]")) wanted.set(nameOf(node), view(node));
  for (const node of document.querySelectorAll("[data-panel]")) wanted.set(nameOf(node), panel(node));
  const added = [...wanted].filter(([name, what]) => !isSame(watched.get(name), what));
  const dropped = [...watched.keys()].filter((name) => !wanted.has(name));
  if (dropped.length) say({ unwatch: dropped });
  if (added.length) say({ watch: added.map(([, what]) => what), from: owedFrom, epoch });
  for (const name of dropped) watched.delete(name);
  for (const [name, what] of added) watched.set(name, what);
  settling = ping();
}

export function scanSoon(from, epoch) {
  owe(from);
  scanning ??= setTimeout(scan, SCAN_AFTER, owedFrom, epoch);
}

/** The server answers in order: with this answer all that was owed has come. */
export function answered(pong) {
  if (pong === settling) settle();
}

/** Nothing is owed any more: the page was fetched again, or belongs to another log. */
export function settle() {
  owedFrom = null;
}

/** The server does not watch these any more: all, or all but what `isKept` says. */
export function forget(isKept = () => false) {
  for (const [name, what] of watched) if (!isKept(what)) watched.delete(name);
}

/** With the next scan, as if none of it had been: the server tells then what happened since. */
export function askAgain() {
  for (const name of watched.keys()) watched.set(name, null);
}

export const element = (name) => document.querySelector(`[data-live-name="${CSS.escape(name)}"]`);

function owe(from) {
  owedFrom = Math.min(from, owedFrom ?? from);
}

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const view = (node) => ({ ...JSON.parse(node.dataset.view), as: nameOf(node), html: true, frames: false });
const panel = (node) => ({ panel: node.dataset.panel, args: JSON.parse(node.dataset.args ?? "{}"), as: nameOf(node) });

/** One name for each element: what is still told to one that was replaced finds nobody. */
let names = 0;
function nameOf(node) {
  return (node.dataset.liveName ??= `${node.id}-${++names}`);
}
