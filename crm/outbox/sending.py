"""Sends what is due, one at a time and each once: says so, sends, says what came of it.

Who dies between the first word and the last leaves a dispatch of which nobody knows whether it has left. It is not
sent again by itself: a person sees it, asks the receiver perhaps, and decides.
"""

import logging
import random
import time
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from crm.outbox import mail, webhook
from crm.outbox.errors import NotSent
from crm.outbox.models import Dispatch, State

TURN = 5.0  # seconds after which a slot of the pool is given back; the clock asks for another
LOST_AFTER = timedelta(minutes=2)  # longer than any server is waited for
ATTEMPTS = 16  # with these pauses about ten hours
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 7200.0  # seconds before a second and before any later attempt
MOST_REASON = 1000  # characters
MOST_AT_ONCE = 3  # to one site, or to the mail server: a slow one may not take all slots of the pool

CLAIM = """
UPDATE outbox_dispatch SET state = 'sending', attempt = attempt + 1, claimed_at = clock_timestamp()
WHERE id = (SELECT id FROM outbox_dispatch AS due WHERE state = 'waiting' AND due_at <= clock_timestamp()
              AND (SELECT count(*) FROM outbox_dispatch AS other
                   WHERE other.state = 'sending' AND other.site_id IS NOT DISTINCT FROM due.site_id) < %s
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id"""

log = logging.getLogger(__name__)


def drain() -> int:
    """Until nothing is due or the turn is over; returns how many were tried. Run by several at once it does no harm."""
    find_lost()
    over, tried = time.monotonic() + TURN, 0
    while time.monotonic() < over and (dispatch := claim()):
        attempt(dispatch)
        tried += 1
    return tried


def find_lost() -> None:
    """Those whose sender has not been heard of since it began."""
    lost = Dispatch.objects.filter(state=State.SENDING, claimed_at__lt=timezone.now() - LOST_AFTER)
    lost.update(state=State.UNKNOWN, reason="its sender was lost while it was being sent")


def claim() -> Dispatch | None:
    """The next that is due, committed as being sent before anything of it leaves."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [MOST_AT_ONCE])
        row = cursor.fetchone()
    return Dispatch.objects.select_related("site").get(pk=row[0]) if row else None


def attempt(dispatch: Dispatch) -> None:
    try:
        (webhook if dispatch.site_id else mail).send(dispatch)
    except NotSent as error:
        not_sent(dispatch, error)
    except Exception as error:
        log.exception("Nobody knows whether dispatch %d has left", dispatch.pk)
        note(dispatch, State.UNKNOWN, reason_of(error))
    else:
        note(dispatch, State.SENT, "")


def not_sent(dispatch: Dispatch, error: NotSent) -> None:
    """Tried again after a pause that doubles and is jittered; given up after enough of them, or when told no."""
    tries = dispatch.attempt - dispatch.forgiven
    if error.is_final or tries >= ATTEMPTS:
        note(dispatch, State.DEAD, str(error))
    else:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * random.uniform(0.5, 1.5)
        dispatch.due_at = timezone.now() + timedelta(seconds=pause)
        note(dispatch, State.WAITING, str(error))


def note(dispatch: Dispatch, state: State, reason: str) -> None:
    """What came of this attempt, also when it was taken for lost meanwhile; not once somebody has decided."""
    mine = Dispatch.objects.filter(pk=dispatch.pk, attempt=dispatch.attempt, state__in=(State.SENDING, State.UNKNOWN))
    ended_at = timezone.now() if state == State.SENT else None
    mine.update(state=state, reason=reason[:MOST_REASON], due_at=dispatch.due_at, ended_at=ended_at)


def reason_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
