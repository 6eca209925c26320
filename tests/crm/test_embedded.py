"""The embedded servers: what a crash leaves behind never stops the next start."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from crm.embedded import Postgres, Servers, start_servers
from crm.processes import ServerError


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pulse embedded ") as path:
        yield Path(path)


@pytest.fixture(scope="module")
def started(folder: Path) -> Iterator[Servers]:
    servers = start_servers(folder, durable=False)
    yield servers
    servers.stop()


@pytest.fixture
def servers(started: Servers) -> Servers:
    for server in (started.postgres, started.valkey):
        if server.process is None or server.process.poll() is not None:
            server.start()
    return started


def ask(servers: Servers, query: str) -> tuple[object, ...]:
    with psycopg.connect(servers.database_url) as connection:
        return connection.execute(query).fetchone() or ()


def test_capitals_and_chinese_names_are_understood(servers: Servers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
    assert ask(servers, "SELECT lower('É'), cardinality(show_trgm('王小明')) > 0") == ("é", True)


def test_valkey_serves_its_socket_and_no_port(servers: Servers) -> None:
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.ping()
        assert client.config_get("port") == {"port": "0"}


def test_nobody_else_may_enter_the_sockets(servers: Servers) -> None:
    assert servers.postgres.sockets.stat().st_mode & 0o777 == 0o700


def test_a_crash_leaves_nothing_that_stops_the_next_start(folder: Path, servers: Servers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE kept (x int)")
    servers.postgres.kill()
    servers.valkey.kill()
    servers.postgres.start()
    servers.valkey.start()
    assert ask(servers, "SELECT count(*) FROM kept") == (0,)


def test_a_stale_pid_file_of_a_living_process_is_ignored(folder: Path, servers: Servers) -> None:
    servers.postgres.stop()
    (servers.postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    servers.postgres.start()
    assert ask(servers, "SELECT 1") == (1,)


def test_what_an_earlier_run_left_is_ended_and_nothing_else(folder: Path, servers: Servers) -> None:
    with tempfile.TemporaryDirectory(prefix="pulse-other-") as other_folder:
        other = start_servers(Path(other_folder), durable=False)
        try:
            left = {process.pid for process in servers.postgres.running()}
            again = Postgres(folder, durable=False)
            again.start()
            now = {process.pid for process in again.running()}
            assert now
            assert not left & now
            assert ask(other, "SELECT 1") == (1,)
            again.stop()
        finally:
            other.stop()


def test_stopping_twice_leaves_no_process_and_no_socket(servers: Servers) -> None:
    servers.stop()
    servers.stop()
    assert servers.postgres.running() == servers.valkey.running() == []
    assert not servers.postgres.sockets.exists()


def test_broken_data_are_one_clear_line(servers: Servers) -> None:
    servers.postgres.stop()
    version = servers.postgres.data / "PG_VERSION"
    right = version.read_text()
    version.write_text("17\n")
    with pytest.raises(ServerError, match=r"^postgres does not start: .*database files are incompatible[^\n]*$"):
        servers.postgres.start()
    version.write_text(right)
