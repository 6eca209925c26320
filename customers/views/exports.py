"""The list as a file."""

from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.records.downloads import csv_download
from crm.staff.middleware import StaffRequest
from customers import exports
from customers.filters import CustomerFilter
from customers.views.answers import refusing


@require_GET
@refusing
def customer_export(request: StaffRequest) -> HttpResponseBase:
    """All customers that the filter of the list shows, not one page of them."""
    exports.may_export(request.user)
    try:
        wanted = CustomerFilter.parse(request.GET)
    except ValidationError as error:
        raise BadRequest("; ".join(error.messages)) from None
    name = f"customers-{timezone.localdate().isoformat()}.csv"
    return csv_download(name, exports.export_rows(wanted, request.user))
