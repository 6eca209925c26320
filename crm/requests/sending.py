"""The form on a customer's page by which staff send a request for the customer."""

from typing import Any
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.records.access import Access
from crm.records.errors import NotVisible
from crm.requests import services
from crm.requests.forms import RequestForm
from crm.requests.kinds import Kind, kinds
from crm.requests.models import Request
from crm.requests.views import panel_of
from crm.staff.middleware import StaffRequest


@require_http_methods(["GET", "POST"])
def new_request(request: StaffRequest, customer_id: int) -> HttpResponse:
    """The panel with the form of one kind; a request that was sent is answered with the panel that shows it."""
    context = panel_of(request, customer_id, in_trash=True)
    if not context["may_edit"]:
        raise PermissionDenied(_("You may see this customer but not change it."))
    given = request.POST if request.method == "POST" else None
    offered = {kind.name: kind for kind in offers(request.user.access, in_trash=context["is_thrown_away"])}
    kind = offered.get((given or request.GET).get("kind") or next(iter(offered), ""))
    if kind is None or kind.form is None:
        raise Http404
    form = kind.form(given, sees_contacts=request.user.access.sees_contacts, auto_id="request-%s")
    if given is not None and (sent := send(request, customer_id, kind, form)):
        if not request.htmx:
            return redirect("requests:page", sent.pk)
        return show(request, panel_of(request, customer_id, in_trash=True))
    key = request.POST.get("key") or uuid4().hex
    context |= {"kinds": offered.values(), "kind": kind, "form": form, "key": key}
    return show(request, context, status=200 if given is None else 422)


def offers(access: Access, *, in_trash: bool) -> list[Kind]:
    return [kind for kind in kinds() if kind.form and kind.may_ask(access) and (kind.reaches_trash or not in_trash)]


def send(request: StaffRequest, customer_id: int, kind: Kind, form: RequestForm) -> Request | None:
    """Once for each form that was opened, however often it is sent; None when it says what is wrong."""
    if not form.is_valid():
        return None
    key = request.POST.get("key") or None
    try:
        return services.accept_request(kind.name, customer_id, form.payload(), actor=request.user, key=key)
    except ValidationError as error:
        form.refuse(error)
    except services.KeyReused:
        form.add_error(None, _("This form was sent already, with other words. Open a new one."))
    except NotVisible:
        raise Http404 from None
    return None


def show(request: StaffRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    if request.htmx:
        return render(request, "requests/_panel.html", context, status=status)
    whose = apps.get_model(settings.CUSTOMER_MODEL)._default_manager.get(pk=context["customer"])
    return render(request, "requests/new.html", {**context, "whose": whose}, status=status)
