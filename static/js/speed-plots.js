// The plots of the speed board, by Chart.js; a click on a bar opens its rows.

import { text } from "./format.js";
import { speed } from "./speed-drill.js";
import { opens } from "./speed-tables.js";
import { wording } from "./values.js";

const STAGES = { number: "plot-1", cache: "plot-3", send: "plot-4", paint: "plot-5" };
const labels = JSON.parse(document.getElementById("speed-labels").textContent).stages;
const duration = (seconds) => text(seconds, "duration", wording);
const plots = new Map(); // by name: the chart, and the line of the table behind each bar

export function drawPlots(board) {
  if (!board.update.changes) return;
  draw("stages", everyStep(board), stageBars);
  draw("bins", board.bins, (bins) => binBars(bins, board.update.p95));
}

/** Colours are the theme's: all is drawn anew when it changes. */
export function forgetPlots() {
  for (const { chart } of plots.values()) chart.destroy();
  plots.clear();
}

function draw(name, lines, bars) {
  const { labels, datasets, options } = bars(lines);
  const plot = plots.get(name);
  if (plot) {
    plot.lines = lines;
    plot.chart.data.labels = labels;
    plot.chart.data.datasets.forEach((dataset, index) => Object.assign(dataset, datasets[index]));
    plot.chart.update("none");
  } else {
    const canvas = speed.querySelector(`canvas[data-plot="${name}"]`);
    const chart = new Chart(canvas, { type: "bar", data: { labels, datasets }, options: { ...common(name), ...options } });
    plots.set(name, { chart, lines });
  }
}

/** A step in which nothing changed is a gap, not a zero. */
function everyStep({ stages, since, until, step }) {
  const number = (moment) => Math.floor(new Date(moment) / 1000 / step);
  const known = new Map(stages.map((line) => [number(line.at), line]));
  const first = number(since), last = number(until);
  return Array.from({ length: last - first + 1 }, (_, index) => known.get(first + index) ?? { at: new Date((first + index) * step * 1000) });
}

function stageBars(lines) {
  const isLong = new Date(lines.at(-1).at) - new Date(lines[0].at) > 86_400_000;
  const shown = isLong ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
  const clock = new Intl.DateTimeFormat(wording.words.language, { timeZone: wording.words.zone, ...shown });
  const datasets = Object.entries(STAGES).map(([stage, className]) => ({
    label: labels[stage], data: lines.map((line) => line[stage] ?? null), backgroundColor: color(className), stack: "stages",
  }));
  return { labels: lines.map(({ at }) => clock.format(new Date(at))), datasets, options: { scales: scales(duration, true) } };
}

function binBars(bins, p95) {
  const [usual, slow] = [color("plot-1"), color("plot-3")];
  const data = bins.map(({ n }) => n), backgroundColor = bins.map(({ low }) => (low > p95 ? slow : usual));
  const names = bins.map(({ low, high }) => (high === null ? `≥ ${duration(low)}` : duration(low)));
  const numbers = (n) => text(n, "number", wording);
  return { labels: names, datasets: [{ data, backgroundColor, borderRadius: 2 }], options: { scales: scales(numbers, false) } };
}

function scales(format, stacked) {
  const faint = style("--p-faint"), line = style("--p-line"), font = { family: style("--tblr-font-sans-serif"), size: 10 };
  return {
    x: { stacked, grid: { display: false }, border: { color: line }, ticks: { color: faint, font, maxTicksLimit: 6, maxRotation: 0 } },
    y: { stacked, grid: { color: line }, border: { display: false }, ticks: { color: faint, font, maxTicksLimit: 5, callback: format } },
  };
}

function common(name) {
  return {
    animation: false, responsive: true, maintainAspectRatio: false, categoryPercentage: 1, barPercentage: 0.94,
    interaction: { mode: "index", intersect: false },
    plugins: { legend: { display: false }, tooltip: { callbacks: name === "stages" ? { label: said, footer: sum } : {} } },
    onClick: (_event, [bar]) => { if (bar && plots.get(name).lines[bar.index].n) location.assign(opens(name, plots.get(name).lines[bar.index])); },
  };
}

const said = ({ dataset, raw }) => `${dataset.label}: ${duration(raw ?? 0)}`;
const sum = (bars) => duration(bars.reduce((all, { raw }) => all + (raw ?? 0), 0));
const style = (name) => getComputedStyle(speed).getPropertyValue(name).trim();
const color = (className) => getComputedStyle(speed.querySelector(`.${className}`)).getPropertyValue("--c").trim();
