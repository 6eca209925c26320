"""One run: people, customers and clients on a stage, the load, the faults one after the other, and what is left."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, LiteralString, Protocol

from bench.faults.callers import Callers
from bench.faults.history import Befallen, Clock, History
from bench.faults.http import Http
from bench.faults.schedule import Fault
from bench.faults.watcher import Values, Watcher

CUSTOMERS = 200
TOPICS = 10  # watched by one client; so each change is seen by about ten of two hundred
VIEWERS = 5  # one client in so many watches a list instead
LISTED = "vip"  # the stage of those on the list
NEVER = 30.0  # seconds after which a client that is not current is given up
LOOK_EVERY = 0.02
FINISH = 30.0  # seconds for calls that are under way at the end
OPEN: LiteralString = "SELECT to_jsonb(id) FROM requests_request WHERE state IN ('queued', 'running') LIMIT 1"
CHANGED: LiteralString = """
 WHERE id IN (SELECT record_id FROM change WHERE seq > %(since)s AND record = %(record)s
              UNION ALL SELECT record_id FROM change_new WHERE record = %(record)s)"""
MOVED_BY_EVERY_CHANGE = ("updated_at", "version")  # which is why no frame has them among its fields


class Stage(Protocol):
    """Where a run happens: the product on one machine, or on many."""

    @property
    def port(self) -> int: ...

    @property
    def ws_urls(self) -> Sequence[str]: ...

    def begin(self, fault: Fault) -> None: ...

    def undo(self, fault: Fault) -> None: ...


@dataclass(frozen=True)
class Load:
    """How much goes on while faults come."""

    seed: int
    seconds: float
    clients: int = 200
    writes: float = 100.0


class Run:
    """`history` is complete after `play`, and `unequal` says which clients were not equal to the database then."""

    def __init__(self, stage: Stage, load: Load, faults: Sequence[Fault], tell: Callable[[str], None]) -> None:
        self.stage, self.load, self.faults, self.tell = stage, load, faults, tell
        self.rng, self.clock, self.history = Random(load.seed), Clock(), History()
        self.unequal: dict[str, str] = {}
        self.compared_to = 0
        self.prepare()

    def prepare(self) -> None:
        from crm.staff import services as staff
        from tests.factories import make_customer, people

        self.people = found = people()
        self.readers = [found.alice, found.bob, found.dana, found.vera]
        tokens = {user.pk: staff.create_token(user, name="faults")[1] for user in self.readers}
        made = [
            make_customer(found.alice, name=f"Customer {number}", emails=["a@b.example"]) for number in range(CUSTOMERS)
        ]
        self.ids = [customer.pk for customer in made]
        self.watchers = [self.watcher(number, tokens) for number in range(self.load.clients)]
        versions = dict.fromkeys(self.ids, 1)
        token = tokens[found.alice.pk]
        http = Http("127.0.0.1", self.stage.port, token)
        self.callers = Callers(http, self.history, self.clock, self.rng, versions)

    def watcher(self, number: int, tokens: Mapping[int, str]) -> Watcher:
        reader = self.readers[number % len(self.readers)]
        is_viewer = number % VIEWERS == 0
        view = {"view": "customers", "filter": {"stage": LISTED}, "frames": False} if is_viewer else None
        topics = [] if is_viewer else [f"customer:{each}" for each in self.rng.sample(self.ids, TOPICS)]
        name, rng = f"client-{number}", Random(f"{self.load.seed} {number}")
        return Watcher(name, tokens[reader.pk], self.clock, rng, topics=topics, view=view)

    async def play(self) -> None:
        await asyncio.to_thread(self.show_pages)
        self.clock.begin()
        following = [asyncio.create_task(each.follow(self.stage.ws_urls)) for each in self.watchers]
        calling = asyncio.create_task(self.callers.begin(self.load.writes, self.load.seconds))
        for fault in self.faults:
            await asyncio.sleep(fault.at - self.clock.now())
            await self.befall(fault)
        await calling
        await self.callers.finish(FINISH)
        await self.handled()
        await self.compare()
        for task in following:
            if not task.cancel():
                task.result()  # a client must not stop following, whatever it hears
        self.history.heard = {each.name: each.heard for each in self.watchers}

    def show_pages(self) -> None:
        from crm.records import log

        epoch, position = log.position()
        rows = self.held()
        for number, watcher in enumerate(self.watchers):
            watcher.begin(epoch, position, self.expected(number, rows))

    async def befall(self, fault: Fault) -> None:
        befallen = Befallen(fault, self.clock.now())
        self.history.faults.append(befallen)
        await asyncio.to_thread(self.stage.begin, fault)
        await asyncio.sleep(fault.lasts)
        await asyncio.to_thread(self.stage.undo, fault)
        befallen.repaired_at = self.clock.now()
        befallen.current_after = await self.seconds_until_current()
        took = "never" if befallen.current_after is None else f"{befallen.current_after:.2f} s"
        repair = befallen.repaired_at - befallen.began_at
        self.tell(f"{befallen.began_at:6.1f}  {fault!s:<40} repaired in {repair:5.2f} s, clients current in {took}")

    async def seconds_until_current(self) -> float | None:
        """Until every client holds what was committed up to now. What it held at the last look is not asked again."""
        began = self.clock.now()
        head, rows = await asyncio.to_thread(lambda: (self.head(), self.held(self.compared_to)))
        waiting = [(each, self.concerning(each, rows)) for each in self.watchers]
        while waiting := [(each, versions) for each, versions in waiting if not each.holds(versions)]:
            if self.clock.now() - began > NEVER:
                return None
            await asyncio.sleep(LOOK_EVERY)
        self.compared_to = head
        return self.clock.now() - began

    async def handled(self) -> None:
        """Until workers have done what was asked; what is then still open counts as lost."""
        for _ in range(int(FINISH)):
            if not await asyncio.to_thread(ask, OPEN):
                return
            await asyncio.sleep(1)

    async def compare(self) -> None:
        """Nothing is written any more: every client must soon show what the database holds."""
        befallen = Befallen(Fault(self.clock.now(), "end", "of the writes"), self.clock.now(), self.clock.now())
        self.history.faults.append(befallen)
        befallen.current_after = await self.seconds_until_current()
        rows = await asyncio.to_thread(self.held)
        for number, watcher in enumerate(self.watchers):
            passed_over = () if watcher.view else MOVED_BY_EVERY_CHANGE
            differences = different(watcher.values, self.expected(number, rows), passed_over)
            if text := "; ".join(differences):
                self.unequal[watcher.name] = text

    # What the database holds, by connections of our own: a pool's might have died with a fault.

    def head(self) -> int:
        return int(ask("SELECT to_jsonb(head) FROM log_state")[0])

    def held(self, since: int = 0) -> dict[str, Values]:
        """Values by record: the customers with their notes, requests, and what came of those; changed after `since`."""
        from crm.requests.live import REQUEST
        from customers.live import CUSTOMER, FOLLOW_UP, NOTE

        found = {}
        for record, table, projection in (
            ("customer", "customers_customer", CUSTOMER),
            ("note", "customers_note", NOTE),
            ("followup", "customers_followup", FOLLOW_UP),
            ("request", "requests_request", REQUEST),
        ):
            changed = CHANGED if since else ""
            for row in ask(f"SELECT to_jsonb(t) FROM {table} t{changed}", since=since, record=record):
                found[f"{record}:{row['id']}"] = projection.project(row)
        return found

    def log(self) -> list[dict[str, Any]]:
        return ask("SELECT to_jsonb(t) - 'numbered_at' FROM change t ORDER BY seq")

    def concerning(self, watcher: Watcher, rows: Mapping[str, Values]) -> dict[str, int]:
        return {record: values["version"] for record, values in rows.items() if shows(watcher, record, values)}

    def expected(self, number: int, rows: Mapping[str, Values]) -> dict[str, Values]:
        """What that client is to show, as its reader may see it."""
        from customers.live import CUSTOMER

        watcher, sees = self.watchers[number], self.readers[number % len(self.readers)].access.sees_contacts
        return {record: CUSTOMER.reading(each, sees) for record, each in rows.items() if shows(watcher, record, each)}


def ask(query: LiteralString, **parameters: Any) -> list[Any]:
    import psycopg
    from django.conf import settings

    with psycopg.connect(settings.DATABASE_URL) as connection:
        return [row for (row,) in connection.execute(query, parameters)]


def shows(watcher: Watcher, record: str, values: Values) -> bool:
    if watcher.view:
        return values.get("stage") == LISTED
    return record in watcher.topics or f"customer:{values.get('customer')}" in watcher.topics


def different(shown: Mapping[str, Values], expected: Mapping[str, Values], passed_over: Iterable[str]) -> Iterator[str]:
    for record in sorted({*shown, *expected}):
        ours, theirs = shown.get(record), expected.get(record)
        if ours is None or theirs is None:
            yield f"{record} is shown and should not be" if ours else f"{record} is not shown"
            continue
        for name in sorted({*ours, *theirs} - set(passed_over)):
            if ours.get(name) != theirs.get(name):
                yield f"{record} {name}: shows {ours.get(name)!r}, is {theirs.get(name)!r}"
