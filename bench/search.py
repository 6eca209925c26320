"""Find as you type over a million customers with the access rules on; the first page of a list beside a late one."""

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from bench.product import servers
from bench.report import Figure, Report, distribution, quantile

METHOD = """\
{customers:,} customers with the names of the demo's countries, every tenth with a Chinese one, given to {agents} agents
of {teams} teams; the agent who asks sees her own and her team's. Terms: for each length from 1 to 40 characters
{per_length} pieces of what customers of hers are found by, and every tenth turned round, so that it stands nowhere.
Find as you type is what the palette asks (customers.views.palette.found): the newest 40 that match, projected and
ranked. In the list it is the first page of 100. Control: the same terms, ILIKE without an index, {controls} of them.
Pages: 40 rows of the list that a manager sees, page {page:,} by its cursor; control: the same page by OFFSET.
Durable PostgreSQL, one connection, each term asked once before."""

PICK = """
CREATE FUNCTION pg_temp.pick(words text[], number bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN words[1 + number %% cardinality(words)]"""
CUSTOMERS = """
INSERT INTO customers_customer (kind, name, company_name, stage_id, owner_id, team_id, emails, phones, street, postcode,
                                city, country, reference, created_at, updated_at)
SELECT 'person', n.name, pg_temp.pick(%(trades)s, h.d), 'active', w.owner, w.team,
       ARRAY[lower(replace(n.name, ' ', '.')) || i || '@' || lower(pg_temp.pick(%(given)s, h.d)) || '.example'],
       ARRAY['+447' || lpad((h.b %% 1000000000)::text, 9, '0')], h.c %% 200 || ' ' || pg_temp.pick(%(streets)s, h.d),
       'N' || h.a %% 9000, pg_temp.pick(%(cities)s, h.d), 'GB', 'R' || i,
       now() - i * interval '7 seconds', now() - h.d * interval '1 millisecond'
FROM generate_series(1, %(customers)s) i
CROSS JOIN LATERAL (SELECT abs(hashint8(i)::bigint) a, abs(hashint8(-i)::bigint) b, abs(hashint8(3 * i)::bigint) c,
                           abs(hashint8(-3 * i)::bigint) d) h
CROSS JOIN LATERAL (SELECT CASE WHEN i %% 10 = 0
    THEN pg_temp.pick(%(chinese_family)s, h.a) || pg_temp.pick(%(chinese_given)s, h.b)
         || pg_temp.pick(%(chinese_given)s, h.c)
    ELSE pg_temp.pick(%(given)s, h.a) || ' ' || pg_temp.pick(%(family)s, h.b) END) n (name)
JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS place, id AS owner, team_id AS team FROM staff_user
      WHERE team_id IS NOT NULL) w ON w.place = i %% %(agents)s"""
SEARCHED = """
INSERT INTO customers_search (customer_id, open_text, contact_text, readers)
SELECT c.id, customers_open_text(c), customers_contact_text(c), customers_readers(c) FROM customers_customer c"""
TABLES = ("customers_search", "customers_customer")
CHINESE = {
    "chinese_family": list("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"),
    "chinese_given": list("伟芳娜敏静丽强磊洋艳勇军杰娟涛明超兰霞平刚桂英华玉萍红鑫波辉小建文志国海春雪梅"),
}
CONTROL = """
SELECT c.* FROM customers_customer c JOIN customers_search s ON s.customer_id = c.id
WHERE (c.owner_id = %s OR c.team_id = %s) AND c.deleted_at IS NULL AND {}
ORDER BY c.updated_at DESC, c.id DESC LIMIT 40"""
# Joined to nothing, so that no index on the texts serves it.
WORD = "(s.open_text || '' ILIKE %s OR s.contact_text || '' ILIKE %s)"
PAGE_ROWS = 40


def main() -> None:
    options = parse()
    report = Report("search", "Search and late pages", " ".join(METHOD.format(**vars(options)).split()))
    with servers():
        agent, manager = staff(options)
        took = load(options)
        report.add(Figure("loading and indexing them, by plain SQL", took, "s"))
        measure_terms(report, options, agent)
        measure_pages(report, options, manager)
    report.finish()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--teams", type=int, default=20)
    parser.add_argument("--per-length", type=int, default=10)
    parser.add_argument("--controls", type=int, default=10)
    parser.add_argument("--page", type=int, default=20_000)
    return parser.parse_args()


def staff(options: argparse.Namespace) -> tuple[Any, Any]:
    """One of the agents, and a manager, who sees everything."""
    from tests.factories import make_team, make_user

    teams = [make_team(f"Team {number}") for number in range(options.teams)]
    agents = [make_user(f"agent{each}", team=teams[each % len(teams)]) for each in range(options.agents)]
    return agents[0], make_user("manager", "manager")


def load(options: argparse.Namespace) -> float:
    """Seconds. Past the triggers, and the indexes are made when the rows are there: nobody watches these customers."""
    from django.db import connection

    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        indexes = take_indexes(cursor)
        cursor.execute(PICK, [])
        cursor.execute(CUSTOMERS, {**words(), **CHINESE, "customers": options.customers, "agents": options.agents})
        cursor.execute(SEARCHED)
        for definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET session_replication_role")
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
    return time.perf_counter() - begun


