// Draws frames: patches the fields of a record wherever it stands on the page, washes what changed and says who did it.
// A field that somebody here is typing in is never touched.

import { colorClass, initials } from "./people.js";
import { fill, reword, wording } from "./values.js";

const WASH = 1400; // ms
const MOST_WASHED = 8; // values; when more change at once, colour says nothing and only costs frames
const me = Number(document.querySelector("meta[name='pulse-live']")?.dataset.user);

document.addEventListener("pulse:frame", ({ detail: frame }) => {
  keepDirectory(frame);
  for (const node of document.querySelectorAll(`[data-record="${CSS.escape(frame.record)}"]`)) {
    if (Number(node.dataset.version ?? 0) >= frame.version) continue;
    if (frame.gone) drop(node);
    else patch(node, frame);
  }
});

document.addEventListener("pulse:gone", ({ detail: { topic } }) => {
  for (const node of document.querySelectorAll(`[data-record="${CSS.escape(topic)}"]`)) drop(node);
});

function patch(node, frame) {
  node.dataset.version = frame.version;
  for (const [name, value] of Object.entries(frame.fields)) {
    for (const place of node.querySelectorAll(`[data-field="${CSS.escape(name)}"]`)) {
      if (place.closest("[data-record]") === node && !place.querySelector("input, textarea, select")) show(place, value, frame);
    }
  }
  for (const link of node.querySelectorAll("[data-link]")) follow(link, frame.fields[link.dataset.link]);
  node.dispatchEvent(new CustomEvent("pulse:patched", { detail: frame, bubbles: true }));
}

/** A link to a record ends with its number; one that calls or writes to the first of several is there while there is one. */
function follow(link, value) {
  if (Array.isArray(value)) {
    link.href = link.protocol + (value[0] ?? "");
    link.hidden = !value.length;
  } else if (value) link.href = link.href.replace(/\d+(?=\/$)/, value);
}

function show(place, value, frame) {
  const before = place.innerHTML;
  fill(place, value);
  if (place.innerHTML === before || place.matches("[data-quiet]")) return;
  if (document.getElementsByClassName("washed").length >= MOST_WASHED) return;
  place.classList.add("washed");
  setTimeout(() => place.classList.remove("washed"), WASH);
  if (frame.by && frame.by.id !== me) sign(place, frame.by);
}

// Called between a frame's layout and its paint: at any other time, looking for room would cost a layout of its own.
const fitting = new ResizeObserver((entries) => {
  const tight = entries.filter(({ target }) => target.scrollWidth > target.clientWidth);
  for (const { target } of tight) target.querySelector(":scope > .by")?.classList.add("brief");
  for (const { target } of entries) {
    target.querySelector(":scope > .by")?.classList.add("fitted");
    fitting.unobserve(target);
  }
});

/** "Bob · now" beside a value that somebody else changed; where there is no room, Bob's avatar over its end. */
function sign(place, by) {
  const note = document.getElementById("by").content.firstElementChild.cloneNode(true);
  const [avatar, words] = note.children;
  avatar.classList.add(colorClass(by.id));
  avatar.textContent = initials(by.name);
  words.textContent = words.textContent.replace("{name}", by.name.split(" ")[0]);
  note.title = words.textContent;
  place.append(note);
  fitting.observe(place);
  setTimeout(() => note.remove(), 4 * WASH);
}

/** What shows the record goes; its own page stays readable and says that it is gone, the drawer's head stays to be closed. */
function drop(node) {
  if (node.matches("#main > .page, #main > .head")) document.body.classList.add("record-gone");
  else if (!node.matches("#drawer > .head")) fade(node);
}

function fade(node) {
  node.classList.add("gone");
  node.removeAttribute("data-record");
  setTimeout(() => node.remove(), WASH);
}

/** Renamed users, teams, tags and stages: the small directory of the page follows, and what shows them is worded anew. */
function keepDirectory({ record, fields, op }) {
  const [kind, id] = record.split(":");
  const entries = wording.directory[`${kind}s`];
  if (!entries) return;
  const key = fields.code ?? Object.keys(entries).find((each) => entries[each].id === Number(id)) ?? id;
  const names = fields.first_name !== undefined || fields.last_name !== undefined;
  const entry = { ...entries[key], ...fields };
  if (names) entry.name = `${entry.first_name ?? ""} ${entry.last_name ?? ""}`.trim() || entry.name;
  entries[key] = entry;
  if (op === "u") reword(kind, key);
}
