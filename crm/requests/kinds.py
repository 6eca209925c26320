"""The kinds of request that modules handle, each registered under its name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel

from crm.records.access import Access, Reach
from crm.requests.forms import RequestForm

PEOPLE = "people"  # the queue of requests that wait for a person: no pool drains it


class Refused(Exception):
    """What a handler raises when the answer is no: the request has failed for good, for the reason given."""


@dataclass(frozen=True)
class Attempt:
    """One try at a request: what its handler is told. `waited` is what the kind's `wait` returned.

    `number` counts all attempts from 1, `tries` those since somebody retried it by hand.
    """

    request_id: int
    kind: str
    customer_id: int
    payload: dict[str, Any]
    number: int
    tries: int
    sender: str
    waited: Any = None


class Handover(NamedTuple):
    """What a handler returns instead of a result when a person is to answer: whom it is offered, and for how long.

    `desk` is what is known about the placing; crm/requests/desk words it. `priority` holds until a person says another.
    """

    person_id: int | None
    take_by: datetime
    desk: dict[str, Any]
    priority: int | None = None


class ForCustomer:
    """The actor of what a handler does: nobody of staff. Whether the customer might ask was judged at the door."""

    pk: ClassVar[None] = None
    access: ClassVar[Access] = Access(user_id=0, team_id=None, view=Reach.ALL, edit=Reach.ALL)


FOR_CUSTOMER = ForCustomer()


def anybody(access: Access) -> bool:
    return True


def anything(access: Access, payload: dict[str, Any]) -> bool:
    return True


def no_size(payload: dict[str, Any]) -> int:
    return 0


def tell_nobody(customer: Any, payload: dict[str, Any], answer: str) -> None:
    pass


def no_words(payload: dict[str, Any]) -> str:
    return ""


@dataclass(frozen=True)
class Kind:
    """How requests of one kind are checked, valued and handled.

    `apply` writes the effects and returns the result, or whom to ask; it runs inside the transaction that also ends
    the attempt, so both are there or neither. What of the result is for programs alone is named in `handles`. `wait`,
    run before it and outside any transaction, may take its time and must have no effect that a second try would
    double. Either raises Refused, or anything else to be tried again, `attempts` times. Both together have
    `time_limit` seconds: then the attempt has failed, and what it goes on to write is rolled back.
    `value` weighs a second of its waiting against other kinds', `deadline` is when the customer expects an answer,
    `expected` guesses the seconds of handling until enough have been seen; `size` groups payloads that take alike.
    `words` is what a person reads of a payload and the triage learns from; its first line stands for it in lists.
    `tell` writes to the customer what a person answered, in the transaction of the answer.
    `may_ask` says who may send the kind at all, `may_say` who this payload.
    One that `is_customers` own to send is taken from the sites they use. One that `is_signed` is its sender's word at
    that moment: once ended it is not tried again, by whoever it be. One that `reaches_trash` is asked for customers in
    the trash, too. With a `form`, staff can send it from the customer's page, where `about` tells them what it does;
    what `is_final` is sent by a button that warns.
    """

    name: str
    title: Any
    payload: type[BaseModel]
    apply: Callable[[Attempt], dict[str, Any] | Handover]
    wait: Callable[[Attempt], Any] | None = None
    module: str = "requests"
    queue: str = "requests"
    value: float = 1.0
    deadline: timedelta = timedelta(hours=1)
    expected: float = 0.1
    attempts: int = 5
    time_limit: float = 60.0
    size: Callable[[dict[str, Any]], int] = no_size
    words: Callable[[dict[str, Any]], str] = no_words
    tell: Callable[[Any, dict[str, Any], str], None] = tell_nobody
    may_ask: Callable[[Access], bool] = anybody
    may_say: Callable[[Access, dict[str, Any]], bool] = anything
    is_customers: bool = False
    is_signed: bool = False
    reaches_trash: bool = False
    is_final: bool = False
    form: type[RequestForm] | None = None
    about: Any = ""
    handles: frozenset[str] = frozenset()

    @property
    def timed_as(self) -> str:
        """What its timings are called."""
        return f"request {self.name}"


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def kind_named(name: str) -> Kind | None:
    return _kinds.get(name)


def title_of(name: str) -> str:
    known = kind_named(name)
    return str(known.title) if known else name


def words_of(asked: Any) -> str:
    """What a person reads of a request, or of an attempt at one."""
    kind = kind_named(asked.kind)
    return kind.words(asked.payload) if kind and asked.payload else ""


def kinds() -> list[Kind]:
    return list(_kinds.values())
