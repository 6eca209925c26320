"""One change to many customers at once, each through its service at its own version; and the way back."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from crm.records.errors import RecordError
from crm.staff.middleware import StaffRequest
from crm.staff.models import User
from customers import services
from customers.models import Customer
from customers.views.answers import with_toast

MOST = 200  # customers in one go
PICKED = re.compile(r"\d{1,18}:\d{1,9}")

Picked = tuple[int, int]  # id and the version that was seen
Change = Callable[[int, int], int]  # from id and version, the version that it made


@require_POST
def bulk(request: StaffRequest) -> HttpResponse:
    """Sets `owner` or `stage`, adds `tag`, or moves to the `trash` every customer of `pick`."""
    change, picked = chosen_change(request.POST, request.user), parse_picked(request.POST.getlist("pick"))
    held = versions(picked)
    made: list[Picked] = []
    refused = 0
    for customer_id, version in picked:
        try:
            made.append((customer_id, change(customer_id, version)))
        except (RecordError, ValidationError):
            refused += 1
    # What was so already made no version: taking that back would take back something else.
    changed = [(customer_id, version) for customer_id, version in made if version > held.get(customer_id, version)]
    return say(request, summary(len(changed), refused), undo_url(changed), bad=not made)


def versions(picked: list[Picked]) -> dict[int, int]:
    ids = [customer_id for customer_id, _version in picked]
    return dict(Customer.objects.filter(pk__in=ids).values_list("pk", "version"))


def chosen_change(given: QueryDict, actor: User) -> Change:
    def update(**changes: Any) -> Change:
        return lambda pk, version: services.update_customer(pk, actor=actor, version=version, changes=changes)[
            "version"
        ]

    def trash(pk: int, version: int) -> int:
        services.trash_customer(pk, actor=actor, version=version)
        return version + 1

    if "owner" in given:
        return update(owner=given.get("owner"))
    if "stage" in given:
        return update(stage=given.get("stage"))
    if "tag" in given:
        return lambda pk, _version: services.tag_customer(pk, actor=actor, tag=given.get("tag", ""))["version"]
    if "trash" in given:
        return trash
    raise BadRequest("owner, stage, tag or trash")


def parse_picked(values: list[str]) -> list[Picked]:
    """From `id:version` texts; also what `undo_url` wrote."""
    if not 0 < len(values) <= MOST or not all(map(PICKED.fullmatch, values)):
        raise BadRequest(f"1 to {MOST} times id:version")
    parts = [value.split(":") for value in values]
    return [(int(customer_id), int(version)) for customer_id, version in parts]


def undo_url(done: list[Picked]) -> str:
    query = urlencode([("of", f"{customer_id}:{version}") for customer_id, version in done])
    return f"{reverse('customers:undo')}?{query}" if done else ""


def summary(done: int, refused: int) -> str:
    changed = ngettext("%d customer changed.", "%d customers changed.", done) % done
    if not refused:
        return changed
    left = ngettext(
        "%d stays as it is: changed meanwhile, or not yours to change.",
        "%d stay as they are: changed meanwhile, or not yours to change.",
        refused,
    )
    return f"{changed} {left % refused}"


@require_POST
def undo(request: StaffRequest) -> HttpResponse:
    """Takes back own changes named by `of`; what was changed again since stays."""
    picked, refused = parse_picked(request.GET.getlist("of")), 0
    for customer_id, version in picked:
        try:
            services.undo_change(customer_id, actor=request.user, version=version)
        except (RecordError, ValidationError):
            refused += 1
    if not refused:
        return say(request, _("Undone."))
    text = ngettext("%d was changed since and stays.", "%d were changed since and stay.", refused) % refused
    return say(request, text, bad=refused == len(picked))


def say(request: StaffRequest, text: str, undo: str = "", *, bad: bool = False) -> HttpResponse:
    if request.htmx:
        events = {} if bad else {"pulse:clear-selection": True}
        return with_toast(HttpResponse(status=204), text, undo=undo, bad=bad, **events)
    messages.add_message(request, messages.ERROR if bad else messages.SUCCESS, text)
    return redirect("customers:list")
