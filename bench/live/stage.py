"""What every part of the live benchmark stands on: the product, who watches, what changes."""

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.live.driver import Driver, Key

if TYPE_CHECKING:
    from tests.stack import Stack

RECORDS = 1000


class Stage:
    """`change(index)` changes that customer, whoever else does so at the same time."""

    def __init__(self, stack: "Stack", server: str) -> None:
        from django.db import connection

        from bench.customers import fill
        from crm.staff.services import create_token

        self.stack, self.server = stack, server
        self.people = [stack.people.alice, stack.people.bob, stack.people.dana]
        self.tokens = [create_token(each, name="bench")[1] for each in self.people]
        self.ids = fill(RECORDS, stack.people.alice)
        self.versions = dict.fromkeys(self.ids, 1)
        self.locks = {each: threading.Lock() for each in self.ids}
        self.driver = Driver(prepare=connection.ensure_connection)

    def serve_with(self, server: str) -> None:
        self.server = self.stack.environment["SERVER"] = server
        self.stack.kill("web")
        self.stack.start("web")
        self.stack.wait_for_web()

    def change(self, index: int, number: int) -> tuple[Key, float]:
        """Through the service function; the record with its new version, and when the commit was acknowledged."""
        from customers.services import update_customer

        customer_id = self.ids[index % RECORDS]
        with self.locks[customer_id]:
            version = self.versions[customer_id]
            changes = {"title": f"Buyer {number}.{version}"}  # what changes nothing is no change
            row = update_customer(customer_id, actor=self.people[1], version=version, changes=changes)
            done = time.perf_counter()
            self.versions[customer_id] = row["version"]
        return (f"customer:{customer_id}", row["version"]), done

    def change_all(self, title: str) -> None:
        """All customers by one statement."""
        from customers.models import Customer

        Customer.objects.filter(pk__in=self.ids).update(title=title)
        self.versions = dict(Customer.objects.filter(pk__in=self.ids).values_list("pk", "version"))

    def topics(self, indexes: range) -> list[str]:
        return [f"customer:{self.ids[index % RECORDS]}" for index in indexes]

    def token(self, number: int) -> str:
        return self.tokens[number % len(self.tokens)]

    @property
    def postgres_log(self) -> Path:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('data_directory')")
            data = Path(cursor.fetchone()[0])
        return data.parent / "log" / f"{data.name}.log"


def says(topics: list[str]) -> list[str]:
    """What a socket says first; it listens when the ping is answered."""
    return [json.dumps({"watch": topics}), '{"ping":0}']
