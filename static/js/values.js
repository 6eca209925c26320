// Puts canonical values into the page: live.js calls `fill` for a patch; relative times are worded anew as they age.

import * as format from "./format.js";

const page = document.getElementById("page-words");
const { directory, ...words } = page ? JSON.parse(page.textContent) : { directory: {} };

/** What format.js needs. live.js keeps `wording.directory` current: users, teams, tags and stages by id. */
export const wording = { words, directory, get now() { return new Date(); } };

const PARTS = {
  user(node, id) {
    const name = format.text(id, "user", wording);
    const avatar = node.querySelector(".av");
    avatar.className = `av ${format.colorClass(id)}`;
    avatar.textContent = format.initials(name);
    node.querySelector(".name").textContent = name;
  },
  stage(node, code) {
    node.className = `stage s-${format.entry("stages", code, wording).color ?? ""}`;
    node.textContent = format.text(code, "stage", wording);
  },
  tags(node, ids) {
    const blank = node.firstElementChild;
    node.replaceChildren(...ids.map((id) => {
      const tag = blank.cloneNode();
      tag.textContent = format.text(id, "tag", wording);
      return tag;
    }));
  },
  relative: fillTime,
  time: fillTime,
};

/** Words `value` as the element's `data-format` says; the same markup as `{% value %}` gives. */
export function fill(element, value) {
  const kind = element.dataset.format ?? "text";
  const shown = format.text(value, kind, wording);
  const partial = PARTS[kind] && shown !== words.none && document.getElementById(`value-${kind}`);
  if (!partial) {
    element.textContent = shown;
    return;
  }
  const node = partial.content.firstElementChild.cloneNode(true);
  PARTS[kind](node, value, kind);
  element.replaceChildren(node);
}

/** Words all times below `root` in this reader's zone and language: for rows that were drawn once for everybody. */
export function refreshTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-as]")) fillTime(time, time.dateTime, time.dataset.as);
}

function fillTime(time, moment, kind) {
  time.dateTime = moment;
  time.title = format.exact(moment, wording);
  const shown = format.text(moment, kind, wording);
  if (time.textContent !== shown) time.textContent = shown;
}

setInterval(refreshTimes, 15_000);
