"""A working day in fast motion: staff and customers change things by services and API, now and then two at once."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, Protocol

import httpx
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from crm.records.context import acting
from crm.records.errors import Conflict, NotEditable, NotVisible, RecordError
from crm.requests.desk import desk
from crm.requests.desk import services as desk_services
from crm.requests.services import accept_request
from crm.staff.models import User
from customers import demo, demo_questions, services
from customers.demo_names import LANDS, NOTES, SOURCES, TAGS, TITLES, TO_DO
from customers.models import Consent, Customer, FollowUp, Stage
from customers.reading import read_customer

RECENT = 40  # half of the work is on these, so that what is on the screens changes
RATE_OF_ONE = 4  # changes a second that one thread is asked for
MOST_THREADS = 12
Row = Mapping[str, Any]


class Door(Protocol):
    """A way in for one person; refusals are the services' own exceptions."""

    user: User
    name: str

    def read(self, customer_id: int) -> Row: ...
    def create(self, facts: dict[str, Any]) -> None: ...
    def update(self, customer_id: int, version: int, changes: dict[str, Any]) -> None: ...
    def add_note(self, customer_id: int, body: str) -> None: ...
    def add_follow_up(self, customer_id: int, title: str, due_at: Any) -> None: ...
    def send(self, customer_id: int, kind: str, payload: dict[str, Any]) -> None: ...


class ServiceDoor:
    """The services, as a page calls them."""

    name = "services"

    def __init__(self, user: User) -> None:
        self.user = user

    def read(self, customer_id: int) -> Row:
        return read_customer(customer_id, self.user)

    def create(self, facts: dict[str, Any]) -> None:
        services.create_customer(actor=self.user, **facts)

    def update(self, customer_id: int, version: int, changes: dict[str, Any]) -> None:
        services.update_customer(customer_id, actor=self.user, version=version, changes=changes)

    def add_note(self, customer_id: int, body: str) -> None:
        services.add_note(customer_id, actor=self.user, body=body)

    def add_follow_up(self, customer_id: int, title: str, due_at: Any) -> None:
        services.add_follow_up(customer_id, actor=self.user, title=title, due_at=due_at)

    def send(self, customer_id: int, kind: str, payload: dict[str, Any]) -> None:
        accept_request(kind, customer_id, payload, actor=self.user)


class ApiDoor:
    """The API with the person's token, as another program calls it."""

    name = "API"

    def __init__(self, user: User, client: httpx.Client) -> None:
        self.user, self.client = user, client

    def read(self, customer_id: int) -> Row:
        row: Row = self.ask("GET", f"/customers/{customer_id}")
        return row

    def create(self, facts: dict[str, Any]) -> None:
        self.ask("POST", "/customers", facts)

    def update(self, customer_id: int, version: int, changes: dict[str, Any]) -> None:
        self.ask("PATCH", f"/customers/{customer_id}", {"version": version, **changes})

    def add_note(self, customer_id: int, body: str) -> None:
        self.ask("POST", f"/customers/{customer_id}/notes", {"body": body})

    def add_follow_up(self, customer_id: int, title: str, due_at: Any) -> None:
        self.ask("POST", f"/customers/{customer_id}/follow-ups", {"title": title, "due_at": due_at.isoformat()})

    def send(self, customer_id: int, kind: str, payload: dict[str, Any]) -> None:
        self.ask("POST", "/requests", {"kind": kind, "customer": customer_id, "payload": payload})

    def ask(self, method: str, path: str, given: dict[str, Any] | None = None) -> Any:
        connection.close()  # nobody waits for the server with a connection in hand
        answer = self.client.request(method, f"/api{path}", json=given)
        if answer.status_code == httpx.codes.CONFLICT:
            told = answer.json()
            raise Conflict(told["version"], told["conflicts"])
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotVisible
        if answer.status_code == httpx.codes.FORBIDDEN:
            raise NotEditable
        return answer.raise_for_status().json()


