"""A flood from one site's token: is it refused, at what cost, and what do the customers of another site notice?"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from bench.faults.http import Http
from bench.product import product
from bench.report import Figure, Report, quantile
from bench.requests import make_customers

if TYPE_CHECKING:
    from tests.stack import Stack

METHOD = """\
Two web processes. One site sends {rate:g} requests a second of the kind consent, each of another customer, and is
answered 202 in all of them; measured from the sending to the answer. Meanwhile another site sends {flood:g} a second of
one sort: what it may, far above its rate of {allowed} a minute; wrong ones; payloads nested 50,000 deep; payloads of a
megabyte (a tenth as often); or somebody sends as many, each with another token that is made up. {seconds:g} s each,
whatever becomes of the earlier ones, on one machine of two cores with clients, workers and PostgreSQL. Control: the
same without the flood, just before and just after it, so that both meet the same moods of the machine."""
ALLOWED, BURST = 1500, 50  # a minute; at once
LATE = 5.0  # seconds that the last of a run may be answered after its end
TOO_MANY = 429
SORTS = {"too many": 202, "wrong": 422, "deep": 400, "giant": 413}  # how one is answered that is within the rate
MADE_UP = "made-up tokens"  # of which none has a rate
MEGABYTE = 1024**2


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.flood", description=__doc__)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--flood", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args(arguments)
    said = " ".join(METHOD.format(allowed=ALLOWED, **vars(options)).split())
    report = Report("flood", "A flood from one token", said)
    with product(SITE_RATE=str(ALLOWED)) as stack:
        measure(report, stack, options)
    report.finish()


def measure(report: Report, stack: "Stack", options: argparse.Namespace) -> None:
    customers = make_customers(stack, int(options.rate * options.seconds))
    run(stack, customers, "", options)  # what is made at the first request is made
    before, _ = run(stack, customers, "", options)
    for sort in (*SORTS, MADE_UP):
        times, statuses = run(stack, customers, sort, options)
        after, _ = run(stack, customers, "", options)
        control, before = quantile([*before, *after], 0.99), after
        report.add(Figure(f"{sort}: refused as one too many", statuses[TOO_MANY], ""))
        report.add(Figure(f"{sort}: neither refused nor within the rate", otherwise(statuses, sort, options), "", 0))
        report.add(
            Figure(f"{sort}: another site's p99", quantile(times, 0.99), "ms", 3 * control, control=control,
                   control_name="without the flood")
        )  # fmt: skip
        report.add(Figure(f"{sort}: another site's p50", quantile(times, 0.5), "ms"))


def run(
    stack: "Stack", customers: Sequence[int], sort: str, options: argparse.Namespace
) -> tuple[list[float], Counter[int]]:
    """Milliseconds of the quiet site's requests, and what the other was answered."""
    return asyncio.run(side_by_side(stack.port, [token(stack), token(stack)], customers, sort, options))


def otherwise(statuses: Counter[int], sort: str, options: argparse.Namespace) -> int:
    """How many were neither refused as they should be nor, within the rate, taken."""
    if sort == MADE_UP:
        return statuses.total() - statuses[401]
    within = min(statuses[SORTS[sort]], int(ALLOWED / 60 * (options.seconds + LATE)) + BURST)
    return statuses.total() - within - statuses[TOO_MANY]


def token(stack: "Stack") -> str:
    """Of a site of its own, whose minute is untouched."""
    from crm.sites.models import Site
    from crm.sites.services import create_site

    return create_site(actor=stack.people.admin, name=f"Site {Site.objects.count()}")[1]


async def side_by_side(
    port: int, tokens: Sequence[str], customers: Sequence[int], sort: str, options: argparse.Namespace
) -> tuple[list[float], Counter[int]]:
    quiet, loud = (Http("127.0.0.1", port, each) for each in tokens)
    times: list[float] = []
    statuses: Counter[int] = Counter()

    async def ask(number: int) -> None:
        begun = time.perf_counter()
        payload = {"channel": "email", "is_given": bool(number % 2)}
        answer = await quiet.ask(
            "POST", "/api/requests", {"kind": "consent", "customer": customers[number], "payload": payload}
        )
        assert answer, "no answer"
        assert answer.status == 202, answer
        times.append(1000 * (time.perf_counter() - begun))

    async def flood(number: int) -> None:
        token = {"Authorization": f"Bearer site_{number:043}"} if sort == MADE_UP else {}
        answer = await loud.send("POST", "/api/requests", body, **token)
        statuses[answer.status if answer else 0] += 1

    body = body_of(sort, customers[0])
    rate = options.flood / 10 if sort == "giant" else options.flood
    await asyncio.gather(
        at_a_rate(ask, options.rate, len(customers)),
        *([at_a_rate(flood, rate, int(rate * options.seconds))] if sort else []),
    )
    for http in (quiet, loud):
        http.close()
    return times, statuses


def body_of(sort: str, customer: int) -> bytes:
    asked = {"kind": "consent", "customer": customer, "payload": {"channel": "email", "is_given": True}}
    match sort:
        case "wrong":
            asked["payload"] = {"channel": "pigeon"}
        case "giant":
            asked["payload"] = {"channel": "e" * MEGABYTE, "is_given": True}
        case "deep":
            return json.dumps(asked)[:-1].encode() + b', "more": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    return json.dumps(asked).encode()


async def at_a_rate(work: Callable[[int], Coroutine[Any, Any, None]], rate: float, count: int) -> None:
    begun, tasks = time.perf_counter(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(work(number)))
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    main()
