"""Pages and API at 100,000 customers: the calls, the data and the client that three peers were measured with."""

import argparse
import random
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.product import product
from bench.report import Figure, Report

if TYPE_CHECKING:
    from tests.stack import Stack

METHOD = """\
The peers' data set (every customer owned by an agent, her team's rules on) and their client: one connection, each call
{calls} times in {rounds} rounds after a warm-up, then 8 clients in a closed loop for {seconds} s. Two web processes on
one socket, relay, worker and beat (which empties what waits before the search indexes) running, PostgreSQL with fsync,
all on this machine. Controls of the same run: a view that does nothing behind the same server and middleware, and the
time that PostgreSQL's own log gives for the statements of the call, counted there too (BEGIN and COMMIT included;
timings of requests, written in the background, left out). The reference is the peers' figure of another day: for pages
Django CRM's, for the API the best of the others. The product is served by daphne, and the API by uvicorn as well
(SERVER=uvicorn)."""

PASSWORD = "a passphrase for benchmarks"
DEEP = 19_900  # rows before the deep page
NEEDLE = "illfeath"  # stands in five rows
SERVERS = {"API": "daphne", "API on uvicorn": "uvicorn", "pages": "daphne"}


@dataclass(frozen=True)
class Target:
    """What one call is to reach (ms, statements), and what the peer took."""

    page: float | None
    api: float | None
    statements: int | None
    peer_page: float
    peer_api: float


TARGETS = {
    "list": Target(45, 20, 6, 464, 40.8),
    "deep list": Target(45, 20, 6, 504, 79.3),
    "last page": Target(50, 20, 6, 535, 101),
    "search": Target(40, 15, 6, 693, 243),
    "open": Target(25, 6, 5, 75.9, 12.8),
    "update": Target(None, 5, 4, 53.5, 7.8),
    "create": Target(None, 8, None, 40.5, 17.8),
}
# Requests a second of 8 clients: target and peer.
PAGE_LOADS = {"open": (100.0, 22.6)}
API_LOADS = {"open": (280.0, 138.0), "update": (300.0, 204.0)}


def main() -> None:
    from bench import peers

    asked = arguments()
    program = peers.client()
    report = Report("pages", "Pages and API beside the peers", METHOD.format(**vars(asked)))
    with product() as stack, tempfile.TemporaryDirectory(prefix="pulse-bench-") as name, ExitStack() as running:
        bench = Bench(asked, program, Path(name), stack)
        bench.load()
        stack.clock.launch()
        running.callback(stack.clock.stop)
        for way, server in SERVERS.items():
            bench.serve(SERVER=server)
            bench.measure(way, report)
        bench.count(report)
    report.finish()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=40, help="of each kind in a round")
    parser.add_argument("--seconds", type=int, default=15, help="of each load")
    return parser.parse_args()


