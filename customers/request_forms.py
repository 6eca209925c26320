"""What staff fill in to send a customer's request to this module."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.requests.forms import RequestForm
from customers.forms import field
from customers.live import CUSTOMER
from customers.models import Consent

DETAILS = (
    "name", "title", "emails", "phones", "street", "postcode", "city", "region", "country", "born_on", "language",
)  # fmt: skip
YES, NO = "yes", "no"


class DetailsForm(RequestForm):
    """Empty fields, whatever the customer has: only what is filled in is changed."""

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        for name in DETAILS:
            if CUSTOMER.may_write([name], self.sees_contacts):
                self.fields[name] = field(name, {})
                self.fields[name].required = False


class CallBackForm(RequestForm):
    when = forms.DateTimeField(
        label=_("When"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    about = forms.CharField(label=_("What about"), required=False, max_length=150)


class ConsentForm(RequestForm):
    channel = forms.ChoiceField(label=_("Marketing by"), choices=Consent.Channel.choices)
    is_given = forms.TypedChoiceField(
        label=_("The customer"),
        choices=[(YES, _("wants it")), (NO, _("does not want it"))],
        coerce=lambda word: word == YES,
        empty_value=None,
    )
