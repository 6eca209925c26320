"""The outbox on the screen: who sees what, and what a person decides about what did not leave."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.outbox import live, sending, services
from crm.outbox.models import Dispatch
from crm.staff.notifications import due

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


def test_the_list_on_a_screen_is_drawn_anew_from_what_its_reader_may_see(everybody, unknown):
    told = live.compute_list(everybody.bob.access, {"state": "unknown"})["parts"]["rows"]
    Dispatch.objects.update(state="sent")

    assert f"/outbox/{unknown.pk}/" in told
    assert (
        f"/outbox/{unknown.pk}/" not in live.compute_list(everybody.bob.access, {"state": "unknown"})["parts"]["rows"]
    )
    assert f"/outbox/{unknown.pk}/" not in live.compute_list(everybody.charlie.access, {})["parts"]["rows"]
    assert "aisha@example.org" not in live.compute_list(everybody.vera.access, {})["parts"]["rows"]
    assert live.compute_list(everybody.bob.access, {"after": "nonsense"}) == {}


def test_the_page_of_one_hears_what_becomes_of_it(client, everybody, unknown):
    client.force_login(everybody.bob)

    Dispatch.objects.update(reason="550 no mailbox aisha@example.org")
    told = live.compute_one(everybody.vera.access, {"id": unknown.pk})
    assert told["state"] == "unknown"
    assert "aisha@example.org" not in str(told)
    assert live.compute_one(everybody.charlie.access, {"id": unknown.pk}) == {}
    assert live.compute_one(everybody.bob.access, {"id": "nonsense"}) == {}
    assert 'data-panel="outbox:dispatch"' in client.get(f"/outbox/{unknown.pk}/").content.decode()


def test_who_may_decide_everywhere_is_told_what_is_unknown_until_somebody_has(everybody, unknown):
    names, address = ("admin", "dana", "bob", "charlie"), f"/outbox/{unknown.pk}/"
    told = {name: [each.url for each in due(getattr(everybody, name))] for name in names}
    services.discard_dispatch(unknown.pk, actor=everybody.bob)

    assert told == {"admin": [address], "dana": [address], "bob": [], "charlie": []}
    assert due(everybody.dana) == []


def test_metrics_tell_what_has_not_left(client, settings, unknown, write):
    settings.METRICS_TOKEN = "a token"
    late = write()
    Dispatch.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(seconds=90))

    told = client.get("/metrics", headers={"Authorization": "Bearer a token"}).content.decode()

    assert 'pulse_outbox_dispatches{state="unknown"} 1.0' in told
    assert 'pulse_outbox_dispatches{state="dead"} 0.0' in told
    oldest = next(line for line in told.splitlines() if line.startswith("pulse_outbox_oldest_seconds "))
    assert 90 <= float(oldest.split()[1]) < 120
