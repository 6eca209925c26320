"""A mail server, and mails that wait to be sent to it."""

import pytest


@pytest.fixture
def mail_server(settings):
    from crm.email_url import email_settings
    from tests.outbox.mail_server import MailServer

    server = MailServer()
    for name, value in email_settings(f"smtp://127.0.0.1:{server.port}?tls=0").items():
        setattr(settings, name, value)
    yield server
    server.end()


@pytest.fixture
def customer(everybody):
    from tests.factories import make_customer

    return make_customer(everybody.alice)


@pytest.fixture
def write(customer):
    """`write("Hello")` writes a mail about alice's customer."""
    from crm.outbox.services import write_mail

    return lambda subject="Hello": write_mail(customer.pk, to="aisha@example.org", subject=subject, body="Well?\n")


@pytest.fixture
def everybody(db):
    from tests.factories import people

    return people()
