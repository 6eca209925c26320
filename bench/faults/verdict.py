"""Says how a run ended: figures for the page, and the history of whatever failed."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.faults.checker import CURRENT_WITHIN, RULES, Failure
from bench.faults.history import Befallen, Heard, History
from bench.report import Curve, Figure, Report, quantile
from crm.environment import data_folder

MOST_TOLD = 20  # failures of a run that are printed with their history
AROUND = 3.0  # seconds before and after a failure
MOST_LINES = 60  # of the history of one failure


def conclude(found: Report, history: History, failures: Sequence[Failure], seed: int, *, is_brief: bool) -> int:
    """Prints what came of a run, keeps its history, and its figures unless it is brief; the exit code."""
    kept = data_folder() / "faults" / f"{found.name}-{seed}.jsonl"
    history.keep(kept)
    fill(found, history, failures)
    if not is_brief:
        found.finish()
    lines = [*tell(history, failures), f"{len(failures)} failures; the whole history: {kept}; again: --seed {seed}"]
    print("\n".join(lines), flush=True)
    return bool(failures)


def fill(found: Report, history: History, failures: Sequence[Failure]) -> None:
    outcomes = Counter(call.outcome for call in history.calls if call.verb != "read")
    reads = sum(call.verb == "read" for call in history.calls)
    found.add(Figure("writes acknowledged", outcomes["acknowledged"], "writes"))
    found.add(Figure("writes refused (409 and the like)", outcomes["refused"], "writes"))
    found.add(Figure("writes whose outcome stayed unknown", outcomes["unknown"], "writes"))
    found.add(Figure("writes repeated with their key", sum(call.tries > 1 for call in history.calls), "writes"))
    found.add(Figure("reads", reads, "reads"))
    found.add(Figure("faults", len(faults_of(history)), "faults"))
    broken = Counter(failure.rule for failure in failures)
    for rule, what in RULES.items():
        found.add(Figure(what, broken[rule], "", target=0))
    add_repairs(found, history)


def add_repairs(found: Report, history: History) -> None:
    """The control is the same question asked when nothing had happened."""
    took = [each.current_after for each in faults_of(history) if each.current_after is not None]
    quiet = [each.current_after for each in history.faults if each.fault.kind == "nothing" and each.current_after]
    if took:
        control = quantile(quiet, 0.5) if quiet else None
        name = "without a fault" if quiet else ""
        what = "all clients current after a repair, slowest"
        found.add(Figure(what, max(took), "s", CURRENT_WITHIN, control=control, control_name=name, runs=tuple(took)))
        found.add(Figure("all clients current after a repair, median", quantile(took, 0.5), "s"))
        points = tuple((each.began_at, each.current_after or 0.0) for each in faults_of(history))
        curve = Curve("after the repair", tuple(at for at, _ in points), tuple(y for _, y in points))
        found.plot("Until all clients were current", "second of the run", "seconds", [curve])


def faults_of(history: History) -> list[Befallen]:
    return [each for each in history.faults if each.fault.kind not in ("nothing", "end")]


def tell(history: History, failures: Sequence[Failure]) -> Iterator[str]:
    """Each failure with what happened to its record and its client, and the faults around it."""
    for failure in failures[:MOST_TOLD]:
        yield f"\n{RULES[failure.rule].upper()}: {failure.client} {failure.record} {failure.detail}"
        yield from sorted_lines(history, failure)
    if len(failures) > MOST_TOLD:
        yield f"\nand {len(failures) - MOST_TOLD} more"


def sorted_lines(history: History, failure: Failure) -> list[str]:
    lines = [(each.began_at, f"fault    {each.fault}, repaired at {each.repaired_at:.2f}") for each in history.faults]
    calls = [call for call in history.calls if failure.record == f"customer:{call.customer}"]
    lines += [(call.called_at, f"call     {call}") for call in calls]
    events = [event for event in history.heard.get(failure.client, ()) if concerns(event, failure)]
    lines += [(event.at, f"heard    {event}") for event in events]
    near = [line for line in lines if not failure.at or abs(line[0] - failure.at) < AROUND]
    return [f"{at:9.3f}  {text}" for at, text in sorted(near)[-MOST_LINES:]]


def concerns(event: Heard, failure: Failure) -> bool:
    return event.record == failure.record or event.what in ("open", "lost", "resync")
