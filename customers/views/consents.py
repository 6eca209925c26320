"""What a customer wants of marketing, as a panel of the page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.staff.middleware import StaffRequest
from customers.models import Consent
from customers.reading import read_customer
from customers.views.answers import refusing


@require_GET
@refusing
def consents(request: StaffRequest, customer_id: int) -> HttpResponse:
    """The newest word for each channel; of the others it is said that nothing is known."""
    customer = read_customer(customer_id, request.user)
    held = Consent.objects.filter(customer_id=customer_id).order_by("channel", "-id").distinct("channel")
    newest = {consent.channel: consent for consent in held}
    channels = [(label, newest.get(channel)) for channel, label in Consent.Channel.choices]
    return render(request, "customers/_consents.html", {"customer": customer, "channels": channels})
