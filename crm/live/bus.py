"""The one bus for all that is live: Valkey's publish and subscribe. It may lose anything; the log repairs."""

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import redis
from django.conf import settings

from crm.records import valkey
from crm.records.wake import CHANNEL as WAKE

log = logging.getLogger(__name__)

LOG = "pulse:log"
PRESENCE = "pulse:presence"
RETRY = 0.5  # seconds between tries to reach a server that is down


def publish(text: str, channel: str = LOG) -> None:
    valkey.attempt(lambda client: client.publish(channel, text))


def listen_for_wakes(woken: threading.Event) -> None:
    """Sets the event at each wake, for ever; without Valkey the relay just polls."""
    pause = threading.Event()
    while True:
        try:
            client = settings.REDIS.client(socket_connect_timeout=1, health_check_interval=5)
            with client.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                subscription.subscribe(WAKE)
                while True:
                    if subscription.get_message(timeout=5):
                        woken.set()
        except redis.RedisError:
            pause.wait(RETRY)


async def subscribe(heard: Callable[[str, dict[str, Any]], Awaitable[None]]) -> None:
    """Calls `heard(channel, message)` for each message of log and presence, for ever; reconnects by itself."""
    while True:
        client = settings.REDIS.async_client(decode_responses=True, socket_connect_timeout=0.5, health_check_interval=1)
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as subscription:
                await subscription.subscribe(LOG, PRESENCE)
                while True:
                    message = await subscription.get_message(timeout=2)
                    if message:
                        await heard(message["channel"], json.loads(message["data"]))
        except (redis.RedisError, OSError) as error:
            log.info("The bus is down: %s", error)
            await asyncio.sleep(RETRY)
        finally:
            await client.aclose()
