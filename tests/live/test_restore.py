"""A backup is one moment of the database, however busy it is; put back, nobody goes on from the state that is gone."""

import os
import subprocess
import threading
import time
from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from crm.environment import CHECKOUT
from crm.live.mover import Mover, connect
from crm.live.relay import Relay
from crm.records import backup as backups
from crm.records import log, valkey
from crm.starter.programs import MANAGE
from customers.models import Customer, Tag
from tests.databases import address_of, talking_to
from tests.factories import make_customer, number_changes, people

EMPTY = "pulse_test_empty"


@pytest.fixture
def empty(transactional_db):
    """The address of a database without tables, as a fresh machine has it."""
    with psycopg.connect(address_of(connection, dbname="postgres"), autocommit=True) as plain:
        plain.execute(f'CREATE DATABASE "{EMPTY}"')
        try:
            yield address_of(connection, dbname=EMPTY)
        finally:
            plain.execute(f'DROP DATABASE "{EMPTY}" WITH (FORCE)')


@pytest.fixture
def file(tmp_path):
    return tmp_path / "pulse.backup"


def put_back(file, **options):
    with talking_to(connection, EMPTY):
        call_command("restore", file, verbosity=0, **options)


def everything(address):
    """Every row of every table, and where every sequence stands."""
    with psycopg.connect(address) as plain:
        plain.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        names = [name for (name,) in plain.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        rows = {name: read(plain, sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))) for name in names}
        rows["sequences"] = read(plain, sql.SQL("SELECT sequencename, last_value FROM pg_sequences"))
        return rows


def read(plain, question):
    return sorted(str(row) for row in plain.execute(question))


def definitions(address):
    """Triggers, indexes and constraints: what would be missed later."""
    with psycopg.connect(address) as plain:
        return {
            name: read(plain, sql.SQL(question))
            for name, question in {
                "triggers": "SELECT pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal",
                "indexes": "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'",
                "constraints": "SELECT conrelid::regclass::text, conname, contype FROM pg_constraint",
            }.items()
        }


def test_every_row_comes_back_under_another_epoch(empty, file, capsys):
    staff = people()
    for number in range(30):
        make_customer(staff.alice, name=f"Customer {number}", emails=[f"c{number}@pulse.example"], tags=["vip"])
    number_changes()
    make_customer(staff.bob, name="Waits to be numbered")
    valkey.client().hset("customer:42", mapping={"version": "8", "name": "Later"})
    source = address_of(connection)

    call_command("backup", file)
    put_back(file)

    told = capsys.readouterr().out
    assert "customers_customer\n" in told
    before, after = everything(source), everything(empty)
    assert before.keys() == after.keys()
    assert len(before["change_new"]) > 0 < len(before["change_p0"])
    assert [name for name in before if before[name] != after[name]] == ["log_state"]
    assert definitions(source) == definitions(empty)
    assert file.stat().st_mode & 0o077 == 0
    assert valkey.client().exists("customer:42") == 0
    with talking_to(connection, EMPTY):
        assert log.position().epoch in told
        customer = Customer.objects.get(name="Waits to be numbered")
        Tag.objects.create(name="goes on")
        assert [row["record"] for row in number_changes()][-1] == "tag"
        assert customer.version == 1


