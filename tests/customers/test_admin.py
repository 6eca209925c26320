"""Django admin of customers: the same services, rules and log as everywhere, and never over a newer version."""

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from crm.records.models import ChangeNew
from customers import services
from customers.models import ContactPoint, Customer, FollowUp, Import, Note, Stage, Tag
from tests.factories import make_customer, number_changes, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return people()


@pytest.fixture
def client(client, staff):
    """A browser in which the administrator is signed in."""
    client.force_login(staff.admin)
    return client


@pytest.fixture
def aisha(staff):
    return make_customer(staff.alice, title="Head of Operations", emails=["a@b.example"], city="Leeds")


def url(row, view="change"):
    return reverse(f"admin:customers_{row._meta.model_name}_{view}", args=[row.pk])


def list_url(model, view="changelist"):
    return reverse(f"admin:customers_{model._meta.model_name}_{view}")


def opened(client, row):
    """What a browser would send back of a form that nobody touched."""
    context = client.get(url(row)).context
    forms = [context["adminform"].form, *(each.formset.management_form for each in context["inline_admin_formsets"])]
    found = {form[name].html_name: form[name].value() for form in forms for name in form.fields}
    return {name: value for name, value in found.items() if value is not None}


def errors(response):
    assert response.status_code == 200
    return {name: " ".join(said) for name, said in response.context["adminform"].form.errors.items()}


def last_change(row):
    return ChangeNew.objects.filter(record=row.record_name, record_id=row.pk).latest("id")


def test_every_list_and_form_opens(client, staff, aisha):
    tag = services.create_tag(actor=staff.admin, name="renewal")
    note = services.add_note(aisha.pk, actor=staff.alice, body="Call back")
    follow_up = services.add_follow_up(aisha.pk, actor=staff.alice, title="Call", due_at=timezone.now())
    batch = Import.objects.create(file_name="people.csv", owner=staff.alice)
    for model in (each for each in admin.site._registry if each._meta.app_label == "customers"):
        assert client.get(list_url(model)).status_code == 200, model
    for row in (aisha, tag, note, follow_up, batch, Stage.objects.first()):
        assert client.get(url(row)).status_code == 200, row
    for model in (Customer, Stage, Tag, Note, FollowUp):
        assert client.get(list_url(model, "add")).status_code == 200, model


@pytest.mark.parametrize("name", ["dana", "alice", "vera"])
def test_only_administrators_enter(client, staff, aisha, name):
    client.force_login(getattr(staff, name))
    assert client.get(url(aisha), follow=True).status_code == 403
    assert client.post(url(aisha), {"name": "Forged"}, follow=True).status_code == 403
    assert Customer.objects.get(pk=aisha.pk).name == "Aisha Rahman"


def test_an_edit_is_the_administrators_in_the_log_and_names_only_what_she_changed(client, staff, aisha):
    assert client.post(url(aisha), opened(client, aisha) | {"stage": "vip"}).status_code == 302
    change = last_change(aisha)
    assert (change.before, change.data["stage_id"]) == ({"stage_id": "lead"}, "vip")
    assert (change.actor_id, change.way, change.version) == (staff.admin.pk, "admin", 2)


def test_saving_without_a_change_writes_nothing(client, aisha):
    assert client.post(url(aisha), opened(client, aisha)).status_code == 302
    assert Customer.objects.get(pk=aisha.pk).version == 1


def test_lists_of_contact_points_are_cleaned_and_kept_as_parts(client, aisha):
    form = opened(client, aisha) | {"emails": "A@B.example, c@d.example", "phones": "0113 496 0142"}
    assert client.post(url(aisha), form).status_code == 302
    aisha.refresh_from_db()
    assert (aisha.emails, aisha.phones, aisha.version) == (["A@b.example", "c@d.example"], ["+441134960142"], 2)
    values = list(ContactPoint.objects.filter(customer=aisha).exclude(kind="address").values_list("value", flat=True))
    assert values == ["A@b.example", "c@d.example", "+441134960142"]
    assert "c@d.example" in client.get(url(aisha)).text


def test_tags_owner_and_company_are_chosen(client, staff, aisha):
    tag = services.create_tag(actor=staff.admin, name="renewal")
    kestrel = make_customer(staff.alice, kind="company", name="Kestrel Health")
    form = opened(client, aisha) | {"tags": [tag.pk], "owner": staff.charlie.pk, "company": kestrel.pk}
    assert client.post(url(aisha), form).status_code == 302
    aisha.refresh_from_db()
    assert (aisha.tags, aisha.owner, aisha.team, aisha.company_name) == (
        [tag.pk], staff.charlie, staff.charlie.team, "Kestrel Health",
    )  # fmt: skip


