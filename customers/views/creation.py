"""The form of a new customer, with a look at who may be the same."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.records.access import Reach
from crm.records.errors import NotEditable
from crm.staff.middleware import StaffRequest
from crm.staff.models import User
from customers import search, services
from customers.forms import ORDER, CustomerForm
from customers.live import CUSTOMER
from customers.models import Customer
from customers.views.answers import directory_of, is_for, refusing, with_toast
from customers.views.pages import show_drawer

NEW_FIELDS = ["kind", "name", "emails", "phones", "company", "stage", "owner", "tags", "city", "country"]
MOST_ALIKE = 3


@require_http_methods(["GET", "POST"])
@refusing
def customer_new(request: StaffRequest) -> HttpResponse:
    """A page, or for htmx a drawer beside the list; then the new customer in the same place."""
    if request.user.access.edit is Reach.NONE:
        raise NotEditable
    if request.method == "GET":
        given = {name: request.GET[name] for name in ORDER if name in request.GET}
        opened = {"kind": Customer.Kind.PERSON, "stage": "lead", "owner": request.user.pk} | given
        return show_form(request, CustomerForm(directory=directory_of(request), only=NEW_FIELDS, opened=opened))
    form = CustomerForm(request.POST, directory=directory_of(request), only=NEW_FIELDS, opened={})
    customer = create(form, request.user) if form.is_valid() else None
    if customer is None:
        return show_form(request, form, 422)
    if not request.htmx:
        return redirect("customers:page", customer.pk)
    return with_toast(show_drawer(request, customer.pk), _("%s is added.") % customer.name)


def create(form: CustomerForm, actor: User) -> Customer | None:
    try:
        return services.create_customer(actor=actor, **form.cleaned_data)
    except ValidationError as error:
        form.refuse(error)
        return None


def show_form(request: StaffRequest, form: CustomerForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "title": _("New customer"), "action": request.path, "back": reverse("customers:list")}
    in_drawer = is_for(request, "drawer")
    return render(request, "customers/_new.html" if in_drawer else "customers/form.html", context, status=status)


@require_GET
def duplicates(request: StaffRequest) -> HttpResponse:
    """Customers with the same name, e-mail address or phone number as was typed."""
    found = alike(
        request.GET.get("name", ""), request.GET.get("emails", ""), request.GET.get("phones", ""), request.user
    )
    return render(request, "customers/_duplicates.html", {"found": found})


def alike(name: str, emails: str, phones: str, user: User) -> list[dict[str, Any]]:
    """Contact details count only for those who may see them."""
    same = Q(name__iexact=name.strip()) if name.strip() else Q(pk__in=[])
    if user.access.sees_contacts:
        for typed in (emails.strip(), phones.strip()):
            if len(typed) >= 6:
                same |= search.condition(typed, sees_contacts=True) & search.within(user.access)
    rows = Customer.objects.visible_to(user).filter(same).order_by("-updated_at").values(*CUSTOMER.columns)
    return [CUSTOMER.reading(CUSTOMER.project(row), user.access.sees_contacts) for row in rows[:MOST_ALIKE]]


@require_GET
def companies(request: HttpRequest) -> HttpResponse:
    """Companies to choose from, by what was typed."""
    user: User = request.user  # type: ignore[assignment]
    question = request.GET.get("company_q", "")
    found = Customer.objects.visible_to(user).filter(kind=Customer.Kind.COMPANY)
    if question.strip():
        found = found.filter(search.condition(question, sees_contacts=False), search.within(user.access))
    rows = found.order_by("-updated_at").values("id", "name")[:6]
    return render(request, "customers/_company_choices.html", {"companies": rows})
