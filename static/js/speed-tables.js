// The tables of the speed board: each line is cloned from its template once, then only its values change.

import { rowsUrl, speed } from "./speed-drill.js";
import { fill } from "./values.js";

const labels = JSON.parse(document.getElementById("speed-labels").textContent);

// For each table: its lines, in order, and which rows a line's figures open.
const TABLES = {
  stages: { lines: ({ stages }) => stages.toReversed(), opens: ({ at, to }) => ({ of: "update", since: at, until: to }) },
  bins: { lines: ({ bins }) => bins, opens: ({ low, high }) => ({ of: "update", at_least: low, below: high }) },
  "groups.update": groups("update"),
  "groups.response": groups("response"),
  "groups.answer": groups("answer"),
};

export const opens = (table, line) => rowsUrl(TABLES[table].opens(line));

export function drawTables(board) {
  for (const body of speed.querySelectorAll("tbody[data-items]")) {
    if (body.closest("details:not([open])")) continue;
    const { lines, opens } = TABLES[body.dataset.items];
    drawLines(body, lines(board), opens);
  }
}

function groups(family) {
  return {
    lines: (board) => board.groups[family].map((group) => ({ ...group, name: nameOf(group) })),
    opens: ({ module, kind }) => ({ of: family, module, kind }),
  };
}

const nameOf = ({ module, kind }) => (kind === null ? labels.modules[module] ?? module : labels.kinds[kind] ?? kind);

function drawLines(body, lines, opens) {
  const template = document.getElementById(body.dataset.item).content.firstElementChild;
  while (body.rows.length > lines.length) body.rows[body.rows.length - 1].remove();
  while (body.rows.length < lines.length) body.append(template.cloneNode(true));
  lines.forEach((line, index) => drawLine(body.rows[index], line, opens(line)));
}

function drawLine(row, line, opened) {
  row.classList.toggle("kind", Boolean(line.kind));
  for (const place of row.querySelectorAll("[data-value]")) {
    fill(place, line[place.dataset.value]);
    if (place.matches("a[data-drill]")) place.href = rowsUrl({ ...opened, show: place.dataset.show });
  }
}
