// The way from a figure of the speed board to the rows behind it: the rows of the moment that is shown.

export const speed = document.getElementById("speed");

/** What is shown: set by speed.js whenever a new board arrives. */
export const shown = { board: null };

/** The address of the rows that `wanted` says. */
export function rowsUrl(wanted) {
  const said = { window: JSON.parse(speed.dataset.args).window, until: shown.board.until, ...wanted };
  const known = Object.entries(said).filter(([, value]) => value !== null && value !== undefined);
  return `${speed.dataset.rows}?${new URLSearchParams(known)}`;
}

// The links of single figures were drawn some boards ago: they open what is shown now, whichever way they are clicked.
for (const event of ["click", "auxclick"]) {
  speed.addEventListener(event, ({ target }) => {
    const link = target.closest("a[data-drill][data-figure]");
    if (!link) return;
    const { until, ...wanted } = Object.fromEntries(new URL(link.href).searchParams);
    link.href = rowsUrl(wanted);
  }, true);
}
