"""Readers that never read: what they cost in memory, beside a run without them."""

import socket
import time
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import psutil

from bench.live.listener import Line
from bench.live.stage import RECORDS, Stage, says
from bench.report import Figure, Report

ROUNDS = 30  # changes of all records by one statement: 12 MB for each reader
PAUSE = 0.5  # seconds between them
BUFFER = 4096  # bytes that the kernel takes in for a reader; the rest stays with the server
CAP = 2.0  # MB that may wait for one reader: MAX_UNSENT of crm/live/socket.py


def measure(report: Report, stage: Stage, readers: int) -> None:
    usual = growth(stage, 0)
    risen = growth(stage, readers)
    name = f"{stage.server}: {readers} readers that never read: memory of the web processes rises by"
    report.add(Figure(name, round(risen, 1), "MB", readers * CAP, control=round(usual, 1), control_name="without them"))


def growth(stage: Stage, readers: int) -> float:
    """How many MB the web processes take more than before, at the most, under changes."""
    stage.serve_with(stage.server)
    with ExitStack() as opened:
        for number in range(readers):
            opened.enter_context(closing(stuck(stage, number)))
        before = most = memory(stage)
        for number in range(ROUNDS):
            stage.change_all(f"Round {number}")
            time.sleep(PAUSE)
            most = max(most, memory(stage))
    return most - before


def stuck(stage: Stage, number: int) -> socket.socket:
    """Watches all records, and hears no more once that is confirmed."""
    url = urlsplit(stage.stack.ws_url)
    headers = {"Authorization": f"Bearer {stage.token(number)}"}
    line = Line(number, (str(url.hostname), int(url.port or 80)), url.path, headers, buffer=BUFFER)
    for text in says(stage.topics(range(RECORDS))):
        line.say(text)
    line.wait_for_answer()
    return line.socket


def memory(stage: Stage) -> float:
    return sum(float(psutil.Process(pid).memory_info().rss) for pid in pids(stage)) / 1e6


def pids(stage: Stage) -> list[int]:
    return [child.process.pid for child in stage.stack.named("web") if child.process is not None]
