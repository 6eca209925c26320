"""`python -m bench.machines [--seed 7 --minutes 5 --every 20]`: the fault run with one host after the other cut off."""

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from random import Random, SystemRandom

from bench.customers import is_waiting
from bench.faults.checker import judge
from bench.faults.run import Load, Run
from bench.faults.schedule import LONGEST, Fault
from bench.faults.stage import wait_until
from bench.faults.verdict import conclude
from bench.machines.hosts import BUS, WEB, WORK, hosts
from bench.probes import Probes
from bench.report import Figure, Report
from bench.requests import make_customers

SHORTEST = 3.0  # seconds; shorter, and nobody need notice
PROBE_MS = 50
METHOD = (
    "Two web hosts behind a balancer, two hosts of relay, worker and the pool of requests, PostgreSQL, Valkey with a "
    "replica and three Sentinels, each in a network namespace of its own on one machine of two cores; {clients} "
    "watching clients, {writes:g} writes a second (customers' requests too), {probes:g} probes of 50 ms a second, "
    "{seconds:g} s. Every {every:g} s the link of one host is taken down for 3 to 8 s and up again, or the pool of one "
    "killed, or one host of workers is cut off and the pool of the other killed at the same moment, drawn from seed "
    "{seed}. Judged as the fault run on one machine is; the effects of each probe are counted. Recovery: until the "
    "last probe that had been accepted when the fault came is done."
)


def plan(seed: int, seconds: float, every: float) -> list[Fault]:
    """Each comes before any comes a second time; the control is a time in which nothing happens."""
    rng, drawn, faults = Random(seed), list[tuple[str, str, str]](), list[Fault]()
    for number in range(1, int(seconds / every)):
        drawn = drawn or rng.sample(all_kinds(), len(all_kinds()))
        (kind, target, killed), lasts = drawn.pop(), rng.uniform(SHORTEST, LONGEST)
        faults.append(Fault(number * every, kind, target, lasts if kind == "cut" else 0.0, killed=killed))
    return faults


def all_kinds() -> list[tuple[str, str, str]]:
    """Kind, target, and whose pool is killed besides."""
    cuts = [("cut", name, "") for name in (*WEB, *WORK, *BUS)]
    kills = [("kill", f"requests-{name}", "") for name in WORK]
    both = [("cut", name, f"requests-{other}") for name, other in zip(WORK, reversed(WORK), strict=True)]
    return [*cuts, *kills, *both, ("nothing", "", "")]


def main() -> int:
    options = parse()
    if os.geteuid() != 0:
        sys.exit("Network namespaces need root.")
    load = Load(options.seed, options.minutes * 60, options.clients, options.writes)
    method = METHOD.format(**vars(load), every=options.every, probes=options.probes)
    report = Report("machines", "Faults over many machines", method)
    with hosts() as found:
        run = Run(found, load, plan(load.seed, load.seconds, options.every), lambda text: print(text, flush=True))
        probes = Probes(run.people.admin, probed(run, options.probes), "machines", options.probes, PROBE_MS)
        with probes.sent():
            asyncio.run(run.play())
        probes.settle()
        failures = judge(run.history, run.log(), run.unequal)
        probes.judge(report)
        add_recovery(report, run, probes)
    return conclude(report, run.history, failures, load.seed, is_brief=options.brief)


def probed(run: Run, rate: float) -> list[int]:
    """Customers for the probes. All are numbered before clients read their positions, or these would be too old."""
    from django.db import connection

    found = make_customers(run, int(rate * run.load.seconds))
    with connection.cursor() as cursor:
        wait_until(lambda: not is_waiting(cursor))
    return found


def add_recovery(report: Report, run: Run, probes: Probes) -> None:
    """The control is the same wait when nothing had happened."""
    began = datetime.now(UTC) - timedelta(seconds=run.clock.now())
    took = {each.fault: probes.recovery(began + timedelta(seconds=each.began_at)) for each in run.history.faults}
    quiet = [seconds for fault, seconds in took.items() if fault.kind == "nothing"]
    name, control = ("without a fault", max(quiet)) if quiet else ("", None)
    groups = {
        "requests: recovery after any fault, slowest": [each for each in took if each.kind in ("cut", "kill")],
        "requests: recovery, one host cut off and the other's pool killed": [each for each in took if each.killed],
    }
    for what, faults in groups.items():
        if runs := tuple(took[each] for each in faults):
            report.add(Figure(what, max(runs), "s", control=control, control_name=name, runs=runs))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.machines", description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10_000))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--every", type=float, default=20, help="seconds from one cut to the next")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--writes", type=float, default=50, help="a second")
    parser.add_argument("--probes", type=float, default=20, help="a second")
    parser.add_argument("--brief", action="store_true", help="judge only, and leave the published figures as they are")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
