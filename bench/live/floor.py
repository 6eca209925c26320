"""The calibration: a loop of `send` to every socket, the least that any server can do; the rest is the client's."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
ANSWER = b'\x81\x0a{"pong":0}'


@contextmanager
def running(sockets: int, rate: float, seconds: float) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Its address, and the process, which prints the time at which each round of sending began."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        command = [sys.executable, "-m", "bench.live.floor"]
        numbers = [str(each) for each in (listening.fileno(), sockets, rate, seconds)]
        process = subprocess.Popen(
            [*command, *numbers],
            pass_fds=[listening.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/", process
        finally:
            process.kill()
            process.wait()


def main(handle: int, count: int, rate: float, seconds: float) -> None:
    from bench.live.bare import change
    from crm.live.wire import text_frame

    listening = socket.socket(fileno=handle)
    accepted = []
    for _ in range(count):
        peer, _ = listening.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.recv(65536)
        peer.sendall(ACCEPTED + ANSWER)
        accepted.append(peer)
    sys.stdin.readline()
    begun = time.perf_counter()
    for version in range(int(rate * seconds)):
        frame = text_frame(change("customer:1", version))
        time.sleep(max(0.0, begun + version / rate - time.perf_counter()))
        print(time.perf_counter(), flush=True)
        for peer in accepted:
            peer.send(frame)
    sys.stdin.read()  # until nobody listens any more


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
