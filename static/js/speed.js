// The speed board, drawn anew with each panel that arrives; its single figures are live-panels.js's.

import { shown, speed } from "./speed-drill.js";
import { drawPlots, forgetPlots } from "./speed-plots.js";
import { drawTables } from "./speed-tables.js";
import { wording } from "./values.js";

const HALF_A_DAY = 43_200_000;

const redraw = () => draw(shown.board);
const fetched = () => JSON.parse(document.getElementById("speed-board").textContent);

function draw(board) {
  shown.board = board;
  for (const part of speed.querySelectorAll("[data-when]")) part.hidden = !valueAt(board, part.dataset.when);
  for (const part of speed.querySelectorAll("[data-unless]")) part.hidden = Boolean(valueAt(board, part.dataset.unless));
  for (const place of speed.querySelectorAll("[data-range]")) place.textContent = range(board);
  drawTables(board);
  drawPlots(board);
}

const valueAt = (board, path) => path.split(".").reduce((held, name) => held?.[name], board);

function range({ since, until }) {
  const limits = [new Date(since), new Date(until)];
  const days = limits[1] - limits[0] < HALF_A_DAY ? {} : { day: "numeric", month: "short" };
  const kind = { ...days, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const clock = new Intl.DateTimeFormat(wording.words.language, { timeZone: wording.words.zone, ...kind });
  return limits.map((limit) => clock.format(limit)).join(" – ");
}

document.addEventListener("pulse:panel", ({ target, detail: { panel } }) => {
  if (target !== speed) return;
  speed.dataset.at = panel.until; // a board that takes long to reckon is older than its arrival
  draw(panel);
});

document.addEventListener("pulse:theme", () => { forgetPlots(); redraw(); });
document.addEventListener("pulse:resynced", () => { forgetPlots(); draw(fetched()); });
speed.addEventListener("toggle", redraw, true);

draw(fetched());
