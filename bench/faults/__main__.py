"""`python -m bench.faults [--seed 7 --minutes 10 --every 15 --clients 200 --writes 100 --brief]`: the run of faults."""

import argparse
import asyncio
import sys
from random import SystemRandom

from bench.faults.checker import CURRENT_WITHIN, judge
from bench.faults.run import Load, Run
from bench.faults.schedule import plan
from bench.faults.stage import stage
from bench.faults.verdict import conclude
from bench.report import Report

METHOD = (
    "{clients} watching clients that keep to what live.js does, {writes:g} writes a second through the API on 200 "
    "customers, {seconds:g} s; one fault every {every:g} s, drawn from seed {seed}. PostgreSQL durable, all processes "
    "under the starter's supervisor, on the same two cores as the clients. Judged from the log, the tables and every "
    "client's history."
)


def main() -> int:
    options = parse()
    load = Load(options.seed, options.minutes * 60, options.clients, options.writes)
    report = Report("faults", "Faults under load", METHOD.format(**vars(load), every=options.every))
    say(f"seed {options.seed}")
    with stage() as found:
        run = Run(found, load, plan(load.seed, load.seconds, options.every), say)
        asyncio.run(run.play())
        failures = judge(run.history, run.log(), run.unequal, options.within)
    return conclude(report, run.history, failures, load.seed, is_brief=options.brief)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10_000))
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=15, help="seconds from one fault to the next")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--writes", type=float, default=100, help="a second")
    parser.add_argument("--within", type=float, default=CURRENT_WITHIN, help="seconds for clients after a repair")
    parser.add_argument("--brief", action="store_true", help="judge only, and leave the published figures as they are")
    return parser.parse_args()


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
