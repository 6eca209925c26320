"""`make bench-live`: commit to frame under three loads, the return after a kill, stuck readers, a cut network."""

import argparse

from bench.live import cut, loads, storm, stuck
from bench.live.stage import Stage
from bench.product import product
from bench.report import Report

METHOD = """\
Updates go through the service function at a constant rate (open loop) in one process; another holds all sockets in one
epoll loop, notes the time of each recv and reads what came afterwards. Counted from the commit's acknowledgement to the
recv that completed the frame, by one steady clock. Product and bare server run two web processes each and take turns,
so both share the two cores with generator, client, PostgreSQL, Valkey and relay. The bare server is the same ASGI
server (daphne as it comes, uvicorn without compression) with one Valkey subscription for each process and no
application, counted from the call of PUBLISH. "Commit and NOTIFY" is the same with the way to it, as it is mostly done
without a log: the statement that updates a row of a bare table notifies, one process hears that and publishes; counted
from the commit's acknowledgement, as ours is, which also numbers, logs and caches. A loop of send() in one process
calibrates the client: what it takes is the client's and the kernel's. "While all acknowledge": every socket says after
16 ms what it shows, as browsers do. After the kill of all web processes clients come back with a browser's jitter, from
their position, while 20 changes/s go on; they are current when the server has answered what they said after their
watch."""


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--runs", type=int, default=3)
    wanted.add_argument("--seconds", type=float, default=10, help="of a run")
    wanted.add_argument("--servers", nargs="+", default=["daphne", "uvicorn"])
    wanted.add_argument("--loads", nargs="*", type=int, default=list(range(len(loads.LOADS))))
    wanted.add_argument("--clients", type=int, default=1000, help="that come back after a kill; 0: none")
    wanted.add_argument("--stuck", type=int, default=200, help="readers that never read; 0: none")
    wanted.add_argument("--cuts", type=int, default=100, help="trials with the network cut; 0: none")
    wanted.add_argument("--dry", action="store_true", help="keep no results")
    chosen = wanted.parse_args()
    report = Report("live", "Live: from commit to frame", METHOD)
    with product(SERVER=chosen.servers[0]) as stack:
        stage = Stage(stack, chosen.servers[0])
        for server in chosen.servers:
            stage.serve_with(server)
            for number in chosen.loads:
                loads.measure(report, stage, loads.LOADS[number], chosen.runs, chosen.seconds)
            if chosen.clients:
                storm.measure(report, stage, chosen.clients)
            if chosen.stuck and server == chosen.servers[0]:  # what is kept for a reader is not the server's affair
                stuck.measure(report, stage, chosen.stuck)
        if chosen.cuts:
            cut.measure(report, stage, chosen.cuts)
    if not chosen.dry:
        report.finish()


if __name__ == "__main__":
    main()
