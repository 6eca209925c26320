"""The relay numbers what is committed: without holes, without loss, in the order of each record."""

import math
import threading

import pytest
from django.db import connection
from django.db.models import Sum

from crm.live import mover as movers
from crm.live.announcing import announce
from crm.live.mover import Mover, connect
from crm.live.relay import Relay
from crm.records import valkey
from crm.records.models import Change, ChangeNew, LogState, Tally
from customers import services
from customers.models import Customer, Note, Tag
from tests.factories import make_customer, people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mover(empty_log):
    with connect() as own:
        yield Mover(own, Relay().constants, Relay().clock)


def drain(mover):
    rows = []
    while moved := mover.move():
        rows += moved
    return rows


def test_what_was_written_is_numbered_in_order_and_leaves_the_inbox(mover):
    alice = people().alice
    make_customer(alice)
    head = mover.head
    rows = drain(mover)
    assert [row["seq"] for row in rows] == list(range(head + 1, head + 1 + len(rows)))
    assert ChangeNew.objects.count() == 0
    assert LogState.objects.get().head == rows[-1]["seq"] == Change.objects.latest("seq").seq


def test_a_rolled_back_change_leaves_no_hole(mover):
    drain(mover)
    with connect() as other:
        other.execute("BEGIN; INSERT INTO customers_tag (name, version) VALUES ('gone', 1); ROLLBACK")
    Tag.objects.create(name="kept")
    head = mover.head
    assert [(row["seq"], row["data"]["name"]) for row in drain(mover)] == [(head + 1, "kept")]


def test_a_long_transaction_delays_only_itself_and_is_not_lost(mover):
    """A cursor on the inbox's id would pass the slow writer's row by for ever."""
    drain(mover)
    with connect() as slow:
        slow.execute("BEGIN; INSERT INTO customers_tag (name, version) VALUES ('slow', 1)")
        Tag.objects.create(name="quick")
        assert [row["data"]["name"] for row in drain(mover)] == ["quick"]
        mover.low = 10**9  # as after half a second: looks start above the slow row's id
        slow.execute("COMMIT")
        mover.sweep_due = math.inf
        assert mover.move() == []
        mover.sweep_due = -60.0
        assert [row["data"]["name"] for row in drain(mover)] == ["slow"]


def test_many_writers_lose_nothing_and_keep_each_record_in_order(mover):
    staff = people()
    ids = [make_customer(staff.alice, name=f"C{number}").pk for number in range(3)]
    drain(mover)
    start = mover.head

    def write(writer):
        for number in range(40):
            Customer.objects.filter(pk=ids[(writer + number) % 3]).update(title=f"{writer}-{number}")
        connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        drain(mover)
    drain(mover)
    rows = list(
        Change.objects.filter(seq__gt=start, record="customer").order_by("seq").values("seq", "record_id", "version")
    )
    assert len(rows) == 240 == mover.head - start
    for each in ids:
        versions = [row["version"] for row in rows if row["record_id"] == each]
        assert versions == list(range(2, 2 + len(versions)))
        assert versions[-1] == Customer.objects.get(pk=each).version


def test_a_bulk_update_by_plain_sql_is_moved_in_batches(mover):
    alice = people().alice
    make_many(mover, alice, 1200)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET stage_id = 'vip'")
    sizes = []
    while rows := mover.move():
        sizes.append(len(rows))
    assert sizes == [50] * 24


def test_what_comes_after_a_bulk_update_passes_it_but_never_a_change_of_the_same_record(mover):
    alice = people().alice
    make_many(mover, alice, 1200)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET stage_id = 'vip'")
    assert len(mover.move()) == 50
    last = Customer.objects.latest("pk")
    Customer.objects.filter(pk=last.pk).update(title="of the crowd")
    Tag.objects.bulk_create(Tag(name=f"quick {number}") for number in range(70))
    assert [row["record"] for row in mover.move()] == ["tag"] * 70
    rows = drain(mover)
    assert [row["version"] for row in rows if row["record_id"] == last.pk] == [2, 3]


def test_what_was_written_just_before_a_bulk_updates_commit_passes_it_too(mover):
    """Counted to the masses, it would keep all later changes of its record waiting behind them as well."""
    make_many(mover, people().alice, 1200)
    tag = Tag.objects.create(name="other")
    drain(mover)
    with connect() as bulk:
        bulk.execute("BEGIN; UPDATE customers_customer SET stage_id = 'vip'")
        Tag.objects.filter(pk=tag.pk).update(name="just before")
        bulk.execute("COMMIT")
    Tag.objects.filter(pk=tag.pk).update(name="after")
    assert len(mover.move()) == 50
    assert [row["data"]["name"] for row in mover.move()] == ["just before", "after"]


