"""What `make run` tells the manage.py commands of the same checkout: its addresses and its secret."""

import os
import shlex
from contextlib import suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    return Path(os.environ.get("PULSE_DATA", CHECKOUT / ".data")).resolve()


def read_environment(folder: Path) -> dict[str, str]:
    """The environment of the last run in `folder`; empty where there was none."""
    with suppress(OSError):
        lines = shlex.split((folder / "environment").read_text())
        return dict(line.split("=", 1) for line in lines)
    return {}


def use_environment_of_last_run() -> None:
    """What the environment names already stays as it is, so a production machine is not touched by this."""
    for name, value in read_environment(data_folder()).items():
        os.environ.setdefault(name, value)
