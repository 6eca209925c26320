"""/metrics for Prometheus: the whole product's figures from the database, and this process's own.

Whichever web process is asked gives the same figures, so that nothing has to be shared between them.
"""

import secrets
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.db.models import Count, Min, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crm import health
from crm.outbox.models import NOT_ENDED, Dispatch, State
from crm.records import log
from crm.records.models import ChangeNew, Tally
from crm.requests.load import loads
from crm.staff.services import user_for_token
from crm.timings import figures

WINDOW = 300  # seconds that timings are told for
QUEUES = {
    "rate": f"Requests a second that came to the queue in {WINDOW} seconds.",
    "seconds": "Seconds of handling that each is expected to take, as learned.",
    "waiting": "Requests that wait.",
    "wanted": "Slots that this would take, 7 of 10 at work, and what waits worked off in a minute.",
}
STATISTICS = ("mean", "p50", "p95", "p99", "max")


@require_GET
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever has METRICS_TOKEN or an administrator's API token."""
    _, _, token = request.headers.get("Authorization", "").partition("Bearer ")
    if not is_known(token.strip()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(REGISTRY) + generate_latest(product), content_type=CONTENT_TYPE_LATEST)


def is_known(token: str) -> bool:
    if settings.METRICS_TOKEN and secrets.compare_digest(token.encode(), settings.METRICS_TOKEN.encode()):
        return True
    found = user_for_token(token) if token else None
    return found is not None and found[0].access.is_administrator


class Product(Collector):
    """Asked anew at every scrape."""

    def collect(self) -> Iterator[Metric]:
        try:
            found = [*dependencies(), *change_log(), *screens(), *timings(), *queues(), *outbox(), *records()]
        except DatabaseError:
            found = [gauge("pulse_database_up", "Whether the database answers.", 0)]
        yield from found


product = CollectorRegistry(auto_describe=False)
product.register(Product())


def dependencies() -> Iterator[Metric]:
    for name, finding in health.findings().items():
        yield gauge(f"pulse_{name}_up", f"Whether the {name} does its work.", finding["ok"])


def change_log() -> Iterator[Metric]:
    head = CounterMetricFamily("pulse_changes", "Changes in the log: its head.")
    head.add_metric([], log.position().head)
    yield head
    yield gauge("pulse_inbox_changes", "Changes that wait for their number.", ChangeNew.objects.count())


def screens() -> Iterator[Metric]:
    for name, value in figures.screens().items():
        yield gauge(f"pulse_screens_{name}", f"Live screens, of all processes: {name.replace('_', ' ')}.", value)


def timings() -> Iterator[Metric]:
    answers = figures.response_figures("answer", figures.stretch_of(WINDOW))
    for family, found in {**figures.figures(WINDOW), "answer": answers}.items():
        seconds = GaugeMetricFamily(
            f"pulse_{family}_seconds", f"The {family} times of the last {WINDOW} seconds.", labels=["statistic"]
        )
        for name in STATISTICS:
            if found[name] is not None:
                seconds.add_metric([name], found[name])
        yield seconds
        for name in found.keys() - STATISTICS:
            yield gauge(
                f"pulse_{family}_{name}", f"{name} of the {family} times of the last {WINDOW} seconds.", found[name]
            )
    yield requests()


def requests() -> Metric:
    """By module, as they were logged: every HTTP request and socket command of all processes."""
    answered = GaugeMetricFamily("pulse_requests", f"Requests of the last {WINDOW} seconds.", labels=["module"])
    stretch = figures.stretch_of(WINDOW)
    for group in figures.source("answer", stretch).summary("answer", stretch):
        if group.module is not None and group.kind is None:
            answered.add_metric([group.module], group.figure.n)
    return answered


def queues() -> Iterator[Metric]:
    """Of customers' requests."""
    found = loads(WINDOW)
    for name, about in QUEUES.items():
        told = GaugeMetricFamily(f"pulse_queue_{name}", about, labels=["queue"])
        for each in found:
            told.add_metric([each.queue], getattr(each, name))
        yield told


def outbox() -> Iterator[Metric]:
    """What has not left, which the index finds however much has."""
    held = (
        Dispatch.objects.filter(state__in=NOT_ENDED).values_list("state").annotate(n=Count("pk"), oldest=Min("due_at"))
    )
    found = {state: (n, oldest) for state, n, oldest in held.order_by()}
    told = GaugeMetricFamily("pulse_outbox_dispatches", "Mails and calls that have not left.", labels=["state"])
    for state in NOT_ENDED:
        told.add_metric([state], found.get(state, (0, None))[0])
    yield told
    due_at = found.get(State.WAITING, (0, None))[1]
    late = max((timezone.now() - due_at).total_seconds(), 0.0) if due_at else 0.0
    yield gauge("pulse_outbox_oldest_seconds", "Seconds since the longest waiting of them was due.", late)


def records() -> Iterator[Metric]:
    counted = GaugeMetricFamily("pulse_records", "Records that are not in the trash.", labels=["record"])
    for record, n in Tally.objects.filter(dimension="all").values_list("record").annotate(Sum("n")).order_by():
        counted.add_metric([record], n)
    yield counted


def gauge(name: str, about: str, value: Any) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=float(value))