def test_what_became_visible_with_a_bulk_update_passes_it_but_for_what_is_about_its_rows(mover):
    """In its place amid the masses it would keep all later changes of its record waiting as long."""
    alice = people().alice
    make_many(mover, alice, 1200)
    tag = Tag.objects.create(name="other")
    last, of_mass = Customer.objects.order_by("-pk")[:2]
    drain(mover)
    with connect() as bulk:
        bulk.execute("BEGIN")
        bulk.execute("UPDATE customers_customer SET stage_id = 'vip' WHERE id < %s", [last.pk])
        Tag.objects.filter(pk=tag.pk).update(name="amid")
        note = Note.objects.create(customer=of_mass, author=alice, body="amid")
        Customer.objects.filter(pk=last.pk).update(title="amid")
        bulk.execute("UPDATE customers_customer SET stage_id = 'vip' WHERE id = %s", [last.pk])
        bulk.execute("COMMIT")
    mover.low, mover.sweep_due = ChangeNew.objects.earliest("id").pk - 1, math.inf
    Tag.objects.filter(pk=tag.pk).update(name="after")

    assert len(mover.move()) == 50
    passing = mover.move()
    assert [(row["record"], row["record_id"]) for row in passing] == [("tag", tag.pk), ("customer", last.pk)]
    assert [row["record"] for row in [*mover.move(), *mover.move()]].count("tag") == 1
    rows = drain(mover)
    assert [row["version"] for row in rows if row["record_id"] == last.pk] == [3]
    assert [row["record_id"] for row in rows if row["record"] == "note"] == [note.pk]


def test_masses_after_masses_pass_them_by_few_at_a_time(mover):
    make_many(mover, people().alice, 1200)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET stage_id = 'vip'")
        cursor.execute("INSERT INTO customers_tag (name, version) SELECT 'T' || i, 1 FROM generate_series(1, 700) i")
    assert [len(mover.move()) for _batch in range(3)] == [50, 50, 50]


def test_looks_begin_soon_above_the_rows_of_an_open_bulk_update(mover):
    drain(mover)
    mover.clock = lambda: 100.0
    with connect() as bulk:
        tag = Tag.objects.create(name="before it")
        before = mover.move()[-1]["id"]
        bulk.execute(
            "BEGIN; INSERT INTO customers_tag (name, version) SELECT 'T' || i, 1 FROM generate_series(1, 2000) i"
        )
        Tag.objects.filter(pk=tag.pk).update(name="beside it")
        assert [row["data"]["name"] for row in mover.move()] == ["beside it"]
        assert mover.low == before
        bulk.execute("ROLLBACK")


def test_what_a_slow_writer_leaves_in_masses_needs_one_sweep_to_be_found(mover):
    with connect() as slow:
        slow.execute(
            "BEGIN; INSERT INTO customers_tag (name, version) SELECT 'T' || i, 1 FROM generate_series(1, 700) i"
        )
        drain(mover)
        slow.execute("COMMIT")
    mover.low, mover.sweep_due = 10**9, -60.0
    assert len(mover.move()) == 50
    mover.sweep_due = math.inf
    assert len(drain(mover)) == 650


@pytest.mark.parametrize(("took", "rest"), [(0.001, 0.25), (0.005, 0.5), (0.166, 1.0), (2.0, 2.0)])
def test_a_sweep_that_takes_long_is_rarer_but_never_so_rare_that_a_screen_is_stale(mover, took, rest):
    """However far PostgreSQL is: what is below the mark is found by a sweep alone."""
    drain(mover)
    moments = iter([100.0, 100.0 + took])
    mover.clock = lambda: next(moments)
    mover.sweep_due = 99.0
    mover.take_first()
    assert mover.sweep_due == pytest.approx(100.0 + took + rest)
    assert mover.took == 0.0


def test_rows_are_taken_by_their_place_though_the_plan_was_made_for_a_short_inbox(mover):
    drain(mover)
    for number in range(10):
        Tag.objects.create(name=f"tag {number}")
        assert len(mover.move()) == 1
    prepared = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%WITH waiting%'"
    (held,) = mover.connection.execute(prepared).fetchall()
    unknown = "NULL, 50, NULL, NULL, 0, NULL, NULL, NULL"  # whatever is asked, the plan is the same
    plan = mover.connection.execute(f"EXPLAIN EXECUTE {held['name']} ({unknown})").fetchall()
    lines = [line["QUERY PLAN"] for line in plan]
    start = next(place for place, line in enumerate(lines) if "Delete on change_new" in line)
    assert any("Tid Scan on change_new" in line for line in lines[start : start + 10])


