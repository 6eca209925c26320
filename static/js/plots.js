// The look that all plots share: colours by their class, axes, tooltips. Plots drawn by `drawBars` follow the theme.

import { text } from "./format.js";
import { wording } from "./values.js";

const drawn = new Map(); // canvas -> what it shows, and its chart

export const number = (n) => text(n, "number", wording);
export const style = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

/** The colour of `plot-1` … `plot-8`, as in legends. */
export function color(className) {
  const probe = document.createElement("i");
  probe.className = className;
  document.body.append(probe);
  const found = getComputedStyle(probe).getPropertyValue("--c").trim();
  probe.remove();
  return found;
}

export function scales(format, stacked = false) {
  const faint = style("--p-faint"), line = style("--p-line"), font = { family: style("--tblr-font-sans-serif"), size: 10 };
  return {
    x: { stacked, grid: { display: false }, border: { color: line }, ticks: { color: faint, font, maxTicksLimit: 6, maxRotation: 0 } },
    y: { stacked, beginAtZero: true, grid: { color: line }, border: { display: false }, ticks: { color: faint, font, maxTicksLimit: 5, callback: format } },
  };
}

/** Of numbers of things: there is no half of one. */
export function countScales() {
  const axes = scales(number);
  Object.assign(axes.y, { suggestedMax: 4, ticks: { ...axes.y.ticks, precision: 0 } });
  return axes;
}

/** A bar for each [name, number], the last one still growing; a click calls `pick` with its index. */
export function drawBars(canvas, lines, { label, pick = null }) {
  const held = drawn.get(canvas);
  if (!held) return void drawn.set(canvas, { lines, label, pick, chart: bars(canvas, lines, { label, pick }) });
  held.lines = lines;
  held.chart.data.labels = lines.map(([name]) => name);
  Object.assign(held.chart.data.datasets[0], series(lines, label));
  held.chart.update("none");
}

function bars(canvas, lines, { label, pick }) {
  return new Chart(canvas, {
    type: "bar",
    data: { labels: lines.map(([name]) => name), datasets: [series(lines, label)] },
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, categoryPercentage: 1, barPercentage: 0.9,
      interaction: { mode: "index", intersect: false }, scales: countScales(),
      plugins: { legend: { display: false }, tooltip: { displayColors: false, callbacks: { label: ({ raw }) => `${label}: ${number(raw)}` } } },
      onClick: (_event, [bar]) => { if (bar && pick) pick(bar.index); },
      onHover: ({ native }, [bar]) => native.target.classList.toggle("opens", Boolean(bar && pick)),
    },
  });
}

function series(lines, label) {
  const [full, growing] = [color("plot-1"), color("plot-2")];
  return { label, data: lines.map(([, n]) => n), borderRadius: 2, backgroundColor: lines.map((_, index) => (index === lines.length - 1 ? growing : full)) };
}

/** Colours are the theme's, and a page that was morphed has lost what its canvases held. */
function drawAnew() {
  for (const [canvas, { lines, label, pick, chart }] of [...drawn]) {
    chart.destroy();
    drawn.delete(canvas);
    if (canvas.isConnected) drawBars(canvas, lines, { label, pick });
  }
}

document.addEventListener("pulse:theme", drawAnew);
document.addEventListener("pulse:resynced", drawAnew);
