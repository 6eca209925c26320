"""Fields edited in place and all at once: what merges is saved, what does not is asked, and nothing typed is lost."""

import re

import pytest

from customers.models import Customer, Tag
from customers.reading import read_customer
from tests.factories import change, deactivate_user, make_customer, number_changes

pytestmark = pytest.mark.django_db


def address(customer, name):
    return f"/customers/{customer.pk}/fields/{name}/"


def test_a_field_is_asked_for_with_what_it_holds_and_its_version(customer, browser_of):
    form = browser_of("alice").get(address(customer, "emails")).content.decode()

    assert 'value="aisha@kestrel.example"' in form
    assert 'name="version" value="1"' in form
    assert "<html" not in form


def test_reading_gives_up_and_shows_what_holds_now(customer, everybody, browser_of):
    change(customer, everybody.bob, title="Chief")

    assert ">Chief<" in browser_of("alice").get(address(customer, "title") + "?read").content.decode()


@pytest.mark.parametrize(
    ("name", "typed", "held"),
    [
        ("name", " Bo  Ek ", "Bo Ek"),
        ("emails", "a@one.example, B@two.example", ["a@one.example", "B@two.example"]),
        ("emails", "", []),
        ("phones", "0113 496 0200; +46 8 123 456", ["+441134960200", "+468123456"]),
        ("stage", "vip", "vip"),
        ("owner", "", None),
        ("team", "", None),
        ("city", "Göteborg", "Göteborg"),
        ("born_on", "1980-02-03", "1980-02-03"),
        ("born_on", "", None),
        ("country", "se", "SE"),
        ("country", "sweden", "SE"),
        ("country", "Hong Kong", "HK"),
    ],
)
def test_what_is_typed_is_saved_and_shown(customer, everybody, browser_of, name, typed, held):
    answer = browser_of("dana").post(address(customer, name), {"version": "1", name: typed})

    assert answer.status_code == 200
    assert f'data-field="{name}"' in answer.content.decode()
    assert read_customer(customer.pk, everybody.dana)[name] == held


def test_tags_are_words_and_new_ones_are_made(customer, everybody, browser_of):
    known = Tag.objects.create(name="renewal")
    number_changes()

    answer = browser_of("alice").post(address(customer, "tags"), {"version": "1", "tags": "Renewal, Spring fair"})

    assert answer.status_code == 200
    fresh = Tag.objects.get(name="Spring fair")
    assert sorted(read_customer(customer.pk, everybody.alice)["tags"]) == [known.pk, fresh.pk]


def test_a_company_is_chosen_among_those_one_sees(customer, everybody, browser_of):
    mine = make_customer(everybody.bob, kind="company", name="Kestrel Health")
    theirs = make_customer(everybody.charlie, kind="company", name="Kestrel Freight")
    alice = browser_of("alice")

    choices = alice.get("/customers/companies/?company_q=kest").content.decode()
    assert "Kestrel Health" in choices
    assert "Kestrel Freight" not in choices
    assert alice.post(address(customer, "company"), {"version": "1", "company": theirs.pk}).status_code == 422
    assert (
        ">Kestrel Health<"
        in alice.post(address(customer, "company"), {"version": "1", "company": mine.pk}).content.decode()
    )


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("name", "", "required"),
        ("emails", "nonsense", "@-sign"),
        ("phones", "call me", "no phone number"),
        ("country", "XX", "two letters"),
        ("born_on", "2999-01-01", "Nobody who lives"),
        ("stage", "king", "not one of"),
    ],
)
def test_bad_input_is_answered_beside_what_was_typed(customer, browser_of, name, typed, said):
    answer = browser_of("alice").post(address(customer, name), {"version": "1", name: typed})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "data-edit" not in answer.content.decode()
    assert Customer.objects.get(pk=customer.pk).version == 1


@pytest.mark.parametrize("version", ["", "none", "-1", "0", str(2**40)])
def test_a_write_must_say_its_version(customer, browser_of, version):
    assert browser_of("alice").post(address(customer, "city"), {"version": version, "city": "Hull"}).status_code == 400


@pytest.mark.parametrize("name", ["owner_id", "version", "updated_at", "nonsense"])
def test_what_is_no_field_is_404(customer, browser_of, name):
    assert browser_of("alice").get(address(customer, name)).status_code == 404
    assert browser_of("alice").post(address(customer, name), {"version": "1", name: "1"}).status_code == 404


def test_changes_of_other_fields_merge_without_a_question(customer, everybody, browser_of):
    change(customer, everybody.bob, title="Chief")

    assert browser_of("alice").post(address(customer, "city"), {"version": "1", "city": "Hull"}).status_code == 200

    held = read_customer(customer.pk, everybody.alice)
    assert (held["title"], held["city"], held["version"]) == ("Chief", "Hull", 3)


