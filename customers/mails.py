"""What customers are written by mail about what they asked. Who has left no e-mail address is written nothing."""

from datetime import timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.outbox.services import write_mail
from crm.records import log
from customers.models import Consent, Customer, DataCopy

SALT = "customers.copy"
ADDRESS_IS_NEW = timedelta(days=1)


def write(customer: Customer, subject: str, *lines: str, is_private: bool = False) -> bool:
    """Whether there was an address. Call in the transaction of what is written about."""
    if not customer.emails:
        return False
    body = "\n\n".join([_("Hello %s,") % customer.name, *lines])
    write_mail(customer.pk, to=customer.emails[0], subject=subject, body=f"{body}\n", is_private=is_private)
    return True


def hand_over(customer: Customer, held: DataCopy) -> bool:
    """A link by which whoever reads this mailbox fetches the copy until it expires.

    Not to addresses that a request has just changed: whoever sends requests in a customer's name would name a mailbox
    of their own first.
    """
    if log.was_changed(customer, "emails", way="request", since=timezone.now() - ADDRESS_IS_NEW):
        return False
    link = urljoin(settings.PUBLIC_URL, reverse("customers:handed_copy", args=[ticket_for(held)]))
    until = _("It can be fetched until %s (UTC).") % held.expires_at.strftime("%Y-%m-%d %H:%M")
    return write(
        customer, _("Your data"), _("Here is the copy of all that we hold about you:"), link, until, is_private=True
    )


def ticket_for(held: DataCopy) -> str:
    return signing.Signer(salt=SALT).sign(str(held.pk))


def copy_of_ticket(ticket: str) -> int | None:
    """The copy's number; None for a ticket that is not ours."""
    try:
        return int(signing.Signer(salt=SALT).unsign(ticket))
    except signing.BadSignature:
        return None


def confirm_consent(customer: Customer, said: Consent) -> bool:
    facts = {"channel": said.get_channel_display()}
    if said.is_given:
        return write(customer, _("You will hear from us"), _("You agreed to hear from us by %(channel)s.") % facts)
    return write(customer, _("You will not hear from us"), _("You will get no more offers by %(channel)s.") % facts)
