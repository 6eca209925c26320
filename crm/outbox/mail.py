"""A dispatch as a mail. Its Message-ID is the row's, so that the same mail is the same wherever it turns up."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from crm.outbox.errors import NotSent
from crm.outbox.models import Dispatch


def send(dispatch: Dispatch) -> None:
    """Raises NotSent; after any other exception nobody knows whether it has left."""
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:  # SMTPException is one
        raise NotSent(f"{type(error).__name__}: {error}") from error
    try:
        connection.send_messages([message_of(dispatch)])
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        raise refusal(error) from error
    finally:
        connection.close()


def message_of(dispatch: Dispatch) -> EmailMessage:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    return EmailMessage(
        dispatch.content["subject"],
        dispatch.content["body"],
        to=[dispatch.recipient],
        headers={"Message-ID": f"<{dispatch.key}@{domain}>", "Auto-Submitted": "auto-generated"},
    )


def refusal(error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused) -> NotSent:
    """The server said no: with a code of 500 and more for good (RFC 5321, 4.2.1)."""
    code, said = answer_of(error)
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return NotSent(f"{code} {text}", is_final=code >= 500)


def answer_of(error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused) -> tuple[int, bytes | str]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))
    return error.smtp_code, error.smtp_error