class Bench:
    def __init__(self, asked: argparse.Namespace, program: Path, folder: Path, stack: "Stack") -> None:
        self.asked, self.program, self.folder, self.stack = asked, program, folder, stack
        self.owner = stack.people.alice

    def load(self) -> None:
        from bench import peers
        from crm.staff import services

        services.set_password(self.owner, PASSWORD)
        self.token = services.create_token(self.owner, name="bench")[1]
        ids = peers.load(self.program, self.folder, self.asked.customers, self.owner)
        random.Random(7).shuffle(ids)
        # No customer is asked for twice: an update is based on the first version.
        tenth = len(ids) // 10
        shares = {"API": 3, "API on uvicorn": 3, "pages": 2, "counting": 2}
        self.ids = {name: [ids.pop() for _ in range(share * tenth)] for name, share in shares.items()}

    def serve(self, **environment: str) -> None:
        """Start the web processes again, with this."""
        from crm.starter.programs import Program

        for child in self.stack.named("web"):
            assert isinstance(child, Program)
            child.environment = child.environment | environment
        self.stack.restart("web")
        self.stack.wait_for_web()

    def measure(self, way: str, report: Report) -> None:
        from bench import peers

        loads = [*loads_of(way), "nothing"]
        config = self.config(way, self.ids[way]) | {
            "load": [{"op": name, "clients": 8, "seconds": self.asked.seconds} for name in loads]
        }
        repeats = ["--reps", str(self.asked.calls), "--rounds", str(self.asked.rounds), "--warmup", "10"]
        found = peers.measure(self.program, self.folder, config, *repeats, processes=self.processes())
        check(found["ops"] | {f"{name} by 8 clients": each for name, each in found["load"].items()})
        add_times(report, way, found["ops"])
        add_loads(report, way, found["load"])

    def processes(self) -> list[str]:
        from bench.database import postmaster

        web = [child.process.pid for child in self.stack.named("web") if child.process]
        return [*(word for pid in web for word in ("--server-pid", str(pid))), "--db-pid", str(postmaster())]

    def count(self, report: Report) -> None:
        """Statements of the web processes alone: the relay's and the recorder's are nobody's request."""
        from bench import peers
        from bench.database import logged, server_log

        self.serve(DATABASE_URL=logged(self.stack.database_url), TIMINGS_WRITER="0")
        half = len(self.ids["counting"]) // 2
        for way, ids in (("API", self.ids["counting"][:half]), ("pages", self.ids["counting"][half:])):
            config = self.config(way, ids)
            found = peers.statements(self.program, self.folder, config, server_log(), self.asked.rounds)
            add_statements(report, way, found)

    def config(self, way: str, ids: list[int]) -> dict[str, Any]:
        made = self.api() if is_api(way) else self.pages()
        return {"name": way, "base": self.stack.url, "ids": ids, "vars": {"needle": NEEDLE}, **made}

    def api(self) -> dict[str, Any]:
        listed = "/api/customers?limit=100"
        person = {"kind": "person", "name": "Nina Berg", "city": "Northford", "country": "US"}
        ops = [
            {"name": "list", "path": listed, "text": '"items":['},
            {"name": "deep list", "path": f"{listed}&after={self.cursor()}", "text": '"items":['},
            {"name": "last page", "path": f"{listed}&sort=updated", "text": '"items":['},
            {"name": "search", "path": f"{listed}&q={{needle}}", "text": "Quillfeather"},
            {"name": "open", "path": "/api/customers/{id}", "text": '"id":{id},'},
            {
                "name": "update",
                "method": "PATCH",
                "path": "/api/customers/{id}",
                "json": {"version": 1, "phones": ["+1555{n7}"]},
                "verify": {"path": "/api/customers/{id}", "text": "+1555{n7}"},
            },
            {
                "name": "create",
                "path": "/api/customers",
                "json": {**person, "emails": ["nina{run}.{n}@example.com"], "phones": ["+1556{n7}"]},
                "status": [201],
            },
            {"name": "nothing", "path": "/api/nothing", "status": [404]},
        ]
        return {"login": {"kind": "headers", "headers": {"Authorization": f"Bearer {self.token}"}}, "ops": ops}

    def pages(self) -> dict[str, Any]:
        row, given = 'data-record="customer:', {"login": self.owner.username, "password": PASSWORD}
        ops = [
            {"name": "list", "path": "/customers/", "text": row},
            {"name": "deep list", "path": f"/customers/?after={self.cursor()}", "text": row},
            {"name": "last page", "path": "/customers/?last=1", "text": row},
            {"name": "search", "path": "/customers/?q={needle}", "text": "Quillfeather"},
            {"name": "open", "path": "/customers/{id}/", "text": f'{row}{{id}}"'},
            {
                "name": "update",
                "form": "/customers/{id}/edit/",
                "set": {"phones": "+1557{n7}"},
                "status": [302],
                "verify": {"path": "/customers/{id}/", "text": "+1557{n7}"},
            },
            {
                "name": "create",
                "form": "/customers/new/",
                "set": {
                    "name": "Nina Berg",
                    "emails": "nina{run}.{n}@example.org",
                    "phones": "+1558{n7}",
                    "company": "",  # the client sends "on" for an empty choice
                },
                "status": [302],
            },
            {"name": "nothing", "path": "/api/nothing", "status": [404]},
        ]
        return {"login": {"kind": "form", "path": "/accounts/login/", "set": given}, "ops": ops}

    def cursor(self) -> str:
        """Where the deep page begins."""
        from crm.records.paging import encode
        from customers.filters import sort_named
        from customers.live import CUSTOMER
        from customers.models import Customer

        rows = Customer.objects.visible_to(self.owner).order_by("-updated_at", "-pk").values(*CUSTOMER.columns)
        row = rows[min(DEEP, self.asked.customers // 2) - 1]
        return encode(sort_named("-updated").of(CUSTOMER.project(row)))


def is_api(way: str) -> bool:
    return way != "pages"


def loads_of(way: str) -> dict[str, tuple[float, float]]:
    return API_LOADS if is_api(way) else PAGE_LOADS


def check(found: dict[str, Any]) -> None:
    """A call that was answered wrongly is no figure."""
    wrong = [f"{name}: {each['first_error']}" for name, each in found.items() if each["errors"]]
    unread = [
        f"{name}: its last write was not read back" for name, each in found.items() if not each.get("verified", 1)
    ]
    if wrong or unread:
        raise SystemExit("\n".join(wrong + unread))


def add_times(report: Report, way: str, ops: dict[str, Any]) -> None:
    nothing = ops["nothing"]["median_ms"]
    for name, target in TARGETS.items():
        found = ops[name]
        report.add(
            Figure(
                f"{way}: {name}",
                found["median_ms"],
                "ms",
                target.api if is_api(way) else target.page,
                control=nothing,
                control_name="nothing",
                runs=tuple(found["round_medians_ms"]),
                reference=target.peer_api if is_api(way) else target.peer_page,
            )
        )
        report.add(Figure(f"{way}: {name}, p95", found["p95_ms"], "ms"))
        report.add(Figure(f"{way}: {name}, CPU of server and database", cpu(found), "ms"))


def cpu(found: dict[str, Any]) -> float:
    return float(found["server_cpu_ms"] + found["db_cpu_ms"])


def add_loads(report: Report, way: str, loads: dict[str, Any]) -> None:
    nothing = loads["nothing"]["per_second"]
    for name, (target, peer) in loads_of(way).items():
        found = loads[name]
        report.add(
            Figure(
                f"{way}: {name}, 8 clients",
                found["per_second"],
                "1/s",
                target,
                better="higher",
                control=nothing,
                control_name="nothing",
                reference=peer,
            )
        )
        report.add(Figure(f"{way}: {name}, 8 clients, p95", found["p95_ms"], "ms"))


def add_statements(report: Report, way: str, found: dict[str, Any]) -> None:
    for name, target in TARGETS.items():
        report.add(Figure(f"{way}: {name}, statements", found[name]["statements"], "", target.statements))
        report.add(Figure(f"{way}: {name}, time of its SQL alone", found[name]["db_ms"], "ms"))


if __name__ == "__main__":
    main()
