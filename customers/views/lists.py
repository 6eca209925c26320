"""The list of customers and the trash."""

from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from crm.records.access import Reach
from crm.staff.middleware import StaffRequest
from customers.counts import counts_for
from customers.listing import Asked, rows_of
from customers.views import chrome
from customers.views.answers import directory_of, is_for


@require_GET
def customer_list(request: StaffRequest) -> HttpResponse:
    """The page; for htmx the table, and what the filters say about themselves."""
    try:
        asked = Asked.parse(request.GET)
        found = rows_of(asked, request.user)
    except ValidationError as error:
        raise BadRequest("; ".join(error.messages)) from None
    context = {"asked": asked, "found": found, "pages": chrome.pages(asked, found), **around(request, asked)}
    is_part = is_for(request, "list")
    response = render(request, "customers/_list_answer.html" if is_part else "customers/list.html", context)
    patch_vary_headers(response, ["HX-Request"])
    if is_part and not request.htmx.boosted:
        response["HX-Replace-Url" if request.htmx.trigger_name == "q" else "HX-Push-Url"] = asked.url
    return response


def around(request: StaffRequest, asked: Asked) -> dict[str, Any]:
    user, names = request.user, directory_of(request)
    may_edit = user.access.edit is not Reach.NONE
    return {
        "tabs": chrome.tabs(user, counts_for(user), asked.wanted),
        "menus": chrome.menus(asked.wanted, names, user),
        "heads": chrome.heads(asked),
        "hidden": chrome.hidden_columns(request, may_pick=may_edit),
        "may_edit": may_edit,
    }
