"""The pool of connections to PostgreSQL, where psycopg's own does not suit."""

from typing import Any

import psycopg_pool
from psycopg_pool.base import AttemptWithBackoff

# The pool would wait twice as long after each failed try, and whoever waits for a connection with it: after an outage
# of ten seconds for another six. A try costs next to nothing.
AttemptWithBackoff.INITIAL_DELAY = 0.5
AttemptWithBackoff.DELAY_BACKOFF = 1.0


class Pool(psycopg_pool.ConnectionPool[Any]):
    """Lends the connection that came back last: its server process has its caches warm.

    Psycopg lends each in turn. What rests is closed all the same, the longest unused first.
    """

    def _get_ready_connection(self, timeout: float | None) -> Any:
        self._pool.rotate()
        return super()._get_ready_connection(timeout)


psycopg_pool.ConnectionPool = Pool  # type: ignore[misc]  # where Django finds it
