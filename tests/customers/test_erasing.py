"""Erasing a person: asked by one, approved by another; afterwards nothing of her is found anywhere."""

import json
from datetime import timedelta
from importlib import import_module
from threading import Thread
from time import sleep

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.utils import timezone

from crm.api.models import KeptAnswer
from crm.live.announcing import write_cache
from crm.records import valkey
from crm.records.errors import NotVisible
from crm.records.models import Change
from crm.requests.desk import services as desk
from crm.requests.models import Request, TriageModel
from crm.requests.services import WrongState, accept_from_site, accept_request, cancel_request, retry_request
from crm.sites.services import create_site
from crm.staff import notifications
from customers import erasing, services
from customers.copies.making import make_copy
from customers.models import ContactPoint, Customer, Erasure, Import, ImportLine
from tests.factories import make_customer, number_changes
from tests.requests.handling import claim, handled

pytestmark = pytest.mark.django_db
WORDS = (
    "Aisha", "Rahman", "kestrel", "4960199", "Leeds", "Operations", "Likes tea", "dentist", "Grandmother", "1985-04",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _patient(monkeypatch, settings):
    """A busy machine's Valkey must not be taken for an empty one."""
    held = settings.REDIS.client(decode_responses=True)
    monkeypatch.setattr(valkey, "client", lambda: held)


@pytest.fixture
def send(everybody, customer):
    def sent(name, kind):
        return handled(accept_request(kind, customer.pk, {}, actor=getattr(everybody, name)))

    return sent


@pytest.fixture
def known(everybody, customer, ask, tmp_path, settings):
    """Everything that a customer can leave: parts, texts, requests, a copy, a file, answers; partly numbered."""
    settings.MEDIA_ROOT = tmp_path
    bob = everybody.bob
    asked = ask("ask", subject="May my Grandmother have it sent to Leeds?")
    desk.take_request(asked.pk, actor=bob)
    desk.answer_request(asked.pk, actor=bob, answer="Yes, Aisha.", topic="aisha's parcel", priority=2)
    waiting = ask("ask", subject="Is the dentist told?")
    desk.sort_request(waiting.pk, actor=bob, topic="dentist", priority=2)
    learned = {"classes": ["aisha's parcel"], "terms": ["grandmother"]}
    TriageModel.objects.create(
        aim="topic", trained_at=timezone.now(), newest=timezone.now(), examples=2, classes=1, content=learned
    )
    services.add_note(customer.pk, actor=bob, body="Likes tea with Aisha Rahman.")
    services.add_follow_up(
        customer.pk, actor=bob, title="Ask about the dentist", due_at=timezone.now(), assignee_id=bob.pk
    )
    ask("change_details", born_on="1985-04-01", street="5 Grandmother Lane")
    ContactPoint.objects.create(customer=customer, kind="address", street="Grandmother's", position=1)
    number_changes()
    ask("call_back", about="the dentist of Aisha")
    ask("consent", channel="email", is_given=True)
    services.tag_customer(customer.pk, actor=bob, tag="vip")
    make_copy(customer)
    batch = Import.objects.create(owner=bob, file_name="people.csv", stored_name="1.csv", problems=["Aisha: no e-mail"])
    batch.path.parent.mkdir()
    batch.path.write_text("name\nAisha Rahman\n")
    ImportLine.objects.create(batch=batch, number=1, outcome="updated", customer=customer, before={"city": "Leeds"})
    KeptAnswer.objects.create(
        user=bob, key="k", method="PATCH", path=f"/api/customers/{customer.pk}", body='{"name": "Aisha Rahman"}'
    )
    LogEntry.objects.create(
        user=bob, content_type=ContentType.objects.get_for_model(Customer), object_id=customer.pk,
        object_repr="Aisha Rahman", action_flag=CHANGE, change_message='[{"added": {"object": "aisha@kestrel"}}]',
    )  # fmt: skip
    return batch


def found(words=WORDS):
    """(table, word) for every word in a row of any table, and ("valkey", word)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            for word in words:
                cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE %s', [f"%{word}%"])
                if cursor.fetchone()[0]:
                    yield table, word
    # Of this test's customers alone: those of others, whose rows are rolled back, are still in the cache.
    for customer in Customer.objects.all():
        held = json.dumps(valkey.attempt(lambda client, key=customer.topic: client.hgetall(key)))
        yield from (("valkey", word) for word in words if word in held)


def test_nothing_of_her_is_left_but_that_something_happened(customer, known, send):
    write_cache(number_changes())
    assert {"customers_customer", "customers_search", "change_p0", "valkey"} <= {table for table, _ in found()}
    history = list(Change.objects.order_by("seq").values_list("seq", "record", "op", "actor_id", "way", "written_at"))
    consent = send("bob", "erase_data")

    request = send("dana", "approve_erasure")
    write_cache(number_changes())

    assert (request.state, request.result) == ("done", {"asked": consent.pk})
    assert list(found()) == []
    assert not known.path.exists()
    now = Change.objects.order_by("seq").values_list("seq", "record", "op", "actor_id", "way", "written_at")
    assert list(now)[: len(history)] == history
    customer.refresh_from_db()
    assert (customer.name, customer.tags, customer.owner_id) == (f"#{customer.pk}", [], customer.owner_id)


def test_the_timeline_still_says_that_it_happened(customer, known, send, browser_of):
    send("bob", "erase_data")
    send("dana", "approve_erasure")
    number_changes()

    shown = browser_of("bob").get(f"/customers/{customer.pk}/timeline/").content.decode()

    for title in ("Change of details", "Call back", "Erasure of all data", "Approval of an erasure"):
        assert title in shown
    assert not [word for word in WORDS if word in shown]
    assert "all that was known is erased" in browser_of("bob").get(f"/customers/{customer.pk}/").content.decode()


def test_a_customer_in_the_trash_is_erased_there(customer, known, everybody, send):
    services.trash_customer(customer.pk, actor=everybody.alice, version=Customer.objects.get().version)
    site = create_site(actor=everybody.admin, name="Shop")[0]
    asked = handled(accept_from_site(site, "erase_data", customer.pk, {}))

    assert send("dana", "approve_erasure").result == {"asked": asked.pk}
    write_cache(number_changes())

    assert list(found()) == []
    customer.refresh_from_db()
    assert (customer.name, customer.deleted_at is None) == (f"#{customer.pk}", False)
    assert list(Request.objects.sent_by(site)) == [asked]


def test_nothing_else_is_asked_for_one_in_the_trash_and_by_nobody_who_may_not_change_it(customer, everybody):
    services.trash_customer(customer.pk, actor=everybody.alice, version=customer.version)

    for name, kind in (("alice", "export_data"), ("charlie", "erase_data")):
        with pytest.raises(NotVisible):
            accept_request(kind, customer.pk, {}, actor=getattr(everybody, name))
    assert not Request.objects.exists()


def test_staff_ask_for_it_from_the_trash(customer, everybody, browser_of):
    services.trash_customer(customer.pk, actor=everybody.alice, version=customer.version)
    form = f"/requests/of/{customer.pk}/new/"
    assert form in browser_of("alice").get("/customers/trash/").content.decode()

    shown = browser_of("alice").get(form)
    assert [kind.name for kind in shown.context["kinds"]] == ["erase_data", "withdraw_erasure"]
    assert "in the trash" in shown.content.decode()
    sent = browser_of("alice").post(form, {"kind": "erase_data"})
    assert browser_of("alice").post(form, {"kind": "call_back"}).status_code == 404
    assert browser_of("charlie").get(form).status_code == 404
    handled(Request.objects.get())
    assert "Approval of an erasure" in browser_of("dana").get(sent.url).content.decode()
    assert 'class="btn primary"' in shown.content.decode()
    assert 'class="btn danger"' in browser_of("dana").get(f"{form}?kind=approve_erasure").content.decode()
    approved = browser_of("dana").post(form, {"kind": "approve_erasure"})
    handled(Request.objects.order_by("pk").last())

    customer.refresh_from_db()
    assert customer.name == f"#{customer.pk}"
    assert browser_of("dana").get(approved.url).status_code == 200


def test_who_asks_is_told_what_is_missing(customer, send, browser_of):
    asked = send("bob", "erase_data")

    assert "Approval of an erasure" in browser_of("bob").get(asked.get_absolute_url()).content.decode()


def test_it_takes_two(customer, send, everybody):
    assert send("dana", "approve_erasure").reason == "Nobody has asked for these data to be erased."
    send("dana", "erase_data")
    refused = send("dana", "approve_erasure")
    customer.refresh_from_db()
    assert (refused.state, customer.name) == ("failed", "Aisha Rahman")

    assert send("admin", "approve_erasure").state == "done"
    assert send("admin", "approve_erasure").state == "failed"


def test_nobody_tries_again_what_another_approved_before_it_was_asked_or_took_back(customer, everybody, send):
    too_early = send("dana", "approve_erasure")
    send("admin", "erase_data")
    taken_back = accept_request("approve_erasure", customer.pk, {}, actor=everybody.dana)
    cancel_request(taken_back.pk, actor=everybody.dana)

    for approval in (too_early, taken_back):
        for actor in (everybody.alice, everybody.admin):
            with pytest.raises(WrongState):
                retry_request(approval.pk, actor=actor)
    assert claim() is None
    customer.refresh_from_db()
    assert customer.name == "Aisha Rahman"


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_is_written_meanwhile_goes_too(customer, everybody, send, ask):
    request = ask("ask", subject="Where is it?")
    desk.take_request(request.pk, actor=everybody.bob)
    send("bob", "erase_data")
    approval = accept_request("approve_erasure", customer.pk, {}, actor=everybody.dana)
    with transaction.atomic():
        desk.answer_request(request.pk, actor=everybody.bob, answer="There.", topic="", priority=2)
        erasing_too = Thread(target=lambda: (handled(approval), connection.close()))
        erasing_too.start()
        wait_until_somebody_waits()
    erasing_too.join()

    customer.refresh_from_db()
    assert customer.name == f"#{customer.pk}"
    assert list(found()) == []


def wait_until_somebody_waits():
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        sleep(0.01)
    raise AssertionError("nobody waits")


def test_what_waits_is_not_done_afterwards(customer, everybody, send):
    send("bob", "erase_data")
    approval = accept_request("approve_erasure", customer.pk, {}, actor=everybody.dana)
    behind = accept_request("change_details", customer.pk, {"city": "Hull"}, actor=everybody.bob, key="aisha")

    handled(approval)

    behind.refresh_from_db()
    assert (approval.state, behind.state, behind.payload, behind.idempotency_key) == ("done", "cancelled", {}, None)
    assert claim() is None


def test_a_companys_name_goes_from_its_people(everybody, browser_of):
    company = make_customer(everybody.alice, kind="company", name="Kestrel Dental")
    person = make_customer(everybody.alice, name="Olu", company=company.pk)
    number_changes()
    for name, kind in (("bob", "erase_data"), ("dana", "approve_erasure")):
        handled(accept_request(kind, company.pk, {}, actor=getattr(everybody, name)))

    person.refresh_from_db()
    assert (person.name, person.company_name) == ("Olu", f"#{company.pk}")
    assert list(found(["Kestrel"])) == []

    number_changes()
    late = Change.objects.filter(record="customer", record_id=person.pk).order_by("-seq").first()
    Change.objects.filter(pk=late.pk).update(data=late.data | {"company_name": "Kestrel Dental"})
    erasing.settle()
    assert list(found(["Kestrel"])) == []


def test_what_was_on_its_way_is_wiped_later_from_log_and_cache_and_newer_is_kept(customer, everybody, send):
    send("bob", "erase_data")
    approval = send("dana", "approve_erasure")
    number_changes()
    Change.objects.filter(record="customer", op="c").update(data={"id": customer.pk, "name": "Aisha Rahman"})
    valkey.attempt(lambda client: client.hset(customer.topic, mapping={"version": 1, "name": "Aisha Rahman"}))
    services.update_customer(
        customer.pk, actor=everybody.bob, version=Customer.objects.get().version, changes={"name": "Zoe"}
    )
    number_changes()

    erasing.settle()

    assert list(found(["Aisha"])) == []
    newest = Change.objects.filter(record="customer").order_by("-seq").first()
    assert newest.data["name"] == "Zoe"
    assert Request.objects.get(pk=approval.pk).state == "done"


def test_who_may_approve_is_told_by_the_bell_until_it_is_decided(customer, everybody, send, browser_of):
    asked = send("dana", "erase_data")

    (told,) = notifications.due(everybody.admin)
    assert told.title == "Erasure to approve: Aisha Rahman"
    assert (told.url, told.at) == (
        f"/requests/of/{customer.pk}/new/?kind=approve_erasure", asked.received_at + timedelta(days=30),
    )  # fmt: skip
    assert "Approval of an erasure" in browser_of("admin").get(told.url).content.decode()
    assert told.title in browser_of("admin").get("/notifications/").content.decode()
    assert notifications.unread_count(everybody.admin) == 1
    for name in ("dana", "bob", "alice", "charlie"):
        assert told.title not in [each.title for each in notifications.due(getattr(everybody, name))], name

    send("admin", "approve_erasure")
    assert notifications.due(everybody.admin) == []


@pytest.mark.parametrize("name", ["dana", "bob"])
def test_what_was_asked_for_can_be_withdrawn_until_it_is_approved(customer, everybody, send, name):
    assert send(name, "withdraw_erasure").reason == "Nobody has asked for these data to be erased."
    asked = send("dana", "erase_data")

    assert send(name, "withdraw_erasure").result == {"asked": asked.pk}

    assert notifications.due(everybody.admin) == []
    assert send("admin", "approve_erasure").reason == "Nobody has asked for these data to be erased."
    send("dana", "erase_data")
    assert send("admin", "approve_erasure").state == "done"


def test_who_asks_again_does_not_take_it_from_who_asked_first(everybody, send):
    first = send("dana", "erase_data")
    send("admin", "erase_data")

    assert send("dana", "approve_erasure").reason == "Somebody else than who asked for it has to approve it."
    assert send("admin", "approve_erasure").result == {"asked": first.pk}


def test_what_was_asked_for_before_erasures_had_rows_waits_as_well(customer, everybody, send):
    approved_by = make_customer(everybody.alice, name="Chen Wei")
    earlier, request = send("dana", "erase_data"), send("dana", "erase_data")
    Request.objects.filter(pk=earlier.pk).update(customer=approved_by)
    Request.objects.filter(pk=accept_request("approve_erasure", approved_by.pk, {}, actor=everybody.admin).pk).update(
        state="done", finished_at=timezone.now()
    )
    Erasure.objects.all().delete()

    with connection.cursor() as cursor:
        cursor.execute(import_module("customers.migrations.0015_erasures_asked_before").ASKED_BEFORE)

    assert list(Erasure.objects.values_list("customer_id", "request_id")) == [(customer.pk, request.pk)]
