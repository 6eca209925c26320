"""The outbox on the screen: who sees what, and what a person decides about what did not leave."""

import pytest

from crm.outbox import sending
from crm.outbox.models import Dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def unknown(write):
    dispatch = write("Of alice's customer")
    Dispatch.objects.update(state="unknown", attempt=3)
    return dispatch


def test_the_list_is_by_state_and_of_what_the_reader_may_see(client, everybody, unknown):
    for name, state, sees in (("bob", "unknown", True), ("bob", "sent", False), ("charlie", "", False)):
        client.force_login(getattr(everybody, name))
        assert (f"/outbox/{unknown.pk}/" in client.get(f"/outbox/?state={state}").content.decode()) is sees
    assert client.get("/outbox/?after=nonsense").status_code == 400


def test_addresses_and_words_are_for_roles_that_see_contact_details(client, everybody, unknown):
    Dispatch.objects.update(reason="550 what is a mailbox", content={"subject": "Your question: why?", "body": "So."})
    for name, sees in (("bob", True), ("vera", False)):
        client.force_login(getattr(everybody, name))
        for path in ("/outbox/", f"/outbox/{unknown.pk}/"):
            shown = client.get(path).content.decode()
            assert [word in shown for word in ("aisha@example.org", "a mailbox", "why?")] == [sees] * 3


def test_what_is_unknown_is_sent_again_when_a_person_says_so(client, everybody, unknown, mail_server):
    client.force_login(everybody.bob)

    assert sending.drain() == 0
    assert client.post(f"/outbox/{unknown.pk}/retry/").status_code == 302
    assert client.post(f"/outbox/{unknown.pk}/retry/").status_code == 409
    assert sending.drain() == 1
    assert [mail["Message-ID"] for mail in mail_server.mails] == [f"<{Dispatch.objects.get().key}@localhost>"]
    assert client.post(f"/outbox/{unknown.pk}/discard/").status_code == 409


def test_what_is_discarded_never_leaves(client, everybody, write, mail_server):
    client.force_login(everybody.bob)

    client.post(f"/outbox/{write().pk}/discard/")

    assert sending.drain() == 0
    assert Dispatch.objects.get().state == "discarded"
    assert "Discarded" in client.get("/outbox/?state=discarded").content.decode()
