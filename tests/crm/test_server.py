"""The web server: a slow reader slows its sender alone, and a stop tells sockets to come back."""

import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection
from socket import create_connection

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from crm.environment import CHECKOUT
from tests.crm.flood import MESSAGES
from tests.crm.test_starter import free_port
from tests.stack import Stack


@pytest.fixture
def port() -> Iterator[int]:
    number = free_port()
    server = subprocess.Popen([sys.executable, "-m", "tests.crm.flood", str(number)], cwd=CHECKOUT)
    yield number
    server.terminate()
    server.wait(30)


def sent(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as response:
        return int(response.read())


def settled(port: int) -> int:
    """How much was sent when no more is: the same figure five times."""
    seen = [0]
    while not seen[-1] or seen[-5:] != seen[-1:] * 5:
        time.sleep(0.1)
        seen.append(sent(port))
    return seen[-1]


def open_socket(port: int) -> ClientConnection:
    deadline = time.monotonic() + 30
    while True:
        try:
            return connect(f"ws://127.0.0.1:{port}/", max_queue=1, compression=None)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_sender_waits_for_its_reader(port: int) -> None:
    with open_socket(port) as reader:
        waiting = settled(port)
        assert waiting < MESSAGES / 4, "all else lies in the server's memory"
        for _ in range(MESSAGES):
            reader.recv(timeout=30)
        assert settled(port) == MESSAGES


def test_a_connection_that_is_to_end_ends_with_its_answer(port: int) -> None:
    with open_socket(port), create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_stop_tells_sockets_to_come_back(stack: Stack) -> None:
    cookie = {"Cookie": f"sessionid={stack.sign_in(stack.people.alice)}", "Origin": stack.url}
    with connect(stack.ws_url, additional_headers=cookie) as reader:
        stack.restart("web")
        with suppress(ConnectionClosed):
            while True:
                reader.recv(timeout=30)
        assert reader.close_code == 1012


def test_a_stop_fails_no_request_on_a_kept_connection(stack: Stack) -> None:
    kept = HTTPConnection("127.0.0.1", stack.port, timeout=30)
    assert ask(kept) != "close"
    restarting = threading.Thread(target=stack.restart, args=("web",))
    restarting.start()
    while ask(kept) != "close":
        time.sleep(0.05)
    restarting.join()
    stack.wait_for_web()


def ask(kept: HTTPConnection) -> str | None:
    """What the answer says about the connection."""
    kept.request("GET", "/healthz")
    with kept.getresponse() as answer:
        assert answer.read() == b"ok\n"
        return answer.getheader("Connection")