def test_the_same_field_is_asked_with_both_values(customer, everybody, browser_of):
    change(customer, everybody.bob, phones=["+441134960100"])
    alice = browser_of("alice")

    answer = alice.post(address(customer, "phones"), {"version": "1", "phones": "+441134960200"})
    dialog = answer.content.decode()
    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#dialogs")
    assert "Bob changed the phone while you were editing" in dialog
    assert "+441134960200" in dialog
    assert "+44 113 496 0100" in dialog
    assert read_customer(customer.pk, everybody.alice)["phones"] == ["+441134960100"]

    version = re.search(r'name="version" value="(\d+)"', dialog)[1]
    assert alice.post(address(customer, "phones"), {"version": version, "phones": "+441134960200"}).status_code == 200
    assert read_customer(customer.pk, everybody.alice)["phones"] == ["+441134960200"]


def test_who_changed_it_is_known_before_and_after_the_relay(customer, everybody, browser_of):
    change(customer, everybody.dana, city="Hull")
    number_changes()
    change(customer, everybody.bob, title="Chief")
    alice = browser_of("alice")

    asked = {name: alice.post(address(customer, name), {"version": "1", name: "Mine"}) for name in ("city", "title")}
    assert {name: answer.status_code for name, answer in asked.items()} == {"city": 409, "title": 409}
    assert "Dana changed the city" in asked["city"].content.decode()
    assert "Bob changed the job title" in asked["title"].content.decode()


def edit_form(browser, customer):
    """The form for all fields, as a browser would send it."""
    page = browser.get(f"/customers/{customer.pk}/edit/").content.decode()
    inputs = re.findall(r'<input type="(?:text|hidden|date)" name="([\w-]+)"(?: value="([^"]*)")?', page)
    data = {name: value for name, value in inputs if name != "csrfmiddlewaretoken"}
    selects = re.findall(r'<select name="([\w-]+)".*?</select>', page, re.DOTALL)
    for name in selects:
        chosen = re.search(rf'<select name="{name}".*?value="([^"]*)" selected', page, re.DOTALL)
        data[name] = chosen[1] if chosen else ""
    return data


def test_the_whole_form_writes_only_what_was_changed(customer, everybody, browser_of):
    alice = browser_of("alice")
    form = edit_form(alice, customer)
    change(customer, everybody.bob, title="Chief")

    answer = alice.post(f"/customers/{customer.pk}/edit/", form | {"city": "Hull", "source": "Fair"})

    assert answer["Location"] == f"/customers/{customer.pk}/"
    held = read_customer(customer.pk, everybody.alice)
    assert (held["title"], held["city"], held["source"]) == ("Chief", "Hull", "Fair")
    assert held["emails"] == ["aisha@kestrel.example"]


def test_the_whole_form_saves_the_rest_and_asks_for_what_both_changed(customer, everybody, browser_of):
    alice = browser_of("alice")
    form = edit_form(alice, customer)
    change(customer, everybody.bob, title="Chief", city="York")

    answer = alice.post(f"/customers/{customer.pk}/edit/", form | {"title": "Boss", "city": "Hull", "source": "Fair"})
    assert answer.status_code == 409
    held = read_customer(customer.pk, everybody.alice)
    assert (held["title"], held["city"], held["source"]) == ("Chief", "York", "Fair")

    version = re.search(r'name="version" value="(\d+)"', answer.content.decode())[1]
    alice.post(f"/customers/{customer.pk}/edit/", {"version": version, "title": "Boss", "city": "York"})
    held = read_customer(customer.pk, everybody.alice)
    assert (held["title"], held["city"]) == ("Boss", "York")


def test_an_owner_who_left_stays_the_owner_when_others_fields_are_saved(customer, everybody, browser_of):
    deactivate_user(everybody.alice)
    bob = browser_of("bob")

    bob.post(f"/customers/{customer.pk}/edit/", edit_form(bob, customer) | {"city": "Hull"})

    held = read_customer(customer.pk, everybody.dana)
    assert (held["owner"], held["city"]) == (everybody.alice.pk, "Hull")


def test_the_whole_form_says_what_is_wrong(customer, browser_of):
    alice = browser_of("alice")

    answer = alice.post(f"/customers/{customer.pk}/edit/", edit_form(alice, customer) | {"emails": "x", "city": "Hull"})

    assert answer.status_code == 422
    assert "@-sign" in answer.content.decode()
    assert 'value="Hull"' in answer.content.decode()
    assert Customer.objects.get(pk=customer.pk).city == "Leeds"


def test_who_reads_contacts_masked_cannot_write_the_mask(customer, everybody, browser_of):
    role = everybody.bob.role
    type(role).objects.filter(pk=role.pk).update(sees_contacts=False)
    bob = browser_of("bob")

    assert bob.get(address(customer, "emails")).status_code == 403
    assert bob.post(address(customer, "emails"), {"version": "1", "emails": "a•••@k•••.example"}).status_code == 403
    assert "initial-emails" not in bob.get(f"/customers/{customer.pk}/edit/").content.decode()
