"""Writes that may be sent twice: with the same `Idempotency-Key` they have one effect and one answer.

Key, effect and answer are committed together, and the key is unique: of two requests at once the second waits in
PostgreSQL for the first, then reads its answer. Without the header a write costs nothing more.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.api import problems, repeating
from crm.api.answers import JSON, PROBLEM_JSON, no_content
from crm.api.auth import View, asker, site_of
from crm.api.models import KeptAnswer
from crm.records.errors import NotVisible
from crm.records.statements import prepared
from crm.staff.models import User

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
MOST_CHARACTERS = 255

# They begin with WITH: a write that begins with its verb is told who acts, which nothing here asks.
TAKE = """
WITH taken AS (
    INSERT INTO api_kept_answer AS kept (user_id, key, method, path, digest, status, location, body)
    VALUES (%(user)s, %(key)s, %(method)s, %(path)s, %(digest)s, 0, '', '')
    ON CONFLICT (user_id, key) DO UPDATE
    SET method = EXCLUDED.method, path = EXCLUDED.path, digest = EXCLUDED.digest, created_at = EXCLUDED.created_at
    WHERE kept.created_at < EXCLUDED.created_at - %(kept_for)s
    RETURNING id
) SELECT id FROM taken"""
KEEP = """
WITH kept AS (
    UPDATE api_kept_answer SET status = %s, location = %s, body = %s, out_of_sight = %s WHERE id = %s RETURNING id
) SELECT id FROM kept"""


def idempotent(view: View) -> View:
    @wraps(view)
    def once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None or site_of(request):  # a site's requests have keys of their own, for good
            return view(request, *args, **kwargs)
        return answer_once(request, key, lambda: view(request, *args, **kwargs))

    return once


def answer_once(request: HttpRequest, key: str, work: Callable[[], HttpResponse]) -> HttpResponse:
    """A refusal undoes the work and is kept as its answer; a failure undoes the key too, so it may be tried again."""
    if not 0 < len(key) <= MOST_CHARACTERS or not key.isprintable():
        raise ValidationError({HEADER: _("Give a key of 1 to %d printable characters.") % MOST_CHARACTERS})
    digest = digest_of(request)
    try:
        with transaction.atomic():
            return answer_first(request, key, digest, work)
    except problems.REFUSALS as error:
        refusal = problems.of_refusal(error)
    # The work is undone, and the key with it: whoever waited for it may have been quicker, and that answer holds.
    with transaction.atomic():
        return answer_first(request, key, digest, lambda: refusal)


def answer_first(request: HttpRequest, key: str, digest: str, work: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer kept under the key, or else the work's, kept from now on. What the work raises is not kept."""
    taken = take(request, key, digest)
    if taken is None:
        return repeat(KeptAnswer.objects.get(user=asker(request), key=key), digest, asker(request))
    response = work()
    keep(taken, request, response)
    return response


def take(request: HttpRequest, key: str, digest: str) -> int | None:
    """The number under which this request's answer is to be kept; None when one is kept under the key already."""
    user = asker(request).pk
    facts = {"user": user, "key": key, "method": request.method, "path": request.path, "digest": digest}
    with prepared() as cursor:
        cursor.execute(TAKE, facts | {"kept_for": KEPT_FOR})
        found = cursor.fetchone()
    return found[0] if found else None


def digest_of(request: HttpRequest) -> str:
    parts = (str(request.method), request.get_full_path())
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + request.body).hexdigest()


def keep(taken: int, request: HttpRequest, response: HttpResponse) -> None:
    location = response.get("Location", "")
    out_of_sight = not repeating.is_in_sight(location or request.path, asker(request))
    with prepared() as cursor:
        cursor.execute(KEEP, [response.status_code, location, response.content.decode(), out_of_sight, taken])


def repeat(kept: KeptAnswer, digest: str, reader: User) -> HttpResponse:
    """Raises NotVisible when what the answer tells of has gone out of the reader's sight since."""
    if kept.digest != digest:
        detail = _("This key was used for another request in the last 24 hours.")
        return problems.problem(422, detail, kind="key-reused")
    if kept.status == 204:
        response = no_content()
    else:
        content_type = JSON if kept.status < 400 else PROBLEM_JSON
        if not kept.out_of_sight and not repeating.is_in_sight(kept.location or kept.path, reader):
            raise NotVisible
        response = HttpResponse(repeating.as_read(kept.body, reader), status=kept.status, content_type=content_type)
    if kept.location:
        response["Location"] = kept.location
    response["Idempotency-Replayed"] = "true"
    return response


def forget_about(*addresses: str) -> None:
    """Drops the answers given at these addresses and below them, and those that made what is found there."""
    for address in addresses:
        about = Q(path=address) | Q(path__startswith=f"{address}/") | Q(location=address)
        KeptAnswer.objects.filter(about).delete()


def forget_old() -> None:
    """Drops answers past their time; run by the clock."""
    KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
