"""Who is online, for other processes: said to the hubs over the bus, and kept in Valkey for who listens to none."""

import json
from typing import Any

from crm.live import bus
from crm.live.presence import FORGET
from crm.records import valkey
from crm.timings import clock

KEY = "pulse:online"  # users by the moment at which a hub last said that they are here


def tell(message: str) -> None:
    bus.publish(message, bus.PRESENCE)
    now, users = clock.now().timestamp(), json.loads(message)["users"]

    def keep(client: Any) -> None:
        pipe = client.pipeline(transaction=False)
        if users:
            pipe.zadd(KEY, dict.fromkeys(users, now))
        pipe.zremrangebyscore(KEY, "-inf", now - FORGET)
        pipe.execute()

    valkey.attempt(keep)


def users() -> set[int]:
    """Nobody while Valkey does not answer: then working hours are all that is known."""
    since = clock.now().timestamp() - FORGET
    return {int(each) for each in valkey.attempt(lambda client: client.zrangebyscore(KEY, since, "+inf")) or ()}
