// Puts canonical values into the page: live.js calls `fill` for a patch; relative times are worded anew as they age.

import { now } from "./clock.js";
import * as format from "./format.js";
import { colorClass, initials } from "./people.js";

const page = document.getElementById("page-words");
const { directory, ...words } = page ? JSON.parse(page.textContent) : { directory: {} };

/** What format.js needs. live-records.js keeps `wording.directory` current: users, teams, tags and stages by id. */
export const wording = {
  words, directory, get now() { return now(); }, get phoneNumbers() { return globalThis.libphonenumber; },
};
const PHONES = ["phones", "first_phone"];

// How the partials of the kinds that are more than text (`_value_<kind>.html`) are filled.
const PARTS = {
  user(node, id) {
    const name = format.text(id, "user", wording);
    const avatar = node.querySelector(".av");
    avatar.className = `av ${colorClass(id)}`;
    avatar.textContent = initials(name);
    node.querySelector(".name").textContent = name;
  },
  stage(node, code) {
    node.className = `stage s-${format.entry("stages", code, wording).color ?? ""}`;
    node.textContent = format.text(code, "stage", wording);
  },
  team: (node, id) => { node.textContent = format.text(id, "team", wording); },
  tag: (node, id) => { node.textContent = format.text(id, "tag", wording); },
  tags: (node, ids) => node.replaceChildren(...ids.map((id) => part("tag", id))),
  relative: fillTime,
  time: fillTime,
};

/** Words `value` as the element's `data-format` says, with the same markup as `{% value %}`; nothing as `data-none` says. */
export function fill(element, value) {
  const kind = element.dataset.format ?? "text";
  const shown = format.text(value, kind, wording);
  if (shown === words.none) element.textContent = element.dataset.none ?? shown;
  else if (!PARTS[kind]) element.textContent = shown;
  else element.replaceChildren(part(kind, value));
  if (PHONES.includes(kind) && shown !== words.none && !wording.phoneNumbers) group(element.firstChild, value, kind);
}

/** The library is heavier than all our scripts: it is fetched for the first phone that changes. Until then they read ungrouped. */
function group(text, value, kind) {
  const loaded = import("../lib/libphonenumber-js/bundle/libphonenumber-min.js");
  loaded.then(() => { text.data = format.text(value, kind, wording); }, () => {});
}

/** A user, team, tag or stage is called something else now: wherever it stands on the page. */
export function reword(kind, key) {
  for (const node of document.querySelectorAll(`[data-part="${kind}"][data-of="${CSS.escape(key)}"]`)) PARTS[kind](node, key);
}

/** Words all times below `root` in this reader's zone and language: for rows that were drawn once for everybody. */
export function refreshTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-as]")) fillTime(time, time.dateTime, time.dataset.as);
}

function part(kind, value) {
  const node = document.getElementById(`value-${kind}`).content.firstElementChild.cloneNode(true);
  if (node.dataset.part) node.dataset.of = value;
  PARTS[kind](node, value, kind);
  return node;
}

function fillTime(time, moment, kind) {
  time.dateTime = moment;
  time.title = format.exact(moment, wording);
  const shown = format.text(moment, kind, wording);
  if (time.textContent !== shown) time.textContent = shown;
}

setInterval(refreshTimes, 15_000);
