"""What customers ask in their own words, and a person answers."""

from datetime import timedelta
from typing import Annotated, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from crm.requests.desk.placement import first_offer
from crm.requests.forms import RequestForm
from crm.requests.kinds import Attempt, Handover, Kind, register
from customers import mails
from customers.models import Customer
from customers.requests import Payload, hold

MOST_SUBJECT, MOST_TEXT = 150, 10_000
WITHOUT_NUL = r"^[^\x00]*$"


class Question(Payload):
    """What it is about, in a line, and the rest."""

    subject: Annotated[str, Field(min_length=1, max_length=MOST_SUBJECT, pattern=WITHOUT_NUL)]
    text: Annotated[str, Field(max_length=MOST_TEXT, pattern=WITHOUT_NUL)] = ""


class QuestionForm(RequestForm):
    subject = forms.CharField(label=_("Subject"), max_length=MOST_SUBJECT)
    text = forms.CharField(
        label=_("In the customer's words"), required=False, max_length=MOST_TEXT, widget=forms.Textarea({"rows": 5})
    )


def words(payload: dict[str, Any]) -> str:
    return f"{payload['subject']}\n{payload.get('text', '')}".strip()


def tell(customer: Customer, payload: dict[str, Any], answer: str) -> None:
    mails.write(customer, gettext("Your question: %s") % " ".join(payload["subject"].split()), answer)


def ask(attempt: Attempt) -> Handover:
    hold(attempt)
    return first_offer(attempt)


register(
    Kind(
        name="ask",
        title=_("Question or complaint"),
        about=_("Goes to the person who is best placed to answer it, and waits for the answer."),
        payload=Question,
        apply=ask,
        module="customers",
        is_customers=True,
        form=QuestionForm,
        words=words,
        tell=tell,
        value=2.0,
        deadline=timedelta(hours=8),
        expected=0.05,
    )
)