@pytest.mark.parametrize("is_numbered", [False, True])
def test_what_others_changed_meanwhile_is_kept(client, staff, aisha, is_numbered):
    form = opened(client, aisha)
    services.update_customer(aisha.pk, actor=staff.bob, version=1, changes={"city": "York", "stage": "active"})
    if is_numbered:
        number_changes()
    assert client.post(url(aisha), form | {"title": "Director"}).status_code == 302
    aisha.refresh_from_db()
    assert (aisha.title, aisha.city, aisha.stage_id) == ("Director", "York", "active")


@pytest.mark.parametrize("is_numbered", [False, True])
def test_the_same_field_is_an_error_that_names_who_and_both_values(client, staff, aisha, is_numbered):
    tag = services.create_tag(actor=staff.admin, name="renewal")
    form = opened(client, aisha)
    theirs = {"title": "Advisor", "phones": ["+441134960142"], "tags": [tag.pk], "city": "York"}
    services.update_customer(aisha.pk, actor=staff.bob, version=1, changes=theirs)
    if is_numbered:
        number_changes()
    mine = {"title": "Director", "phones": "+441134960199", "tags": [], "street": "1 Park Row"}
    other = services.create_tag(actor=staff.admin, name="vip")
    refused = client.post(url(aisha), form | mine | {"tags": [other.pk]})
    said = errors(refused)
    assert said["title"].startswith("Bob Stone changed this meanwhile. Theirs: “Advisor”, yours: “Director”.")
    assert "Theirs: “+441134960142”, yours: “+441134960199”" in said["phones"]
    assert "Theirs: “renewal”, yours: “vip”" in said["tags"]
    assert set(said) == {"title", "phones", "tags"}
    assert refused.context["adminform"].form["title"].value() == "Director"
    aisha.refresh_from_db()
    assert (aisha.title, aisha.street, aisha.version) == ("Advisor", "", 2)


def test_what_the_service_refuses_is_said_at_its_field(client, aisha):
    refused = client.post(url(aisha), opened(client, aisha) | {"phones": "call me", "country": "XX"})
    said = errors(refused)
    assert "no phone number" in said["phones"]
    assert "two letters" in said["country"]
    assert Customer.objects.get(pk=aisha.pk).version == 1


def test_a_customer_is_made_by_the_service(client, staff):
    form = {"kind": "person", "name": "  Noor   Haddad ", "stage": "lead", "emails": "noor@haddad.example"}
    assert client.post(list_url(Customer, "add"), form | {"owner": staff.bob.pk}).status_code == 302
    noor = Customer.objects.get(name="Noor Haddad")
    assert (noor.owner, noor.team, noor.emails) == (staff.bob, staff.bob.team, ["noor@haddad.example"])
    assert last_change(noor).way == "admin"


def test_deletion_is_the_trash_and_from_there_it_comes_back(client, staff, aisha):
    assert "Aisha Rahman" in client.get(url(aisha, "delete")).text
    answer = client.post(url(aisha, "delete"), {"post": "yes"}, follow=True)
    assert "“Aisha Rahman” is in the trash now." in answer.text
    aisha.refresh_from_db()
    assert aisha.deleted_at is not None
    assert last_change(aisha).actor_id == staff.admin.pk
    assert client.post(url(aisha), {"name": "Forged"}).status_code == 403
    assert found(client) == []
    assert found(client, trash="only") == [aisha]
    act(client, "restore", aisha, "?trash=only")
    assert found(client) == [aisha]


def found(client, **query):
    return list(client.get(list_url(Customer), query).context["cl"].result_list)


def act(client, action, row, query=""):
    form = {"action": action, "_selected_action": [row.pk]}
    assert client.post(list_url(type(row)) + query, form).status_code == 302


def test_several_go_to_the_trash_at_once(client, staff, aisha):
    other = make_customer(staff.charlie, name="Chen")
    form = {"action": "trash", "_selected_action": [aisha.pk, other.pk]}
    answer = client.post(list_url(Customer), form, follow=True)
    assert "2 customers are in the trash now." in answer.text
    assert Customer.objects.in_trash().count() == 2
    assert "delete_selected" not in client.get(list_url(Customer)).text


