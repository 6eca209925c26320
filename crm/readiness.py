"""How a process tells whoever started it that it is ready: one line into the pipe that READY_FD names."""

import os
from contextlib import suppress

VARIABLE = "READY_FD"


def say_ready() -> None:
    """Nobody may have asked, or be there any more, and that is no reason to stop."""
    number = os.environ.pop(VARIABLE, "")
    if number:
        with suppress(OSError), os.fdopen(int(number), "wb") as pipe:
            pipe.write(b"\n")


class Ear:
    """The other end: give `fd` to the child, with its number as READY_FD."""

    def __init__(self) -> None:
        self.reading, self.fd = os.pipe()
        os.set_blocking(self.reading, False)
        self.is_ready = False

    def started(self) -> None:
        """The child has its own copy of the writing end now."""
        os.close(self.fd)

    def hears_ready(self) -> bool:
        with suppress(BlockingIOError):
            self.is_ready = self.is_ready or bool(os.read(self.reading, 1))
        return self.is_ready

    def close(self) -> None:
        os.close(self.reading)
