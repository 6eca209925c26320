"""A customer's fields: shown in groups, edited in place one by one or all at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from crm.records.errors import Conflict, NotEditable
from crm.staff.middleware import StaffRequest
from customers.forms import CustomerForm, names_for
from customers.live import CUSTOMER
from customers.models import Customer
from customers.reading import may_edit, read_customer
from customers.views import editing
from customers.views.answers import directory_of, refusing

MOST_VERSION = 2**31

GROUPS: list[tuple[str | Promise, tuple[str, ...]]] = [
    ("", ("name", "emails", "phones", "company", "title", "stage", "owner", "team", "tags")),
    (gettext_lazy("Address"), ("street", "postcode", "city", "region", "country")),
    (gettext_lazy("More"), ("born_on", "language", "source", "reference")),
]


@dataclass(frozen=True)
class Line:
    """One field as the page shows it; `shown` is the projected field that it reads from."""

    name: str
    label: str
    shown: str
    format: str
    value: Any
    may_edit: bool


@dataclass(frozen=True)
class Group:
    title: str
    lines: list[Line]

    @property
    def is_first(self) -> bool:
        return not self.title

    @property
    def is_empty(self) -> bool:
        return not any(line.value for line in self.lines)


def groups(customer: Mapping[str, Any], *, editable: bool, sees_contacts: bool) -> list[Group]:
    """All fields of a person or company, with their titles."""
    there = names_for(customer["kind"], sees_contacts=True)
    changeable = names_for(customer["kind"], sees_contacts=sees_contacts) if editable else []
    return [
        Group(str(title), [line(name, customer, name in changeable) for name in names if name in there])
        for title, names in GROUPS
    ]


def line(name: str, customer: Mapping[str, Any], is_editable: bool) -> Line:
    shown = "company_name" if name == "company" else name
    label = str(Customer._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return Line(
        name, label[:1].upper() + label[1:], shown, CUSTOMER.by_name[shown].format, customer[shown], is_editable
    )


@require_http_methods(["GET", "POST"])
@refusing
def customer_field(request: StaffRequest, customer_id: int, name: str) -> HttpResponse:
    """The field with its input; with `?read` as text; POST saves it and answers the text."""
    customer = read_customer(customer_id, request.user)
    if name not in names_for(customer["kind"], sees_contacts=True):
        raise Http404
    if request.method == "POST":
        return save_field(request, customer, name)
    if "read" in request.GET:
        return show_field(request, customer, name)
    if name not in editable_names(request, customer):
        raise NotEditable
    return ask_field(
        request, customer, name, CustomerForm(directory=directory_of(request), only=[name], opened=customer)
    )


def editable_names(request: StaffRequest, customer: dict[str, Any]) -> list[str]:
    access = request.user.access
    return names_for(customer["kind"], sees_contacts=access.sees_contacts) if may_edit(customer, request.user) else []


def show_field(request: HttpRequest, customer: dict[str, Any], name: str) -> HttpResponse:
    shown = line(name, customer, name in editable_names(request, customer))  # type: ignore[arg-type]
    return render(request, "customers/_field_value.html", {"customer": customer, "line": shown})


def ask_field(
    request: HttpRequest, customer: dict[str, Any], name: str, form: CustomerForm, version: int = 0, status: int = 200
) -> HttpResponse:
    """`version` is the one that the text in the form was based on."""
    context = {"customer": customer, "form": form, "field": form[name], "version": version or customer["version"]}
    return render(request, "customers/_field_form.html", context, status=status)


def save_field(request: StaffRequest, customer: dict[str, Any], name: str) -> HttpResponse:
    customer_id, version = customer["id"], posted_version(request)
    form = editing.posted_form(request, customer, [each for each in editable_names(request, customer) if each == name])
    if name not in form.fields:
        raise NotEditable
    if not form.is_valid():
        return ask_field(request, customer, name, form, version, 422)
    try:
        editing.save(customer_id, actor=request.user, version=version, changes=form.changes())
    except ValidationError as error:
        form.refuse(error)
        return ask_field(request, customer, name, form, version, 422)
    except Conflict as conflict:
        url, target = reverse("customers:field", args=[customer_id, name]), f"#customer-{customer_id}-{name}"
        return editing.ask(request, customer_id, conflict, version, save_url=url, keep_url=f"{url}?read", target=target)
    return show_field(request, read_customer(customer_id, request.user), name)


def posted_version(request: HttpRequest) -> int:
    """Every write says on which version it was based."""
    version = request.POST.get("version", "")
    if not version.isdecimal() or not 0 < int(version) < MOST_VERSION:
        raise BadRequest("version")
    return int(version)


@require_http_methods(["GET", "POST"])
@refusing
def customer_edit(request: StaffRequest, customer_id: int) -> HttpResponse:
    """All fields in one form. The form tells what it was opened with, so that only what was changed is written."""
    customer = read_customer(customer_id, request.user)
    names = editable_names(request, customer)
    if not names:
        raise NotEditable
    if request.method == "POST":
        return save_all(request, customer, names)
    form = CustomerForm(directory=directory_of(request), only=names, opened=customer)
    return show_form(request, customer, form, customer["version"])


def save_all(request: StaffRequest, customer: dict[str, Any], names: list[str]) -> HttpResponse:
    customer_id, version = customer["id"], posted_version(request)
    form = editing.posted_form(request, customer, names)
    page = reverse("customers:page", args=[customer_id])
    if not form.is_valid():
        return show_form(request, customer, form, version, 422)
    try:
        editing.save(customer_id, actor=request.user, version=version, changes=form.changes())
    except ValidationError as error:
        form.refuse(error)
        return show_form(request, customer, form, version, 422)
    except Conflict as conflict:
        return editing.ask(request, customer_id, conflict, version, save_url=request.path, keep_url=page, target="body")
    return HttpResponseClientRedirect(page) if request.htmx else redirect(page)


def show_form(
    request: HttpRequest, customer: dict[str, Any], form: CustomerForm, version: int, status: int = 200
) -> HttpResponse:
    context = {
        "customer": customer,
        "form": form,
        "version": version,
        "title": _("Edit %s") % customer["name"],
        "action": request.path,
        "back": reverse("customers:page", args=[customer["id"]]),
    }
    return render(request, "customers/form.html", context, status=status)
