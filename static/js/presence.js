// Who is here: avatars in [data-presence="customer:42"] (or "everywhere"), and a named ring round the field somebody is in.
// live.js says it: `pulse:presence` on document, detail {topic, people: [{id, field}]}; ourselves may be among them.

import * as format from "./format.js";
import { colorClass, initials } from "./people.js";
import { wording } from "./values.js";

/** Who is where, by topic, as last told: for scripts that come later. */
export const present = new Map();

const MOST = 5;
const me = Number(document.querySelector("meta[name='pulse-live']")?.dataset.user);

document.addEventListener("pulse:presence", ({ detail: { topic, people } }) => {
  present.set(topic, people);
  const others = people.filter(({ id }) => id !== me);
  for (const place of document.querySelectorAll(`[data-presence="${CSS.escape(topic)}"]`)) {
    place.replaceChildren(...unique(others).slice(0, MOST).map(avatar));
  }
  for (const record of document.querySelectorAll(`[data-record="${CSS.escape(topic)}"]:not(tr)`)) ringFields(record, others);
});

const unique = (people) => [...new Map(people.map((person) => [person.id, person])).values()];

function avatar({ id, field }) {
  const name = format.text(id, "user", wording);
  const node = document.getElementById("person-here").content.firstElementChild.cloneNode();
  node.className = `av ${colorClass(id)}${field ? " here" : ""}`;
  node.textContent = initials(name);
  node.title = name;
  return node;
}

function ringFields(record, people) {
  for (const ringed of record.querySelectorAll(".theirs")) {
    ringed.classList.remove("theirs", ...[...ringed.classList].filter((name) => name.startsWith("c-")));
    delete ringed.dataset.who;
  }
  for (const { id, field } of people) {
    const place = field && record.querySelector(`[data-presence-field="${CSS.escape(field)}"], [data-field="${CSS.escape(field)}"]`);
    if (!place) continue;
    place.classList.add("theirs", colorClass(id));
    place.dataset.who = format.text(id, "user", wording).split(" ")[0];
  }
}
