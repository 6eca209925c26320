"""The verbs of erasures that wait: ask for one, approve it, withdraw it. Each in the transaction of a request's end."""

from django.utils.translation import gettext as _

from crm.requests.kinds import Attempt, Refused
from customers import erasing
from customers.models import Customer, Erasure


def ask_erasure(customer: Customer, attempt: Attempt) -> None:
    """Only noted: nobody's data are erased on one person's word. Who asked first goes on being who asked."""
    Erasure.objects.get_or_create(customer=customer, defaults={"request_id": attempt.request_id})


def approve_erasure(customer: Customer, attempt: Attempt) -> int:
    """Erases the customer; gives the request that asked for it. Raises Refused."""
    asked = waiting(customer, attempt)
    if asked.request.sender == attempt.sender:
        raise Refused(_("Somebody else than who asked for it has to approve it."))
    erasing.erase_customer(customer, but=attempt.request_id)
    asked.delete()
    return asked.request_id


def withdraw_erasure(customer: Customer, attempt: Attempt) -> int:
    """Gives the request that had asked for it. Raises Refused."""
    asked = waiting(customer, attempt)
    asked.delete()
    return asked.request_id


def waiting(customer: Customer, attempt: Attempt) -> Erasure:
    """Nobody decides about what was not asked for yet when he said so. Raises Refused."""
    asked = Erasure.objects.select_related("request").filter(customer=customer, request__lt=attempt.request_id).first()
    if asked is None:
        raise Refused(_("Nobody has asked for these data to be erased."))
    return asked
