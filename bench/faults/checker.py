"""Judges a history by the log and the tables: what was lost, doubled, stale or promised too early."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.faults.history import MAKING, Befallen, Call, Heard, History

CURRENT_WITHIN = 2.0  # seconds after a repair
ENOUGH = 0.5  # of all calls have to be acknowledged, or the run says nothing

TOLD = ("shown", "frame", "item", "leave")  # each with a version

LogRow = Mapping[str, Any]  # the columns of crm.records.log.COLUMNS


@dataclass(frozen=True)
class Failure:
    """`rule` is one of RULES; `record` and `client` say whose history tells more."""

    rule: str
    detail: str
    at: float = 0.0
    record: str = ""
    client: str = ""


RULES = {
    "lost": "acknowledged writes lost",
    "had an effect": "refused writes that had an effect",
    "twice": "writes that took effect twice",
    "overwritten": "writes that silently overwrote another",
    "stale": "reads older than what had been acknowledged",
    "idle": "runs in which too little was acknowledged to judge",
    "under way": "repeated writes without an outcome",
    "log": "holes and disorder in the log",
    "unequal": "clients unequal to the database at the end",
    "promised": "heads that promised more than had come",
    "applied twice": "versions applied twice by a client",
    "reload": "reloads (resync)",
    "late": "repairs after which clients were not current in time",
}


def judge(
    history: History, log: Sequence[LogRow], unequal: Mapping[str, str], within: float = CURRENT_WITHIN
) -> list[Failure]:
    """`unequal`: by client, what it shows at the end that the database has otherwise."""
    heard = {client: since_last_epoch(events) for client, events in history.heard.items()}
    return [
        *check_log(log),
        *check_calls(history.calls, log),
        *check_promises(heard, log),
        *check_clients(heard),
        *check_repairs(history.faults, within),
        *(Failure("unequal", differences, client=client) for client, differences in unequal.items()),
    ]


def since_last_epoch(events: Sequence[Heard]) -> Sequence[Heard]:
    """What was heard of a log that was restored over cannot be judged by the present one."""
    begun = [number for number, event in enumerate(events) if event.what == "epoch"]
    return events[begun[-1] :] if begun else events


def check_log(log: Sequence[LogRow]) -> Iterator[Failure]:
    """Numbered without gaps, and each record's versions one after the other."""
    for earlier, later in pairwise(log):
        if later["seq"] != earlier["seq"] + 1:
            yield Failure("log", f"{later['seq']} follows {earlier['seq']}", record=record_of(later))
    held: dict[str, int] = {}
    for row in log:
        record, version = record_of(row), row["version"]
        if record in held and version != held[record] + 1:
            yield Failure("log", f"version {version} follows {held[record]}", record=record)
        held[record] = version


def check_calls(calls: Sequence[Call], log: Sequence[LogRow]) -> Iterator[Failure]:
    changed, made = effects(log)
    by_version = {(row["record_id"], row["version"]): row for row in log if row["record"] == "customer"}
    for call in calls:
        times = made[call.value] if call.verb in MAKING else changed[call.customer, call.verb, call.value]
        rule = broken_rule(call, times, by_version)
        if rule:
            yield Failure(rule, str(call), call.called_at, f"customer:{call.customer}")
    yield from check_overwrites(calls)
    done = sum(call.outcome == "acknowledged" for call in calls)
    if done < ENOUGH * len(calls):
        yield Failure("idle", f"{done} of {len(calls)} calls were acknowledged")


def effects(log: Iterable[LogRow]) -> tuple[Counter[tuple[int, str, str]], Counter[str]]:
    """How often each value came into a customer's field, and how often each note and follow-up was made."""
    changed: Counter[tuple[int, str, str]] = Counter()
    made: Counter[str] = Counter()
    for row in log:
        if row["record"] == "note" and row["op"] == "c":
            made[row["data"]["body"]] += 1
        elif row["record"] == "followup" and row["op"] == "c":
            made[row["data"]["title"].removeprefix("Call back: ")] += 1
        elif row["record"] == "customer" and row["op"] == "u":
            for column in row["before"]:
                changed[row["record_id"], column.removesuffix("_id"), str(row["data"][column])] += 1
    return changed, made


def broken_rule(call: Call, times: int, by_version: Mapping[tuple[int, int], LogRow]) -> str:
    """`times`: how often what the call wrote is found. A stage is nobody's own value, so it is not counted."""
    if call.outcome == "under way":
        return "under way"
    if call.verb == "read":
        return "stale" if call.outcome == "acknowledged" and call.answer < call.version else ""
    if call.verb != "stage":
        if times > 1:
            return "twice"
        if times and call.outcome == "refused":
            return "had an effect"
        if not times and call.outcome == "acknowledged":
            return "lost"
    if call.outcome == "acknowledged" and call.verb not in MAKING:
        row = by_version.get((call.customer, call.answer))
        column = "stage_id" if call.verb == "stage" else call.verb
        return "" if row and row["data"][column] == call.value else "lost"
    return ""


def check_overwrites(calls: Iterable[Call]) -> Iterator[Failure]:
    """Of two titles based on one version the second must be refused."""
    held: dict[tuple[int, int], Call] = {}
    for call in calls:
        if call.verb == "title" and call.outcome == "acknowledged":
            other = held.setdefault((call.customer, call.version), call)
            if other is not call:
                yield Failure("overwritten", f"{other} and {call}", call.called_at, f"customer:{call.customer}")


def check_promises(heard: Mapping[str, Sequence[Heard]], log: Sequence[LogRow]) -> Iterator[Failure]:
    numbered = {(record_of(row), row["version"]): row["seq"] for row in log}
    for client, events in heard.items():
        promises = Promises(client, numbered)
        for event in events:
            yield from promises.hear(event)
        for record in promises.held:
            yield from promises.check(record, events[-1].at)


class Promises:
    """A head says that all up to it has come: the next version of what a client holds must be above it."""

    def __init__(self, client: str, numbered: Mapping[tuple[str, int], int]) -> None:
        self.client, self.numbered = client, numbered
        self.head = 0
        self.held: dict[str, int] = {}

    def hear(self, event: Heard) -> Iterator[Failure]:
        if event.what == "head":
            self.head = max(self.head, event.seq)
        if event.what in TOLD:
            yield from self.check(event.record, event.at)
            self.held[event.record] = event.version
        if event.what in ("leave", "gone"):
            self.held.pop(event.record, None)

    def check(self, record: str, at: float) -> Iterator[Failure]:
        version = self.held.get(record)
        if version is not None and self.numbered.get((record, version + 1), self.head + 1) <= self.head:
            yield Failure("promised", f"head {self.head}, held version {version}", at, record, self.client)


def check_clients(heard: Mapping[str, Sequence[Heard]]) -> Iterator[Failure]:
    for client, events in heard.items():
        applied = Counter((event.record, event.version) for event in events if event.what in ("frame", "item", "leave"))
        for (record, version), times in applied.items():
            if times > 1:
                yield Failure("applied twice", f"version {version}, {times} times", record=record, client=client)
        for event in events:
            if event.what in ("resync", "error", "gone"):
                yield Failure("reload", event.note or event.what, event.at, event.record, client)


def check_repairs(faults: Iterable[Befallen], within: float) -> Iterator[Failure]:
    for each in faults:
        if each.current_after is None or each.current_after > within:
            yield Failure("late", f"{each.fault}: current after {each.current_after} s", each.repaired_at)


def record_of(row: LogRow) -> str:
    return f"{row['record']}:{row['record_id']}"
