"""The terminal of a run: our own lines, and what the children write to their logs, each with its name before it."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path

from crm.processes import Child

COLOURS = (36, 32, 35, 33, 34, 96, 92)
LONGEST_LOG = 20 * 1024**2


def say(text: str) -> None:
    """The terminal may be gone (closed window, killed pager); that must not keep us from stopping in order."""
    with suppress(OSError):
        print(text, flush=True)


def complain(text: str) -> None:
    with suppress(OSError):
        print(f"pulse: {text}", file=sys.stderr, flush=True)


class LogTail:
    """What is new in one log file, in whole lines; a file that grew too long is put aside."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = path.stat().st_size if path.exists() else 0

    def lines(self) -> Iterator[str]:
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self.position)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.position += len(line)
                yield line.decode(errors="replace").rstrip()
            self.rotate()

    def rotate(self) -> None:
        """Copied and emptied in place, since the child holds it open (for appending)."""
        if self.position > LONGEST_LOG:
            shutil.copyfile(self.path, self.path.with_suffix(".old.log"))
            os.truncate(self.path, 0)
            self.position = 0


class Terminal:
    def __init__(self, children: Iterable[Child]) -> None:
        colourful = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.sources = [
            (child, prefix(child.name, colour if colourful else None), LogTail(child.log))
            for child, colour in zip(children, cycle(COLOURS))
        ]

    def show_news(self) -> None:
        for child, label, tail in self.sources:
            for line in tail.lines():
                if not (child.routine and child.routine.search(line)):
                    say(f"{label} {line}")


def prefix(name: str, colour: int | None) -> str:
    label = f"{name:<8} |"
    return f"\x1b[{colour}m{label}\x1b[0m" if colour else label