def test_customers_are_found_as_everywhere_else(client, staff, aisha):
    make_customer(staff.charlie, name="Chen", stage="vip")
    assert [row.name for row in found(client, q="rahm")] == ["Aisha Rahman"]
    assert [row.name for row in found(client, q="a@b.ex")] == ["Aisha Rahman"]
    assert [row.name for row in found(client, stage__code__exact="vip")] == ["Chen"]


def test_stages_and_tags_are_words_that_administrators_keep(client, staff, aisha):
    client.post(list_url(Stage, "add"), {"name": "Dormant", "code": "dormant", "color": "amber", "position": 9})
    dormant = Stage.objects.get(code="dormant")
    form = opened(client, dormant)
    client.post(url(dormant), form | {"name": "Asleep", "code": "forged"})
    dormant.refresh_from_db()
    assert (dormant.name, dormant.code, dormant.version) == ("Asleep", "dormant", 2)
    assert last_change(dormant).way == "admin"
    refused = client.post(url(dormant), form | {"name": "Hibernating"})
    assert "Theirs: “Asleep”, yours: “Hibernating”" in errors(refused)["name"]
    client.post(list_url(Tag, "add"), {"name": "renewal"})
    tag = Tag.objects.get(name="renewal")
    client.post(url(tag), opened(client, tag) | {"name": "Renewal 2027"})
    assert Tag.objects.get(pk=tag.pk).name == "Renewal 2027"
    assert client.post(url(tag, "delete"), {"post": "yes"}).status_code == 403


def test_an_agent_makes_no_stage_by_the_service_either(staff):
    for act in (
        lambda: services.create_stage(actor=staff.dana, code="x"),
        lambda: services.create_tag(actor=staff.dana, name="x"),
    ):
        with pytest.raises(services.NotEditable):
            act()


@pytest.mark.parametrize("is_numbered", [False, True])
def test_a_note_is_changed_only_over_the_version_that_was_opened(client, staff, aisha, is_numbered):
    client.post(list_url(Note, "add"), {"customer": aisha.pk, "body": "Call back"})
    note = Note.objects.get()
    assert note.author == staff.admin
    form = opened(client, note)
    client.post(url(note), form | {"body": "Call back Thursday"})
    if is_numbered:
        number_changes()
    assert client.post(url(note), form).status_code == 302
    refused = client.post(url(note), form | {"body": "Call back Friday"})
    assert "Theirs: “Call back Thursday”, yours: “Call back Friday”" in errors(refused)["body"]
    note.refresh_from_db()
    assert (note.body, note.version) == ("Call back Thursday", 2)
    act(client, "trash", note)
    assert Note.objects.get().deleted_at is not None
    act(client, "restore", note)
    assert Note.objects.get().deleted_at is None


def test_a_follow_up_is_planned_and_done(client, staff, aisha):
    form = {
        "customer": aisha.pk,
        "title": "Call",
        "due_at_0": "2027-01-05",
        "due_at_1": "10:00",
        "assignee": staff.bob.pk,
    }
    client.post(list_url(FollowUp, "add"), form)
    planned = FollowUp.objects.get()
    assert (planned.assignee, planned.customer) == (staff.bob, aisha)
    act(client, "complete", planned)
    assert not FollowUp.objects.get().is_open
    act(client, "reopen", planned)
    assert FollowUp.objects.get().is_open
    assert client.post(url(planned), {"title": "Forged"}).status_code == 403


def test_the_list_asks_no_more_for_more_rows(client, staff, django_assert_max_num_queries):
    for number in range(20):
        make_customer(staff.alice, name=f"C{number}")
    client.get(list_url(Customer))
    with django_assert_max_num_queries(12):
        client.get(list_url(Customer))


def test_what_belongs_to_a_customer_in_the_trash_is_left_alone_and_named(client, staff, aisha):
    note = services.add_note(aisha.pk, actor=staff.alice, body="Call back")
    follow_up = services.add_follow_up(aisha.pk, actor=staff.alice, title="Send it", due_at=timezone.now())
    services.trash_customer(aisha.pk, actor=staff.alice, version=1)
    for row, action in ((note, "trash"), (follow_up, "complete")):
        act(client, action, row)
        assert f"{row} was left alone" in client.get(list_url(type(row))).text
    assert Note.objects.get().deleted_at is None
    assert FollowUp.objects.get().is_open
