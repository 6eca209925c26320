"""What all views here share: who asks, and which answer each refusal of a service gets."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from crm.records.directory import Directory, PageState, page_state
from crm.records.errors import NotEditable, NotVisible
from crm.staff.middleware import StaffRequest

View = Callable[..., HttpResponseBase]


def refusing(view: View) -> View:
    """NotVisible answers 404 and NotEditable 403, for page and fragment alike."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotVisible:
            raise Http404(_("There is no such customer for you.")) from None
        except NotEditable:
            raise PermissionDenied(_("You may see this customer but not change it.")) from None

    return answered


def state_of(request: StaffRequest) -> PageState:
    """The page's place in the log, and the directory that the shell will show as well: read once."""
    if not hasattr(request, "page_state"):
        request.page_state = page_state(request.user.log_position)
    return request.page_state


def directory_of(request: StaffRequest) -> Directory:
    return state_of(request).directory


def is_for(request: StaffRequest, target: str) -> bool:
    """Whether htmx will put the answer into the element with this id."""
    return bool(request.htmx) and request.htmx.target == target


def with_toast(response: HttpResponse, text: str, *, undo: str = "", bad: bool = False, **events: Any) -> HttpResponse:
    """Lets the answer say something, perhaps with a way back; `events` are triggered as well.

    On the body: a live change may have taken away meanwhile what asked, and what that triggers nobody hears.
    """
    toast = {"text": text, "target": "body"} | ({"undo": undo} if undo else {}) | ({"bad": True} if bad else {})
    response["HX-Trigger"] = json.dumps({"pulse:toast": toast} | events)
    return response
