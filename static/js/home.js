// The dashboard, drawn anew with each panel that arrives; its single figures are live-panels.js's, its feed home-feed.js's.

import { text } from "./format.js";
import { drawBars, number } from "./plots.js";
import { present } from "./presence.js";
import { fill, wording } from "./values.js";

const home = document.getElementById("home");
const words = wording.words;
let shown = null;

function draw(figures) {
  shown = figures;
  for (const [attribute, wanted] of [["when", true], ["unless", false]]) {
    for (const part of home.querySelectorAll(`[data-${attribute}]`)) part.hidden = Boolean(figures[part.dataset[attribute]]) !== wanted;
  }
  for (const list of home.querySelectorAll("[data-shares]")) drawShares(list, figures[list.dataset.shares]);
  for (const link of home.querySelectorAll("a[data-days]")) link.href = since(figures.days.at(-Number(link.dataset.days))[0]);
  if (!figures.count) return;
  drawPlot("days", figures.days.map(([date, n]) => [short(date), n]), (index) => location.assign(since(shown.days[index][0])));
  drawPlot("minutes", figures.minutes.map(([at, n]) => [text(at, "clock", wording), n]));
}

/** `2026-11-23` as `23 Nov`. */
function short(date) {
  const [, month, day] = date.split("-").map(Number);
  return words.date_this_year.replace("{day}", day).replace("{month}", words.months[month - 1]);
}

const since = (date) => `${home.dataset.list}?${new URLSearchParams({ created_since: date, sort: "-created" })}`;

/** Lines in the order that is told, unless somebody points at them: then each stays where it is. */
function drawShares(list, lines) {
  const most = Math.max(1, ...lines.map(([, n]) => n)), isPointedAt = list.matches(":hover, :focus-within");
  const held = new Map([...list.children].map((line) => [line.dataset.key, line]));
  for (const [key, n] of lines) {
    const line = held.get(String(key)) ?? newLine(list, key);
    held.delete(String(key));
    line.querySelector("rect").setAttribute("width", `${(100 * n) / most}%`);
    fill(line.querySelector("[data-n]"), n);
    if (!isPointedAt || !line.isConnected) list.append(line);
  }
  for (const line of held.values()) line.remove();
}

function newLine(list, key) {
  const line = document.getElementById(list.dataset.item).content.firstElementChild.cloneNode(true);
  const link = line.querySelector("a");
  line.dataset.key = key;
  link.href += key;
  fill(line.querySelector("[data-label]"), key);
  return line;
}

function drawPlot(name, lines, pick) {
  const canvas = home.querySelector(`canvas[data-plot="${name}"]`);
  drawBars(canvas, lines, { label: canvas.dataset.label, pick });
  const body = home.querySelector(`[data-numbers="${name}"]`);
  if (body.closest("details").open) drawTable(body, lines.toReversed());
}

function drawTable(body, lines) {
  while (body.rows.length > lines.length) body.deleteRow(-1);
  while (body.rows.length < lines.length) {
    const row = body.insertRow();
    row.insertCell();
    row.insertCell().className = "num";
  }
  lines.forEach(([name, n], index) => {
    const [first, second] = body.rows[index].cells;
    first.textContent = name;
    second.textContent = number(n);
  });
}

function showOnline(people) {
  const template = document.getElementById("home-person").content.firstElementChild;
  const lines = people.map(({ id }) => {
    const line = template.cloneNode(true);
    fill(line, id);
    return line;
  });
  document.getElementById("online").replaceChildren(...lines);
  fill(document.getElementById("online-count"), people.length);
}

document.addEventListener("pulse:panel", ({ target, detail: { panel } }) => { if (target === home) draw(panel); });
document.addEventListener("pulse:presence", ({ detail: { topic, people } }) => { if (topic === "everywhere") showOnline(people); });
document.addEventListener("pulse:resynced", () => {
  draw(JSON.parse(document.getElementById("home-figures").textContent));
  showOnline(present.get("everywhere") ?? []);
});
home.addEventListener("toggle", () => draw(shown), true);

draw(JSON.parse(document.getElementById("home-figures").textContent));
if (present.has("everywhere")) showOnline(present.get("everywhere"));
