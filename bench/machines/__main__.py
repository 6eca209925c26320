"""`python -m bench.machines [--seed 7 --minutes 5 --every 20]`: the fault run with one host after the other cut off."""

import argparse
import asyncio
import os
import sys
from random import Random, SystemRandom

from bench.faults.checker import judge
from bench.faults.run import Load, Run
from bench.faults.schedule import LONGEST, Fault
from bench.faults.verdict import conclude
from bench.machines.hosts import BUS, WEB, WORK, hosts
from bench.report import Report

SHORTEST = 3.0  # seconds; shorter, and nobody need notice
METHOD = (
    "Two web hosts behind a balancer, two hosts of relay, worker and the pool of requests, PostgreSQL, Valkey with a "
    "replica and three Sentinels, each in a network namespace of its own on one machine of two cores; {clients} "
    "watching clients, {writes:g} writes a second (customers' requests too), {seconds:g} s. Every {every:g} s the "
    "link of one host is taken down for 3 to 8 s and up again, or the pool of one killed, drawn from seed {seed}. "
    "Judged as the fault run on one machine is."
)


def plan(seed: int, seconds: float, every: float) -> list[Fault]:
    """Each comes before any comes a second time; the control is a time in which nothing happens."""
    rng, drawn, faults = Random(seed), list[tuple[str, str]](), list[Fault]()
    everything = [("cut", name) for name in (*WEB, *WORK, *BUS)]
    everything += [("kill", f"requests-{name}") for name in WORK] + [("nothing", "")]
    for number in range(1, int(seconds / every)):
        drawn = drawn or rng.sample(everything, len(everything))
        (kind, target), lasts = drawn.pop(), rng.uniform(SHORTEST, LONGEST)
        faults.append(Fault(number * every, kind, target, lasts if kind == "cut" else 0.0))
    return faults


def main() -> int:
    options = parse()
    if os.geteuid() != 0:
        sys.exit("Network namespaces need root.")
    load = Load(options.seed, options.minutes * 60, options.clients, options.writes)
    with hosts() as found:
        run = Run(found, load, plan(load.seed, load.seconds, options.every), lambda text: print(text, flush=True))
        asyncio.run(run.play())
        failures = judge(run.history, run.log(), run.unequal)
    method = METHOD.format(**vars(load), every=options.every)
    found_out = Report("machines", "Faults over many machines", method)
    return conclude(found_out, run.history, failures, load.seed, is_brief=options.brief)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.machines", description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10_000))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--every", type=float, default=20, help="seconds from one cut to the next")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--writes", type=float, default=50, help="a second")
    parser.add_argument("--brief", action="store_true", help="judge only, and leave the published figures as they are")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
