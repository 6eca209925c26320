"""Probes, a kind of customers' requests, sent at a steady rate; afterwards, what became of each of them."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bench.report import Figure, Report

if TYPE_CHECKING:
    from crm.requests.models import RequestQuerySet

SETTLED = 30.0  # seconds given to whatever is still open


@dataclass(frozen=True)
class Probes:
    """`rate` a second, of `ms` each, each of another of the customers; `key` tells them from others'."""

    actor: Any
    customers: Sequence[int]
    key: str
    rate: float
    ms: int

    @contextmanager
    def sent(self) -> Iterator[None]:
        """Meanwhile, whatever becomes of them."""
        stopping = threading.Event()
        sender = threading.Thread(target=self.send, args=(stopping,))
        sender.start()
        try:
            yield
        finally:
            stopping.set()
            sender.join()

    def send(self, stopping: threading.Event) -> None:
        from django.db import connection

        from crm.requests.services import accept_request

        begun = time.monotonic()
        for number, customer in enumerate(self.customers):
            if stopping.wait(max(0.0, begun + number / self.rate - time.monotonic())):
                break
            accept_request("probe", customer, {"ms": self.ms, "key": self.key}, actor=self.actor)
        connection.close()

    def all(self) -> "RequestQuerySet":
        from crm.requests.models import Request

        return Request.objects.filter(payload__key=self.key)

    def settle(self) -> None:
        """Until all are done; what is then still open counts as lost."""
        until = time.monotonic() + SETTLED
        while self.all().open().exists() and time.monotonic() < until:
            time.sleep(0.1)

    def judge(self, report: Report) -> None:
        from django.db.models import F, Max

        from crm.requests.probe import effects

        found, asked = Counter(effects(self.key)), list(self.all().values_list("pk", flat=True))
        report.add(Figure("requests accepted", len(asked), ""))
        report.add(Figure("requests lost", sum(not found[each] for each in asked), "", 0))
        report.add(Figure("requests done more than once", sum(found[each] > 1 for each in asked), "", 0))
        report.add(Figure("tried more than once", self.all().filter(attempt__gt=1).count(), ""))
        longest = self.all().aggregate(longest=Max(F("finished_at") - F("received_at")))["longest"]
        report.add(Figure("from acceptance to the end, the slowest", longest.total_seconds(), "s"))

    def recovery(self, at: datetime) -> float:
        """Seconds from then until the last of those that had been accepted by then was done."""
        from django.db.models import Max

        last = self.all().filter(received_at__lte=at).aggregate(last=Max("finished_at"))["last"]
        return max(0.0, float((last - at).total_seconds()))
