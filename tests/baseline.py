"""The rows that migrations made, brought back after each test that commits.

Django would empty every table: roles, stages and the state of the log would be gone, and triggers would log the loss.
"""

import psycopg
from psycopg import sql

# Tests never change these, and Django holds their numbers in memory.
LEFT_ALONE = ("django_migrations", "django_content_type", "auth_permission")


class Baseline:
    def __init__(self, address: str) -> None:
        self.address = address
        with psycopg.connect(address) as connection:
            self.rows = {table: read(connection, table) for table in filled(connection)}

    def restore(self) -> None:
        """No trigger fires, and the log gets another epoch, as after any restore: what processes remember is stale.

        Sequences go on, so that no number is used twice while caches may still know it.
        """
        with psycopg.connect(self.address, options="-c lock_timeout=10s") as connection:
            connection.execute("SET session_replication_role = replica")
            names = sql.SQL(", ").join(map(sql.Identifier, filled(connection)))
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            for table, rows in self.rows.items():
                write(connection, table, rows)
            connection.execute("UPDATE log_state SET epoch = gen_random_uuid()")


def filled(connection: psycopg.Connection) -> list[str]:
    """The tables with rows in them, partitions counted as part of their table."""
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND relname <> ALL (%s) ORDER BY relname",
        [list(LEFT_ALONE)],
    ).fetchall()
    question = sql.SQL("SELECT {name} WHERE EXISTS (SELECT FROM {table})")
    questions = [question.format(name=sql.Literal(name), table=sql.Identifier(name)) for (name,) in tables]
    return [name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(questions))]


def read(connection: psycopg.Connection, table: str) -> bytes:
    columns = readable_columns(connection, table)
    with connection.cursor().copy(sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), columns)) as copy:
        return b"".join(copy)


def write(connection: psycopg.Connection, table: str, rows: bytes) -> None:
    columns = readable_columns(connection, table)
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)) as copy:
        copy.write(rows)


def readable_columns(connection: psycopg.Connection, table: str) -> sql.Composed:
    """Without generated ones, which COPY does not take."""
    names = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' ORDER BY attnum",
        [f'"{table}"'],
    )
    return sql.SQL(", ").join(sql.Identifier(name) for (name,) in names)
