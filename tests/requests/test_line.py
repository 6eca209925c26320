"""Whatever happens to a customer's requests, in whatever order: one at a time, and none waits for nobody."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.requests import engine, services
from crm.requests.kinds import PEOPLE, Handover
from crm.requests.models import OPEN, Request
from tests.factories import make_customer
from tests.requests.handling import claim

pytestmark = pytest.mark.django_db

LONG = timedelta(hours=1)
VERBS = [
    "ask", "claim", "claim", "finish", "refuse", "try again", "hand over", "lose", "sweep", "cancel", "retry",
    "discard", "delete", "finish a lost one",
]  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 9)), min_size=5, max_size=40)


class World:
    """Two customers, their requests, and the attempts that workers believe to be theirs."""

    def __init__(self, admin, customers):
        self.admin, self.customers = admin, customers
        self.attempts, self.lost = [], []

    def step(self, verb, choice):
        match verb:
            case "ask":
                self.ask(self.customers[choice % 2])
            case "claim":
                self.attempts += filter(None, [claim()])
            case "finish" | "refuse" | "try again" | "hand over" if self.attempts:
                self.end(self.attempts.pop(choice % len(self.attempts)), verb)
            case "lose" if self.attempts:
                self.lost.append(self.attempts.pop(choice % len(self.attempts)))
                self.lose(self.lost[-1:])
            case "finish a lost one" if self.lost:
                self.end(self.lost.pop(), "finish")
            case "sweep":
                self.sweep()
            case "cancel" | "retry" | "discard" | "delete":
                self.change(verb, choice)

    def ask(self, customer):
        services.accept_request("probe", customer.pk, {"ms": 0, "key": "line"}, actor=self.admin)

    def end(self, attempt, verb):
        try:
            match verb:
                case "finish":
                    engine.finish(attempt, {})
                case "refuse":
                    engine.refuse(attempt, "no")
                case "try again":
                    engine.try_again(attempt, "not now", attempts=3)
                case "hand over":
                    engine.hand_over(attempt, Handover(None, timezone.now(), {}))
        except engine.Lost:
            pass

    def change(self, verb, choice):
        rows = list(Request.objects.order_by("pk"))
        if not rows:
            return
        request = rows[choice % len(rows)]
        try:
            match verb:
                case "cancel":
                    services.cancel_request(request.pk, actor=self.admin)
                case "retry":
                    services.retry_request(request.pk, actor=self.admin)
                case "discard":
                    services.discard_request(request.pk, actor=self.admin)
                case "delete":
                    request.delete()
        except services.WrongState:
            pass

    def lose(self, attempts):
        ids = [attempt.request_id for attempt in attempts]
        Request.objects.filter(pk__in=ids, state="running").update(lease_until=timezone.now() - LONG)

    def sweep(self):
        Request.objects.filter(retry_at__isnull=False).update(retry_at=timezone.now() - LONG)
        engine.sweep()

    def check(self):
        """One of each customer's is ready, in work or pausing, if any is open at all, and then it is the only one."""
        rows = Request.objects.filter(state__in=OPEN).exclude(queue=PEOPLE)
        going = [row.customer_id for row in rows if row.is_ready or row.state == "running" or row.retry_at]
        assert Counter(going) == Counter({row.customer_id for row in rows})

    def drain(self):
        self.lose(self.attempts)
        self.sweep()
        while attempt := claim():
            self.end(attempt, "finish")
        assert not Request.objects.filter(state__in=OPEN).exclude(queue=PEOPLE).exists()


@given(STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_each_customer_one_goes_on_whatever_happens(everybody, steps):
    with transaction.atomic():
        world = World(everybody.admin, [make_customer(everybody.alice), make_customer(everybody.alice)])
        for verb, choice in steps:
            world.step(verb, choice)
            world.check()
        world.drain()
        transaction.set_rollback(True)
