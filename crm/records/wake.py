"""Nudges the relay after a commit, so that it need not poll fast while nothing happens. Never waited for."""

import threading

from django.db import transaction

from crm.records import valkey

CHANNEL = "pulse:wake"

_due = threading.Event()
_started = threading.Lock()
_thread: threading.Thread | None = None


def wake() -> None:
    """Call after writing: once the transaction is committed, the relay hears of it at best effort."""
    transaction.on_commit(nudge)


def nudge() -> None:
    global _thread
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