def test_a_change_never_passes_a_slower_one_of_the_same_record(mover):
    """The slow writer's row has an id that looks have long passed; who waited for it comes at once after."""
    customer = make_customer(people().alice)
    drain(mover)
    with connect() as slow:
        slow.execute("BEGIN")
        slow.execute("UPDATE customers_customer SET title = 'slow' WHERE id = %s", [customer.pk])
        Tag.objects.create(name="quick")
        highest = mover.move()[-1]["id"]
        slow.execute("COMMIT")
    Customer.objects.filter(pk=customer.pk).update(title="waited")
    mover.low, mover.sweep_due = highest, math.inf
    assert mover.move() == []
    mover.sweep_due = -60.0
    assert [row["data"]["title"] for row in drain(mover)] == ["slow", "waited"]


def make_many(mover, owner, count):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_customer (name, kind, stage_id, owner_id) SELECT 'C' || i, 'person', 'lead', %s"
            " FROM generate_series(1, %s) i",
            [owner.pk, count],
        )
    drain(mover)


def test_partitions_are_made_before_they_are_needed(mover):
    def partitions():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'change'::regclass")
            return cursor.fetchone()[0]

    mover.make_room()
    held = partitions()
    mover.head = mover.room - movers.PARTITION // 10
    mover.make_room()
    assert partitions() == held + 1


def test_a_log_that_was_put_back_is_gone_on_with_where_it_stands(mover):
    """The leader knows the head of a later state: with that it would leave a hole, under an epoch that is over."""
    make_customer(people().alice)
    drain(mover)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM change WHERE seq > 3; UPDATE log_state SET head = 3, epoch = gen_random_uuid()")
    Tag.objects.create(name="after")
    assert mover.move() == []
    assert ChangeNew.objects.count() == 1
    state = LogState.objects.get()
    assert (mover.epoch, mover.head) == (str(state.epoch), 3)
    assert [(row["seq"], row["data"]["name"]) for row in drain(mover)] == [(4, "after")]


def test_of_two_movers_with_the_same_position_one_moves(mover):
    """Should PostgreSQL ever let two lead for a moment, the slower one writes nothing."""
    with connect() as other:
        late = Mover(other, Relay().constants, Relay().clock)
        Tag.objects.create(name="once")
        assert len(drain(mover)) == 1
        Tag.objects.create(name="twice")
        assert late.move() == []
        assert [row["seq"] for row in drain(late)] == [mover.head + 1]


def test_a_partition_is_made_while_a_backup_reads_every_table(mover):
    mover.make_room()
    with connect() as backup:
        backup.execute("BEGIN; LOCK TABLE change, change_new, log_state IN ACCESS SHARE MODE")
        mover.connection.execute("SET lock_timeout = '2s'")
        mover.head = mover.room - movers.PARTITION // 10
        mover.make_room()
    assert drain(mover) == []


def counted(dimension, reader):
    """Numbers of the customers that the reader may see, by the dimension's value."""
    rows = Tally.objects.filter(reader.access.q("view"), record="customer", dimension=dimension)
    return {value: n for value, n in rows.values_list("value").annotate(Sum("n")).order_by() if n}


def test_counts_follow_creation_change_trash_and_hard_deletion(mover):
    staff = people()
    one, two = make_customer(staff.alice, name="One"), make_customer(staff.charlie, name="Two")
    drain(mover)
    assert counted("stage_id", staff.dana) == {"lead": 2}
    assert counted("all", staff.alice) == {"": 1}
    services.update_customer(one.pk, actor=staff.alice, version=1, changes={"stage": "vip"})
    services.update_customer(two.pk, actor=staff.dana, version=1, changes={"owner": staff.alice.pk})
    drain(mover)
    assert counted("stage_id", staff.alice) == {"vip": 1, "lead": 1}
    assert counted("all", staff.dana) == {"": 2}
    assert counted("all", staff.charlie) == {}
    services.trash_customer(one.pk, actor=staff.alice, version=2)
    two.refresh_from_db()
    two.delete()
    drain(mover)
    assert counted("all", staff.dana) == {}
    services.restore_customer(one.pk, actor=staff.alice)
    drain(mover)
    assert counted("stage_id", staff.dana) == {"vip": 1}


def test_what_is_numbered_is_cached_and_what_is_gone_leaves_the_cache(mover):
    alice = people().alice
    customer = make_customer(alice, emails=["a@b.example"])
    announce(mover.epoch, drain(mover))
    held = valkey.client().hgetall(customer.topic)
    assert (held["version"], held["name"], held["emails"]) == ("1", "Aisha Rahman", '["a@b.example"]')
    services.trash_customer(customer.pk, actor=alice, version=1)
    announce(mover.epoch, drain(mover))
    assert valkey.client().hgetall(customer.topic) == {}


def test_only_one_relay_leads():
    with connect() as one, connect() as other:
        assert Relay().take_lead(one)
        assert not Relay().take_lead(other)
        one.close()
        for _attempt in range(100):
            if Relay().take_lead(other):
                return
    pytest.fail("the other relay never took over")