def take_indexes(cursor: Any) -> list[str]:
    """Drops the indexes that are nobody's constraint; how to make them again."""
    cursor.execute(
        """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
           WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique""",
        [list(TABLES)],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]


def words() -> dict[str, list[str]]:
    from customers.demo_names import LANDS

    return {
        "given": [name for land in LANDS for name in land.given.split()],
        "family": [name for land in LANDS for name in land.family.split(", ")],
        "trades": [name for land in LANDS for name in land.trades.split(", ")],
        "cities": [city.split(",")[0] for land in LANDS for city in land.cities.split("; ")],
        "streets": [street.replace("#", "").strip() for land in LANDS for street in land.streets.split("; ")],
    }


def terms(per_length: int, reader: Any) -> list[str]:
    """Pieces of the texts that customers of the reader are found by, as many of each length; every tenth reversed."""
    from customers.models import Search

    chance = random.Random(7)
    texts = (
        Search.objects.filter(customer__owner=reader).order_by("pk").values_list("open_text", "contact_text")[:5_000]
    )
    whole = [text for pair in texts for text in pair]
    found: list[str] = []
    while len(found) < 40 * per_length:
        length = 1 + len(found) // per_length
        text = chance.choice(whole)
        start = chance.randrange(max(1, len(text) - length + 1))
        piece = text[start : start + length]
        if len(piece) == length and piece.strip() == piece:
            found.append(piece[::-1] if len(found) % 10 == 9 else piece)
    return found


def measure_terms(report: Report, options: argparse.Namespace, reader: Any) -> None:
    from customers.filters import CustomerFilter
    from customers.listing import Asked, rows_of
    from customers.views import palette

    asked = [CustomerFilter(q=term) for term in terms(options.per_length, reader)]
    typed = [timed(palette.found, each, reader) for each in asked]
    listed = [timed(rows_of, Asked(each), reader) for each in asked]
    some = random.Random(8).sample(asked, options.controls)
    without = [timed(without_index, each.q, reader) for each in some]
    control = quantile(without, 0.95)
    add = (control, "ILIKE without an index, p95")
    report.add(Figure("find as you type, p95", quantile(typed, 0.95), "ms", 30, "lower", *add))
    report.add(Figure("find as you type, p50", quantile(typed, 0.5), "ms"))
    report.add(Figure("find as you type, slowest", max(typed), "ms"))
    chinese = [took for took, each in zip(typed, asked, strict=True) if any("一" <= sign <= "鿿" for sign in each.q)]
    report.add(Figure(f"of it {len(chinese)} terms with Chinese characters, p95", quantile(chinese, 0.95), "ms", 30))
    report.add(Figure("find in the list, p95", quantile(listed, 0.95), "ms", 30, "lower", *add))
    slow = sorted(zip(typed, asked, strict=True), key=lambda pair: -pair[0])[:8]
    print("slowest:", ", ".join(f"{each.q!r} {took:.0f} ms" for took, each in slow))
    report.plot("Find as you type", "percentile", "ms", [distribution("palette", typed), distribution("list", listed)])


def timed(ask: Callable[..., Any], *about: Any) -> float:
    """Milliseconds of the second asking."""
    ask(*about)
    begun = time.perf_counter()
    ask(*about)
    return 1000 * (time.perf_counter() - begun)


def without_index(question: str, reader: Any) -> None:
    from django.db import connection

    from customers.search import words

    wanted = [f"%{word}%" for word in words(question) for _ in range(2)]
    condition = " AND ".join([WORD] * (len(wanted) // 2))
    with connection.cursor() as cursor:
        cursor.execute(CONTROL.format(condition), [reader.pk, reader.team_id, *wanted])
        cursor.fetchall()


def measure_pages(report: Report, options: argparse.Namespace, reader: Any) -> None:
    from crm.records.paging import encode
    from customers.filters import DEFAULT_SORT, sort_named
    from customers.listing import Place, slice_at
    from customers.live import CUSTOMER
    from customers.models import Customer

    sort, seen = sort_named(DEFAULT_SORT), Customer.objects.visible_to(reader)
    ordered = seen.order_by("-updated_at", "-pk").values(*CUSTOMER.columns)
    before = min((options.page - 1) * PAGE_ROWS, options.customers - PAGE_ROWS)
    cursor = encode(sort.of(CUSTOMER.project(ordered[before - 1])))
    asked: dict[str, Callable[[], Any]] = {
        "first": lambda: slice_at(seen, sort, Place(), PAGE_ROWS),
        "late": lambda: slice_at(seen, sort, Place(after=cursor), PAGE_ROWS),
        "offset": lambda: list(ordered[before : before + PAGE_ROWS]),
    }
    took: dict[str, list[float]] = {name: [timed(ask) for _ in range(9)] for name, ask in asked.items()}
    first, late, offset = (quantile(took[name], 0.5) for name in ("first", "late", "offset"))
    page = f"page {before // PAGE_ROWS + 1:,}"
    report.add(Figure("page 1", first, "ms"))
    report.add(Figure(page, late, "ms", 1.5 * first, "lower", first, "page 1", tuple(took["late"])))
    report.add(Figure(f"{page} by OFFSET", offset, "ms", None, "lower", late, "by its cursor"))


if __name__ == "__main__":
    main()
