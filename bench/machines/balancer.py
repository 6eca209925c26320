"""A load balancer in a process of its own: passes each connection to the next web host that takes it.

`python -m bench.machines.balancer PORT HOST:PORT HOST:PORT`
"""

import asyncio
import sys
from itertools import cycle

from bench.faults.proxy import End, Entrance, Line

TAKEN_WITHIN = 0.3  # seconds; a host that does not answer by then is passed over


class Balance(Line):
    """Hosts in turn."""

    def __init__(self, hosts: list[str]) -> None:
        super().__init__("")
        self.count, self.hosts = len(hosts), cycle(hosts)

    async def connect(self) -> End:
        for _ in range(self.count):
            host, _, port = next(self.hosts).partition(":")
            try:
                async with asyncio.timeout(TAKEN_WITHIN):
                    _, end = await asyncio.get_running_loop().create_connection(lambda: End(self), host, int(port))
            except OSError:  # a timeout is one too
                continue
            return end
        raise ConnectionRefusedError


async def serve(port: str, *hosts: str) -> None:
    line = Balance(list(hosts))
    server = await asyncio.get_running_loop().create_server(
        lambda: Entrance(line), "127.0.0.1", int(port), backlog=1024
    )
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
