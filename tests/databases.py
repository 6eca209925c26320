"""Which database Django talks to in this process, and how to make it another."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

KEYWORDS = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def address_of(connection: Any, **instead: str) -> str:
    """For plain psycopg: what Django's connection says, but for `instead`."""
    facts = {keyword: connection.settings_dict[name] for name, keyword in KEYWORDS.items()}
    return make_conninfo(**{name: value for name, value in {**facts, **instead}.items() if value})


@contextmanager
def copied(connection: Any, name: str) -> Iterator[str]:
    """A copy of Django's database, as long as it is needed; gives its address.

    Its log is another one: a process that remembers something of the first must not take it for known.
    """
    forget_connections(connection)
    source = connection.settings_dict["NAME"]
    with psycopg.connect(address_of(connection, dbname="postgres"), autocommit=True) as plain:
        # A thread of an earlier test may still hold one; PostgreSQL copies only what nobody is connected to.
        plain.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [source])
        plain.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        try:
            address = address_of(connection, dbname=name)
            with psycopg.connect(address) as copy:
                copy.execute("UPDATE log_state SET epoch = gen_random_uuid()")
            yield address
        finally:
            plain.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def talking_to(connection: Any, name: str) -> Iterator[None]:
    usual = connection.settings_dict["NAME"]
    forget_connections(connection)
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        forget_connections(connection)
        connection.settings_dict["NAME"] = usual


def forget_connections(connection: Any) -> None:
    connection.close()
    connection.close_pool()
