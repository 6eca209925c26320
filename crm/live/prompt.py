"""Makes a process answer promptly whose other threads compute."""

import gc
import sys

TURN = 0.0005  # seconds that a computing thread may keep the interpreter from one that has work; Python's own is 0.005


def be_prompt() -> None:
    """Once, with everything loaded: looking for garbage in that would stop all for a tenth of a second."""
    sys.setswitchinterval(TURN)
    gc.collect()
    gc.freeze()
