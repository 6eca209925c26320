"""The file with all that is held about a customer, fetched from the page of the request that asked for it."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from crm.records.errors import NotEditable
from customers.exports import may_export
from customers.models import DataCopy
from customers.reading import read_customer
from customers.views.answers import StaffRequest, refusing


@require_GET
@refusing
def customer_copy(request: StaffRequest, customer_id: int, copy_id: int) -> HttpResponse:
    """For who sees the customer with all contact details and may export; 404 once it has expired."""
    read_customer(customer_id, request.user)
    may_export(request.user)
    if not request.user.access.sees_contacts:
        raise NotEditable
    held = DataCopy.objects.filter(pk=copy_id, customer_id=customer_id, expires_at__gt=timezone.now()).first()
    if held is None:
        raise Http404
    response = HttpResponse(held.content, content_type="application/json; charset=utf-8")
    name = f"customer-{customer_id}-{held.created_at.date().isoformat()}.json"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response
