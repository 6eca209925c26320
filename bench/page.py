"""`docs/FIGURES.md` and its plots, made of what the benchmarks left in `bench/results/`."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from matplotlib.rcsetup import cycler

from bench.report import RESULTS

DOCS = RESULTS.parent.parent / "docs"
FIGURES = DOCS / "figures"
ORDER = (
    "live",
    "painted",
    "pages",
    "writes",
    "relay",
    "relay-delay",
    "relay-bulk",
    "cache",
    "timings",
    "faults",
    "rolling",
    "machines",
    "soak",
)

# Legible on a white page as on a dark one: both have the same contrast to these.
INK, GRID = "#7a808a", "#7a808a55"
COLORS = ("#2f7ee6", "#e0752d", "#2a9d5c", "#b05cc6", "#c9a227", "#d64b6a", "#1fa3b0", "#8a7ae0")
STYLE: Any = {
    "svg.hashsalt": "pulse",  # the same figures give the same file
    "svg.fonttype": "none",  # letters stay letters: small, and of the reader's own font
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.prop_cycle": cycler(color=COLORS),
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
HEAD = """\
# The figures

Made by `make bench`; one alone by `make bench-NAME`. Do not edit: `python -m bench.page` writes this page from what
the benchmarks left in `bench/results/`.

Every figure stands beside a control of the same run, and the ratio to it says more than the absolute number: it holds
on another machine too. *Reference* is what was published for another product, measured with the same method.
*Spread* is the least and the greatest of the single runs, of which *measured* is the median. A target that was missed
says so.
"""
COLUMNS = ("what", "measured", "target", "", "control", "ratio", "reference", "spread")


def main() -> None:
    results = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"), key=rank)]
    FIGURES.mkdir(exist_ok=True)
    for left in FIGURES.glob("*.svg"):
        left.unlink()
    (DOCS / "FIGURES.md").write_text("\n".join([HEAD, *(section(each) for each in results)]))


def rank(path: Path) -> tuple[int, str]:
    return (ORDER.index(path.stem) if path.stem in ORDER else len(ORDER), path.stem)


def section(result: Mapping[str, Any]) -> str:
    command, begun = result["name"].partition("-")[0], result["begun"][:16].replace("T", " ")
    run = (
        f"`make bench-{command}`, {begun} UTC, {result['seconds']} s, commit {result['commit']}, {result['machine']}, "
        f"load before it {result['load_before']:g}."
    )
    rows = [row(each) for each in result["figures"]]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in [COLUMNS, ("---",) * len(COLUMNS), *rows])
    plots = [draw(result["name"], plot) for plot in result["plots"]]
    return "\n\n".join([f"## {result['title']}", table, result["method"], run, *plots]) + "\n"


def row(figure: Mapping[str, Any]) -> tuple[str, ...]:
    measured, control, runs = figure["measured"], figure["control"], figure["runs"]
    sign = "≤" if figure["better"] == "lower" else "≥"
    return (
        figure["what"],
        f"**{number(measured)}** {figure['unit']}",
        "" if figure["target"] is None else f"{sign} {number(figure['target'])}",
        {None: "", True: "reached", False: "**missed**"}[figure["is_reached"]],
        "" if control is None else f"{figure['control_name']}: {number(control)}",
        f"{measured / control:.2f}" if control else "",
        number(figure["reference"]) if figure.get("reference") else "",
        f"{number(min(runs))}–{number(max(runs))}" if runs else "",
    )


def number(value: float) -> str:
    """Three figures, thousands parted: 1,234,567 and 0.0123."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def draw(name: str, plot: Mapping[str, Any]) -> str:
    """Draws one plot as SVG; returns the line that shows it."""
    file = FIGURES / f"{name}-{re.sub(r'[^a-z0-9]+', '-', plot['title'].lower()).strip('-')}.svg"
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(7.2, 3.2), layout="constrained")
        axes = canvas.subplots()
        for curve in plot["curves"]:
            axes.plot(curve["x"], curve["y"], label=curve["name"], linewidth=1.6)
        axes.set(xlabel=plot["x_label"], ylabel=plot["y_label"])
        axes.set_ylim(bottom=0)
        canvas.legend(loc="outside right upper")
        canvas.savefig(file, transparent=True, metadata={"Date": None, "Creator": None})
    return f"![{plot['title']}](figures/{file.name})\n\n*{plot['title']}*"


if __name__ == "__main__":
    main()
