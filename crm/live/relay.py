"""The relay: moves committed changes from the inbox into the log, in one order without gaps, then caches and publishes.

One relay leads, by an advisory lock that only relays take; the others stand by. Who led and died left either rows in
the inbox or rows in the log, never anything between: hubs that miss a published row read it from the log. That
PostgreSQL crashed is seen by a table that it does not log and so finds empty (`log_unbroken`): then whoever led tells
again under the same numbers what was told and is not in the log; where she cannot, a new epoch begins.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import psycopg

from crm.live import bus
from crm.live.announcing import announce, write_cache
from crm.live.mover import Mover, Told, connect
from crm.readiness import say_ready
from crm.records import registry

log = logging.getLogger(__name__)

LOCK = 0x50554C53  # the key of the lock that makes one relay the leader
STAND_BY = 0.1  # seconds between tries to take the lead
GIVE_WAY = 1.0  # seconds that who led before a crash has to come back

LEFT = """
SELECT leader, leader IS NOT NULL AND NOT EXISTS (SELECT FROM log_unbroken) AS is_broken FROM log_state"""
TAKE_OVER = """
WITH unbroken AS (INSERT INTO log_unbroken VALUES (1) ON CONFLICT DO NOTHING)
UPDATE log_state SET leader = %s, epoch = CASE WHEN %s THEN epoch ELSE gen_random_uuid() END"""


class Relay:
    """One relay process; `run` until told to stop."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.woken = threading.Event()
        self.clock: Callable[[], float] = time.monotonic
        self.id = uuid.uuid4()
        self.told = Told()
        counted = [each for each in registry.record_types() if each.tally]
        columns = sorted({column for each in counted for column in each.tally})
        self.constants = {
            "directory": registry.directory_names(),
            "counted": [each.name for each in counted],
            "columns": columns,
            "moving": [*columns, "owner_id", "team_id", "created_at", "deleted_at"],
        }

    def run(self) -> None:
        threading.Thread(target=bus.listen_for_wakes, args=(self.woken,), name="wakes", daemon=True).start()
        while not self.stopping.is_set():
            try:
                self.serve()
            except psycopg.OperationalError as error:
                log.warning("The relay lost PostgreSQL and tries again: %s", error)
                self.stopping.wait(0.3)

    def stop(self) -> None:
        self.stopping.set()
        self.woken.set()

    def serve(self) -> None:
        """One connection: stand by until the lock is ours, then lead until the connection ends."""
        with connect() as connection:
            # A leader that is stopped or cut off would hold the lock for ever: PostgreSQL ends its session instead.
            connection.execute("SET idle_session_timeout = '3s'")
            say_ready()
            left = self.left(connection)
            if left["is_broken"] and left["leader"] != self.id:
                self.stopping.wait(GIVE_WAY)
            while not self.stopping.is_set() and not self.take_lead(connection):
                self.stopping.wait(STAND_BY)
            if not self.stopping.is_set():
                log.info("This relay leads")
                self.lead(connection)

    def number_all(self) -> None:
        """Once, and untimed, where no relay leads: what was seeded before anybody could watch is nobody's update."""
        with connect() as connection:
            mover = Mover(connection, self.constants, self.clock)
            while self.take_lead(connection) and (rows := mover.move()):
                write_cache(rows)

    def take_lead(self, connection: "psycopg.Connection[Any]") -> bool:
        found = connection.execute("SELECT pg_try_advisory_lock(%s) AS mine", [LOCK]).fetchone()
        return bool(found and found["mine"])

    def left(self, connection: "psycopg.Connection[Any]") -> dict[str, Any]:
        """Who led last and has not ended in order ("leader"), and whether PostgreSQL crashed since ("is_broken")."""
        found: dict[str, Any] | None = connection.execute(LEFT).fetchone()
        assert found is not None
        return found

    def take_over(self, connection: "psycopg.Connection[Any]", mover: Mover) -> None:
        """Before the first number is given, and on disk."""
        left = self.left(connection)
        if left["leader"] != self.id:
            self.told.batches.clear()
        goes_on = not left["is_broken"] or (left["leader"] == self.id and mover.tell_again())
        connection.execute(TAKE_OVER, [self.id, goes_on])
        if not goes_on:
            log.warning("PostgreSQL crashed, and what it forgot nobody knows: a new epoch of the log begins")
            mover.take_position()

    def lead(self, connection: "psycopg.Connection[Any]") -> None:
        mover = Mover(connection, self.constants, self.clock, self.told)
        self.take_over(connection, mover)
        connection.execute("SET synchronous_commit = off")
        while not self.stopping.is_set():
            if rows := mover.move():
                announce(mover.epoch, rows)
            elif self.woken.wait(mover.pause()):
                self.woken.clear()
        connection.execute("SET synchronous_commit = on")
        connection.execute("UPDATE log_state SET leader = NULL")  # its commit brings all of them to disk
