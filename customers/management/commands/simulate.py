"""Lets the demo's staff and customers work, so that screens and plots can be seen alive."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.records.access import Reach
from crm.staff import services
from crm.staff.models import User
from customers.demo import OWNERS
from customers.simulation import ApiDoor, Door, ServiceDoor, Simulation


class Command(BaseCommand):
    help = "Changes customers through the services and the API at a rate, until Ctrl-C; prints a line a second."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rate", type=float, default=20, help="changes a second")
        parser.add_argument("--seconds", type=float, help="stop after these")
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}", help="where the API answers")

    def handle(self, *args: Any, rate: float, seconds: float | None, url: str, **options: Any) -> None:
        if rate <= 0:
            raise CommandError("--rate must be more than 0.")
        people = User.objects.filter(username__in=OWNERS, is_active=True).exclude(role__edit=Reach.NONE)
        with ExitStack() as stack:
            doors = [stack.enter_context(doors_of(user, url)) for user in people]
            if not doors:
                raise CommandError("There is nobody to work: `make demo` brings people and customers.")
            self.watch(Simulation(rate, doors, str(time.time())), seconds)

    def watch(self, simulation: Simulation, seconds: float | None) -> None:
        end = time.monotonic() + seconds if seconds else float("inf")
        simulation.start()
        try:
            while time.monotonic() < end:
                time.sleep(min(1.0, max(0.0, end - time.monotonic())))
                self.report(simulation)
        except KeyboardInterrupt:
            self.stdout.write("stopping")
        finally:
            simulation.stop()

    def report(self, simulation: Simulation) -> None:
        counts, slowest, trouble = simulation.counts.take()
        done = counts["services"] + counts["API"]
        parts = [f"{name} {counts[name]}" for name in ("services", "API", "conflicts", "refused", "failed")]
        line = f"{timezone.now():%H:%M:%S}  {done:3} done  ({', '.join(parts)})  slowest {slowest * 1000:.0f} ms"
        self.stdout.write(f"{line}  {trouble}".rstrip())


@contextmanager
def doors_of(user: User, url: str) -> Iterator[list[Door]]:
    """The services and the API for one person; the token ends with the work."""
    token, plain = services.create_token(user, name="simulation")
    try:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {plain}"}, timeout=10) as client:
            yield [ServiceDoor(user), ApiDoor(user, client)]
    finally:
        services.revoke_token(token.pk, actor=user)
