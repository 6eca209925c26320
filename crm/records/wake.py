"""Nudges the relay after a commit, so that it need not poll fast while nothing happens. Never waited for."""

import threading
import time

from django.db import transaction

from crm.records import valkey

CHANNEL = "pulse:wake"
PAUSE = 1.0  # seconds between wakes of one process: after a change the relay looks often for twice as long (BUSY_FOR)

_due = threading.Event()
_started = threading.Lock()
_thread: threading.Thread | None = None
_woken_at = 0.0


def wake() -> None:
    """Call after writing: once the transaction is committed, the relay hears of it at best effort."""
    transaction.on_commit(nudge)


def nudge() -> None:
    global _thread, _woken_at
    if time.monotonic() - _woken_at < PAUSE:
        return
    _woken_at = time.monotonic()
    if _thread is None or not _thread.is_alive():
        with _started:
            if _thread is None or not _thread.is_alive():
                _thread = threading.Thread(target=_publish, name="wake", daemon=True)
                _thread.start()
    _due.set()


def _publish() -> None:
    while True:
        _due.wait()
        _due.clear()
        valkey.attempt(lambda client: client.publish(CHANNEL, b""))
