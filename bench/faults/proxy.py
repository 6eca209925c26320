"""A proxy in a process of its own, between the product and one of its servers: it cuts connections and makes them slow.

`python -m bench.faults.proxy LISTEN TARGET` (paths of unix sockets) obeys lines on its input: `reset`, `delay SECONDS`.
"""

import asyncio
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


class Proxy:
    """The proxy's process, as the fault run holds it."""

    def __init__(self, listen: Path, target: Path) -> None:
        listen.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "bench.faults.proxy", str(listen), str(target)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.process.stdout.readline()  # it listens
        listen.chmod(0o777)

    def say(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def reset(self) -> None:
        """Every connection through it breaks, whatever is under way; new ones are let in."""
        self.say("reset")

    def delay(self, seconds: float) -> None:
        """What is said from now on arrives so much later, either way."""
        self.say(f"delay {seconds}")

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(5)


class Line:
    """What all connections share: how slow they are, and which there are."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.delay = 0.0
        self.ends: set[End] = set()

    async def connect(self) -> "End":
        """The end towards the server; raises OSError when it takes nobody."""
        _, end = await asyncio.get_running_loop().create_unix_connection(lambda: End(self), self.target)
        return end

    def obey(self, command: str) -> None:
        match command.split():
            case ["reset"]:
                for end in list(self.ends):
                    end.transport.abort()
            case ["delay", seconds]:
                self.delay = float(seconds)


class End(asyncio.Protocol):
    """One end of a connection; what comes in here goes out at the other end."""

    transport: asyncio.Transport

    def __init__(self, line: Line) -> None:
        self.line = line
        self.other: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.line.ends.add(self)

    def data_received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        # Never before what is still under way, also when the line has just become quicker.
        self.due = max(self.due + 1e-6, loop.time() + self.line.delay)
        if self.due > loop.time() + 1e-4 or not self.other.done():
            loop.call_at(self.due, self.pass_on, data)
        else:
            self.pass_on(data)

    def pass_on(self, data: bytes) -> None:
        if not self.other.done():
            self.other.add_done_callback(lambda _: self.pass_on(data))
        elif not self.other.cancelled():
            self.other.result().transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.line.ends.discard(self)
        if self.other.done() and not self.other.cancelled():
            self.other.result().transport.close()
        self.other.cancel()

    def pause_writing(self) -> None:
        with suppress(asyncio.InvalidStateError, asyncio.CancelledError):
            self.other.result().transport.pause_reading()

    def resume_writing(self) -> None:
        with suppress(asyncio.InvalidStateError, asyncio.CancelledError):
            self.other.result().transport.resume_reading()


class Entrance(End):
    """The end towards the product: it opens the one towards the server, or breaks as that would."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.opening = asyncio.get_running_loop().create_task(self.open())

    async def open(self) -> None:
        try:
            way_out = await self.line.connect()
        except OSError:
            self.transport.abort()
            return
        way_out.other.set_result(self)
        if self.other.cancelled():
            way_out.transport.close()
        else:
            self.other.set_result(way_out)


async def serve(listen: str, target: str) -> None:
    line, loop = Line(target), asyncio.get_running_loop()
    await loop.create_unix_server(lambda: Entrance(line), listen, backlog=1024)
    print("listening", flush=True)
    while command := await loop.run_in_executor(None, sys.stdin.readline):
        line.obey(command)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
