"""Who writes, and by which way: carried with each write to the triggers, in the same round trip, never longer."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple


class Acting(NamedTuple):
    actor_id: int | None
    way: str | None


WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
STAMP = "SELECT set_config('pulse.actor', %s, true), set_config('pulse.way', %s, true); "
NAMED_STAMP = STAMP.replace("%s", "%(pulse_actor)s", 1).replace("%s", "%(pulse_way)s", 1)

NOBODY = Acting(None, None)

_acting: ContextVar[Acting] = ContextVar("pulse_acting", default=NOBODY)


def current() -> Acting:
    return _acting.get()


@contextmanager
def acting(actor_id: int | None, way: str | None = None) -> Iterator[None]:
    """Writes inside are the actor's; without a `way` (screen, api, admin, import, request, worker, system) it stays."""
    token = _acting.set(Acting(actor_id, way or current().way))
    try:
        yield
    finally:
        _acting.reset(token)


def stamp_connection(sender: object, connection: Any, **kwargs: object) -> None:
    """Every write through this connection tells the triggers who acts; connected to `connection_created`."""
    if stamp_write not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, stamp_write)


def stamp_write(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """An execute wrapper: settings and write travel as one multi-statement, which is one implicit transaction."""
    acts = current()
    if many or acts == NOBODY or not isinstance(sql, str) or not WRITE.match(sql):
        return execute(sql, params, many, context)
    who = (str(acts.actor_id or ""), acts.way or "")
    if isinstance(params, Mapping):
        execute(NAMED_STAMP + sql, {**params, "pulse_actor": who[0], "pulse_way": who[1]}, many, context)
    else:
        execute(STAMP + sql, (*who, *(params or ())), many, context)
    context["cursor"].nextset()
    return None
