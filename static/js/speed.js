// The speed board, drawn anew with each panel that arrives; its single figures are live-panels.js's.

import { shown, speed } from "./speed-drill.js";
import { drawPlots, forgetPlots } from "./speed-plots.js";
import { drawTables } from "./speed-tables.js";
import { wording } from "./values.js";

const redraw = () => draw(shown.board);

function draw(board) {
  shown.board = board;
  for (const [attribute, wanted] of [["when", true], ["unless", false]]) {
    for (const part of speed.querySelectorAll(`[data-${attribute}]`)) part.hidden = Boolean(valueAt(board, part.dataset[attribute])) !== wanted;
  }
  for (const place of speed.querySelectorAll("[data-range]")) place.textContent = range(board);
  drawTables(board);
  drawPlots(board);
}

const valueAt = (board, path) => path.split(".").reduce((held, name) => held?.[name], board);

function range({ since, until }) {
  const isLong = new Date(until) - new Date(since) > 86_400_000;
  const kind = isLong ? { dateStyle: "medium" } : { timeStyle: "short" };
  return new Intl.DateTimeFormat(wording.words.language, { timeZone: wording.words.zone, ...kind }).formatRange(new Date(since), new Date(until));
}

document.addEventListener("pulse:panel", ({ target, detail: { panel } }) => {
  if (target !== speed) return;
  speed.dataset.at = panel.until; // a board that takes long to reckon is older than its arrival
  draw(panel);
});

const drawAnew = () => { forgetPlots(); redraw(); };
document.addEventListener("pulse:theme", drawAnew);
document.addEventListener("pulse:resynced", drawAnew);
speed.addEventListener("toggle", redraw, true);

draw(JSON.parse(document.getElementById("speed-board").textContent));
