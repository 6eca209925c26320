// The plots of the speed board, by Chart.js; a click on a bar opens its rows.

import { text } from "./format.js";
import { color, countScales, number, scales } from "./plots.js";
import { speed } from "./speed-drill.js";
import { opens } from "./speed-tables.js";
import { wording } from "./values.js";

const DAY = 86_400_000;
const MARKS = { 5: 60, 60: 600, 1200: 14_400, 43_200: 432_000 }; // for each step in seconds: how far apart the axis is labelled
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
  const { labels, datasets, ...look } = bars(lines);
  const plot = plots.get(name);
  if (plot) {
    plot.lines = lines;
    plot.chart.data.labels = labels;
    plot.chart.options.scales = look.scales;
    plot.chart.data.datasets.forEach((dataset, index) => Object.assign(dataset, datasets[index]));
    plot.chart.update("none");
  } else {
    const canvas = speed.querySelector(`canvas[data-plot="${name}"]`);
    const chart = new Chart(canvas, { type: "bar", data: { labels, datasets }, options: optionsOf(name, look) });
    plots.set(name, { chart, lines });
  }
}

/** A step in which nothing changed is a gap, not a zero. */
function everyStep({ stages, since, until, step }) {
  const stepOf = (moment) => Math.floor(new Date(moment) / 1000 / step);
  const known = new Map(stages.map((line) => [stepOf(line.at), line]));
  const first = stepOf(since), steps = Array.from({ length: stepOf(until) - first + 1 }, (_, index) => first + index);
  return steps.map((each) => ({ ...known.get(each), moment: new Date(each * step * 1000), isMarked: (each * step) % MARKS[step] === 0 }));
}

function stageBars(lines) {
  const isLong = lines.at(-1).moment - lines[0].moment > DAY;
  const shown = isLong ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const clock = new Intl.DateTimeFormat(wording.words.language, { timeZone: wording.words.zone, ...shown });
  const datasets = Object.entries(STAGES).map(([stage, className]) => ({
    label: labels[stage], data: lines.map((line) => line[stage] ?? null), backgroundColor: color(className), stack: "stages",
  }));
  const tooltip = { callbacks: { label: said, footer: sum } };
  const axes = scales(tick, true);
  Object.assign(axes.x.ticks, { autoSkip: false, callback: (index) => (lines[index]?.isMarked ? clock.format(lines[index].moment) : undefined) });
  return { labels: lines.map(({ moment }) => clock.format(moment)), datasets, scales: axes, tooltip };
}

function binBars(bins, p95) {
  const [usual, slow] = [color("plot-1"), color("plot-3")];
  const data = bins.map(({ n }) => n), backgroundColor = bins.map(({ low }) => (low > p95 ? slow : usual));
  const names = bins.map(({ low, high }) => (high === null ? `≥ ${duration(low)}` : tick(low)));
  const tooltip = { displayColors: false, callbacks: { label: ({ raw }) => number(raw) } };
  return { labels: names, datasets: [{ data, backgroundColor, borderRadius: 2 }], scales: countScales(), tooltip };
}

function optionsOf(name, { scales, tooltip }) {
  return {
    animation: false, responsive: true, maintainAspectRatio: false, categoryPercentage: 1, barPercentage: 0.94,
    interaction: { mode: "index", intersect: false }, scales, plugins: { legend: { display: false }, tooltip },
    onClick: (_event, [bar]) => { if (bar) open(name, plots.get(name).lines[bar.index]); },
  };
}

function open(name, line) {
  if (line.n) location.assign(opens(name, line));
}

const tick = (seconds) => (seconds ? duration(seconds) : "0");
const said = ({ dataset, raw }) => `${dataset.label}: ${duration(raw ?? 0)}`;
const sum = (bars) => duration(bars.reduce((all, { raw }) => all + (raw ?? 0), 0));
