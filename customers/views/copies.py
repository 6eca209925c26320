"""All that is held about a customer in a file: staff fetch it from the request's page, the customer by a link."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from crm.records.errors import NotEditable
from crm.staff.middleware import StaffRequest
from customers import mails
from customers.exports import may_export
from customers.models import DataCopy
from customers.reading import read_customer
from customers.views.answers import refusing


@require_GET
@refusing
def customer_copy(request: StaffRequest, customer_id: int, copy_id: int) -> HttpResponse:
    """For who sees the customer with all contact details and may export; 404 once it has expired."""
    read_customer(customer_id, request.user)
    may_export(request.user)
    if not request.user.access.sees_contacts:
        raise NotEditable
    return answer(DataCopy.objects.filter(pk=copy_id, customer_id=customer_id).first())


@login_not_required
@require_GET
def handed_copy(request: HttpRequest, ticket: str) -> HttpResponse:
    """For who holds the link; 404 once the copy has expired or the customer is in the trash."""
    copies = DataCopy.objects.filter(customer__deleted_at=None)
    return answer(copies.filter(pk=mails.copy_of_ticket(ticket) or 0).first())


def answer(held: DataCopy | None) -> HttpResponse:
    if held is None or held.expires_at <= timezone.now():
        raise Http404
    response = HttpResponse(held.content, content_type="application/json; charset=utf-8")
    name = f"customer-{held.customer_id}-{held.created_at.date().isoformat()}.json"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response