@contextmanager
def busy(ids):
    """Three writers, each of customers of its own, and a relay, for as long as it lasts."""
    stopping = threading.Event()

    def write(writer):
        number = 0
        while not stopping.is_set():
            number += 1
            Customer.objects.filter(pk__in=ids[writer::3]).update(title=f"{writer}-{number}")
        connection.close()

    def move():
        with connect() as own:
            mover = Mover(own, Relay().constants, Relay().clock)
            while not stopping.is_set():
                mover.move()
                time.sleep(0.002)

    threads = [threading.Thread(target=move), *(threading.Thread(target=write, args=(each,)) for each in range(3))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def test_a_backup_under_load_is_one_moment(empty, file):
    """Each record as its newest change says, the log a beginning of what the log became, and nothing between."""
    staff = people()
    ids = [make_customer(staff.alice, name=f"Customer {number}").pk for number in range(50)]
    with busy(ids):
        time.sleep(0.3)
        backups.backup(file, lambda _table: None)
        time.sleep(0.1)
    number_changes()
    later = newest_changes(address_of(connection))
    put_back(file)
    with psycopg.connect(empty) as plain:
        head, highest, count = plain.execute(
            "SELECT (SELECT head FROM log_state), max(seq), count(*) FROM change"
        ).fetchone()
        assert head == highest == count
        assert count > 100
        torn = plain.execute(
            "SELECT c.id FROM customers_customer c WHERE to_jsonb(c) <> (SELECT data FROM ("
            " SELECT version, data FROM change WHERE root = 'customer:' || c.id AND record = 'customer'"
            " UNION ALL SELECT version, data FROM change_new WHERE record = 'customer' AND record_id = c.id) AS known"
            " ORDER BY version DESC LIMIT 1)"
        ).fetchall()
        assert torn == []
        logged = plain.execute("SELECT seq, record, record_id, version FROM change").fetchall()
        waiting = plain.execute("SELECT record, record_id, version FROM change_new").fetchall()
    assert set(logged) <= later
    assert set(waiting) <= {row[1:] for row in later if row[0] > head}
    assert len(later) > len(logged) + len(waiting)


def newest_changes(address):
    with psycopg.connect(address) as plain:
        return set(plain.execute("SELECT seq, record, record_id, version FROM change").fetchall())


def test_data_are_replaced_only_when_that_is_said(empty, file):
    make_customer(people().alice)
    backups.backup(file, lambda _table: None)
    put_back(file)
    with psycopg.connect(empty) as plain:
        plain.execute("UPDATE customers_customer SET name = 'Later'; CREATE TABLE of_a_later_version (id int)")
    with pytest.raises(CommandError, match="say --replace"):
        put_back(file)
    with psycopg.connect(empty) as plain:
        assert plain.execute("SELECT name FROM customers_customer").fetchone() == ("Later",)
    put_back(file, replace=True)
    with psycopg.connect(empty) as plain:
        assert plain.execute("SELECT name FROM customers_customer").fetchone() == ("Aisha Rahman",)
        assert plain.execute("SELECT to_regclass('of_a_later_version')").fetchone() == (None,)


def test_a_broken_or_foreign_file_changes_nothing(empty, file, tmp_path):
    make_customer(people().alice)
    backups.backup(file, lambda _table: None)
    put_back(file)
    before = everything(empty)
    broken, foreign = tmp_path / "broken", tmp_path / "foreign"
    content = file.read_bytes()
    broken.write_bytes(content[: len(content) * 2 // 3])
    foreign.write_text("SELECT 1")
    for each in (broken, foreign, tmp_path / "missing"):
        with pytest.raises(CommandError, match="Nothing was restored"):
            put_back(each, replace=True)
        assert everything(empty) == before


def test_without_the_cache_s_server_nothing_is_restored(empty, file, monkeypatch):
    import redis

    people()
    backups.backup(file, lambda _table: None)
    monkeypatch.setattr(valkey, "client", lambda: redis.Redis.from_url("redis://127.0.0.1:1/0"))
    with pytest.raises(CommandError, match="cannot be emptied"):
        put_back(file)
    assert list(everything(empty)) == ["sequences"]


def test_programs_older_than_the_server_are_not_used(transactional_db, file, tmp_path, monkeypatch):
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.3'\n")
    old.chmod(0o755)
    monkeypatch.setattr(backups, "postgres_programs", lambda: tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="install the client programs of PostgreSQL 18: of pg_dump there is 12"):
        call_command("backup", file)
    assert list(tmp_path.iterdir()) == [old]


def manage(stack, *words):
    subprocess.run([*MANAGE, *map(str, words)], env=os.environ | stack.environment, cwd=CHECKOUT, check=True)


def test_who_watched_reads_everything_again_and_the_relay_goes_on_without_a_restart(stack, listen, file):
    alice = stack.people.alice
    customer = make_customer(alice, name="As of the backup")
    client = listen(alice)
    client.watch(customer.topic)
    manage(stack, "backup", file)
    Customer.objects.filter(pk=customer.pk).update(name="Later")
    client.wait_for_version(customer.topic, 2)
    epoch, head = log.position()

    connection.close_pool()
    manage(stack, "restore", "--replace", file)

    told = client.wait_for(lambda message: message.get("resync") and "epoch" in message)
    assert (told["epoch"], told["head"]) == log.position()
    assert told["epoch"] != epoch
    assert told["head"] < head
    assert Customer.objects.get(pk=customer.pk).name == "As of the backup"
    again = listen(alice)
    again.watch(customer.topic, **{"from": head, "epoch": epoch})
    assert again.wait_for(lambda message: message.get("resync"))["epoch"] == told["epoch"]
    again.watch(customer.topic)
    Customer.objects.filter(pk=customer.pk).update(name="Another future")
    again.wait_for_version(customer.topic, 2)
    assert again.records[customer.topic]["name"] == "Another future"
    assert told["head"] < again.frames(customer.topic)[-1]["seq"] == log.position().head
