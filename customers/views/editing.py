"""Saving what was typed about a customer: what merges is saved, and what does not is asked, showing both values."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from crm.records import formats, log
from crm.records.directory import Directory
from crm.records.errors import Conflict
from crm.staff.middleware import StaffRequest
from crm.staff.models import User
from customers import services
from customers.forms import CustomerForm, field
from customers.live import CUSTOMER
from customers.models import Customer
from customers.views.answers import directory_of


def save(customer_id: int, *, actor: User, version: int, changes: dict[str, Any]) -> dict[str, Any]:
    """Like `update_customer`, but of changes that conflict in part it saves the others before it raises Conflict."""
    try:
        return services.update_customer(customer_id, actor=actor, version=version, changes=changes)
    except Conflict as conflict:
        rest = {name: value for name, value in changes.items() if name not in conflict.conflicts}
        if rest:
            saved = services.update_customer(customer_id, actor=actor, version=version, changes=rest)
            conflict.version = saved["version"]
        raise


def ask(
    request: StaffRequest,
    customer_id: int,
    conflict: Conflict,
    version: int,
    *,
    save_url: str,
    keep_url: str,
    target: str,
) -> HttpResponse:
    """409 with the dialog that asks whose value shall hold; `version` is the one that was opened."""
    directory = directory_of(request)
    context = {
        "by": changed_by(customer_id, version, list(conflict.conflicts), directory),
        "conflicts": [side_by_side(name, values, directory) for name, values in conflict.conflicts.items()],
        "version": conflict.version,
        "save_url": save_url,
        "keep_url": keep_url,
        "target": target,
    }
    response = render(request, "_conflict.html", context, status=409)
    response["HX-Retarget"], response["HX-Reswap"] = "#dialogs", "innerHTML"
    return response


def side_by_side(name: str, values: dict[str, Any], directory: Directory) -> dict[str, Any]:
    """Both values as they read, and as the form takes them."""
    input_field = field(name, directory)
    shown = {side: wording(name, value, directory) for side, value in values.items()}
    sent = {f"{side}_value": typed(input_field.prepare_value(value)) for side, value in values.items()}
    return {"name": name, "label": input_field.label, **shown, **sent}


def typed(value: Any) -> Any:
    return "" if value is None else value


def wording(name: str, value: Any, directory: Directory) -> str:
    if name == "company" and value is not None:
        value = Customer.objects.filter(pk=value).values_list("name", flat=True).first()
    kind = "text" if name == "company" else CUSTOMER.by_name[name].format
    return formats.text(value, kind, formats.Wording(formats.page_words(), directory))


def changed_by(customer_id: int, version: int, names: list[str], directory: Directory) -> str:
    """The first name of whoever changed one of these fields last."""
    columns = [CUSTOMER.by_name[name].source for name in names]
    entry = directory["users"].get(log.who_changed(Customer(pk=customer_id), version, columns))
    return entry["name"].split()[0] if entry else _("Somebody")


def posted_form(request: StaffRequest, customer: dict[str, Any], names: list[str]) -> CustomerForm:
    """The form over those of the fields that were sent."""
    sent = [name for name in names if name in request.POST]
    return CustomerForm(request.POST, directory=directory_of(request), only=sent, opened=customer)