class Person:
    """One member of staff at work, by either door; `act` does one thing."""

    def __init__(self, doors: Sequence[Door], counts: "Counts", rng: Random) -> None:
        self.doors, self.counts, self.rng = doors, counts, rng
        self.user = doors[0].user
        self.stages = list(Stage.objects.values_list("code", flat=True))

    def act(self) -> None:
        kinds: dict[Callable[[Door], None], int] = {
            self.edit: 62, self.note: 14, self.plan: 6, self.finish: 6, self.welcome: 7, self.collide: 5,
            self.request: 16, self.answer: 8,
        }  # fmt: skip
        (do,) = self.rng.choices([*kinds], weights=[*kinds.values()])
        door = self.rng.choice(self.doors)
        self.counts.time(door.name, partial(do, door))

    def edit(self, door: Door) -> None:
        """One fact changes; whoever was quicker is read again and written over, as a person who insists would."""
        customer_id = self.pick()
        row = door.read(customer_id)
        changes = self.changes(row)
        try:
            door.update(customer_id, row["version"], changes)
        except Conflict as conflict:
            self.counts.add("conflicts")
            door.update(customer_id, conflict.version, changes)

    def changes(self, row: Row) -> dict[str, Any]:
        land = next((each for each in LANDS if each.code == row["country"]), LANDS[0])
        choices: list[dict[str, Any]] = [
            {"stage": self.rng.choice(self.stages)},
            {"phones": [demo.phone(self.rng, land.code)]},
            {"title": self.rng.choice(TITLES)},
            {"tags": [*row["tags"][-2:], self.rng.choice(TAGS)]},
            demo.place(self.rng, land),
        ]
        return self.rng.choices(choices, weights=(8, 4, 2, 3, 1))[0]

    def note(self, door: Door) -> None:
        door.add_note(self.pick(), self.rng.choice(NOTES))

    def plan(self, door: Door) -> None:
        due = timezone.now() + timedelta(hours=self.rng.randrange(1, 400))
        door.add_follow_up(self.pick(), self.rng.choice(TO_DO), due)

    def finish(self, door: Door) -> None:
        mine = FollowUp.objects.visible_to(self.user).open().filter(assignee=self.user, done_at=None)
        if (first := mine.order_by("due_at").first()) is not None:
            services.complete_follow_up(first.pk, actor=self.user)

    def welcome(self, door: Door) -> None:
        """A new customer fills in the web form."""
        land = self.rng.choice(LANDS)
        name, address = demo.named(self.rng, land)
        facts = {
            "kind": "person",
            "name": name,
            "emails": [f"{address}{self.rng.randrange(100, 1000)}@mail.example"],
            "phones": [demo.phone(self.rng, land.code)],
            "country": land.code,
            "source": self.rng.choice(SOURCES),
        }
        door.create(facts | demo.place(self.rng, land))

    def request(self, door: Door) -> None:
        """A customer asks something of us."""
        soon, land = timezone.now() + timedelta(hours=self.rng.randrange(1, 100)), self.rng.choice(LANDS)
        choices: dict[str, dict[str, Any]] = {
            "change_details": demo.place(self.rng, land) | {"country": land.code},
            "call_back": {"when": soon.isoformat(), "about": self.rng.choice(TO_DO)},
            "consent": {"channel": self.rng.choice(Consent.Channel.values), "is_given": self.rng.random() < 0.5},
            "ask": demo_questions.question(self.rng),
        }
        kind = self.rng.choice([*choices])
        door.send(self.pick(), kind, choices[kind])

    def answer(self, door: Door) -> None:
        """What waits for this person is taken and answered, be it that somebody is quicker."""
        if (first := desk.mine(self.user).first()) is not None:
            if first.waits_for_person:
                desk_services.take_request(first.pk, actor=self.user)
            desk_services.answer_request(first.pk, actor=self.user, **demo_questions.answer(first.payload))

    def collide(self, door: Door) -> None:
        """Two save the same field of the same version in the same moment: one of them is asked."""
        customer_id = self.pick()
        version = door.read(customer_id)["version"]
        titles = self.rng.sample(TITLES, k=len(self.doors))
        connection.close()  # those who save now need one each
        with ThreadPoolExecutor(len(self.doors)) as pool:
            saves = [
                pool.submit(closing(each.update), customer_id, version, {"title": title})
                for each, title in zip(self.doors, titles, strict=True)
            ]
        self.counts.add("conflicts", sum(isinstance(save.exception(), Conflict) for save in saves))

    def pick(self) -> int:
        """A customer that this person may change. Raises NotVisible where there is none."""
        mine = Customer.objects.editable_by(self.user)
        if self.rng.random() < 0.5:
            ids = list(mine.order_by("-updated_at").values_list("pk", flat=True)[:RECENT])
        else:
            last = mine.order_by("pk").values_list("pk", flat=True).last() or 0
            ids = list(mine.filter(pk__gte=self.rng.randint(0, last)).order_by("pk").values_list("pk", flat=True)[:1])
        if not ids:
            raise NotVisible
        return int(self.rng.choice(ids))


class Counts:
    """What was done since the last look, from all threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: Counter[str] = Counter()
        self.slowest = 0.0
        self.trouble = ""

    def add(self, name: str, n: int = 1) -> None:
        with self.lock:
            self.held[name] += n

    def time(self, name: str, do: Callable[[], None]) -> None:
        started = time.perf_counter()
        try:
            do()
        except RecordError:
            name = "refused"  # somebody else moved it away, or both insisted
        except (httpx.HTTPError, ValidationError) as error:
            name, self.trouble = "failed", str(error)
        with self.lock:
            self.held[name] += 1
            self.slowest = max(self.slowest, time.perf_counter() - started)

    def take(self) -> tuple[Counter[str], float, str]:
        with self.lock:
            taken = self.held, self.slowest, self.trouble
            self.held, self.slowest, self.trouble = Counter(), 0.0, ""
        return taken


class Simulation:
    """People at work in threads of their own, until stopped."""

    def __init__(self, rate: float, doors: Sequence[Sequence[Door]], seed: str = "") -> None:
        self.counts, self.stopping = Counts(), threading.Event()
        count = min(max(1, round(rate / RATE_OF_ONE)), MOST_THREADS)
        people = [Person(doors[at % len(doors)], self.counts, Random(f"{seed}{at}")) for at in range(count)]
        self.threads = [threading.Thread(target=self.work, args=(each, count / rate)) for each in people]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """What is being done is done to its end."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def work(self, person: Person, pause: float) -> None:
        """Acts every `pause` seconds on average; what could not be done in time is not made up for."""
        due = time.monotonic() + pause * person.rng.random()
        act = closing(person.act)
        while not self.stopping.wait(max(0.0, due - time.monotonic())):
            act()
            due = max(due + pause * person.rng.uniform(0.5, 1.5), time.monotonic() - 1)


def closing(do: Callable[..., None]) -> Callable[..., None]:
    """In a thread: as a worker's doing, with the database connection given back to the pool afterwards."""

    def done(*args: Any) -> None:
        try:
            with acting(None, "worker"):
                do(*args)
        finally:
            connection.close()

    return done
