// Draws the figures of a panel: every [data-figure="a.b"] inside shows that value, worded by its data-format; the age ticks.

import { now } from "./clock.js";
import { text } from "./format.js";
import { fill, wording } from "./values.js";

document.addEventListener("pulse:panel", ({ target, detail: { panel, at } }) => {
  target.dataset.at = at;
  for (const place of target.querySelectorAll("[data-figure]")) {
    const value = place.dataset.figure.split(".").reduce((held, name) => held?.[name], panel);
    if (value !== undefined) show(place, value);
  }
  age(target);
});

function show(place, value) {
  const before = place.textContent;
  place.dataset.format ??= "number";
  fill(place, value);
  if (before && before !== place.textContent && place.matches("[data-wash]")) {
    place.classList.add("washed");
    setTimeout(() => place.classList.remove("washed"), 1000);
  }
}

/** Every tile shows its own age: `412 ms ago`. */
function age(panel) {
  const seconds = Math.max(0, (now() - new Date(panel.dataset.at)) / 1000);
  for (const place of panel.querySelectorAll(".age")) place.textContent = text(seconds, "age", wording);
}

setInterval(() => { for (const panel of document.querySelectorAll("[data-panel][data-at]")) age(panel); }, 1000);
