"""Rows become customers: checked like any other facts, each one row of the log, known again by their key."""

from datetime import date

import pytest

from crm.records.errors import NotEditable
from crm.records.models import ChangeNew
from crm.staff.models import Role, User
from customers import services
from customers.imports.checking import Known
from customers.imports.writing import Way, import_customers
from customers.models import ContactPoint, Customer, Tag
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

FULL = {
    "name": "Anna Bell", "kind": "person", "stage": "VIP", "title": "Buyer",
    "emails": ["anna@bell.example", "a@b.example"], "phones": ["0113 496 0199"],
    "street": "8 Park Row", "postcode": "LS1", "city": "Leeds", "region": "Yorkshire",
    "country": "GB", "born_on": "1990-12-31", "language": "en", "source": "fair", "reference": "A-1",
    "tags": ["new", "press"], "owner": "bob", "team": "North",
}  # fmt: skip

OWN = {"id", "created_at", "updated_at"}


def run(actor, *rows, key="", **way):
    return import_customers(enumerate(rows, start=2), actor=actor, way=Way(actor, Known.load(actor, "GB"), key, **way))


def outcomes(results):
    return [str(each.outcome) for each in results]


def test_a_row_becomes_the_same_customer_as_through_the_service(everybody):
    (result,) = run(everybody.alice, FULL)
    tags = [Tag.objects.get(name=name).pk for name in FULL["tags"]]
    facts = FULL | {"stage": "vip", "owner": everybody.bob.pk, "team": everybody.bob.team_id, "tags": tags}
    by_hand = services.create_customer(actor=everybody.alice, **facts)
    imported = Customer.objects.get(pk=result.customer_id)
    rows = Customer.objects.order_by("pk").values()
    imported_row, by_hand_row = ({k: v for k, v in row.items() if k not in OWN} for row in rows)
    assert imported_row == by_hand_row
    assert imported.born_on == date(1990, 12, 31)
    facts = ("kind", "value", "position", "label", "street", "postcode", "city", "region", "country")
    parts = [list(ContactPoint.objects.filter(customer=each).values_list(*facts)) for each in (imported, by_hand)]
    assert parts[0] == parts[1]
    assert len(parts[0]) == 4


def test_each_new_customer_is_one_row_of_the_log(everybody):
    ChangeNew.objects.all().delete()
    run(everybody.alice, FULL, FULL | {"name": "Ben Bell"})
    logged = ChangeNew.objects.filter(record="customer").values_list("op", "version", "way", "actor_id")
    assert list(logged) == [("c", 1, "import", everybody.alice.pk)] * 2


def test_who_leaves_owner_and_team_out_owns_what_she_imports(everybody):
    (result,) = run(everybody.alice, {"name": "A"})
    customer = Customer.objects.get(pk=result.customer_id)
    assert (customer.owner_id, customer.team_id) == (everybody.alice.pk, everybody.alice.team_id)


@pytest.mark.parametrize(
    "said", [{"emails": ["anna@bell.example", "b@e.org"]}, {"phones": ["0113 496 0188"]}, {"street": "1 High St"}]
)
def test_who_sees_contact_details_masked_gives_those_of_new_customers_alone(everybody, said):
    Role.objects.filter(code="agent").update(sees_contacts=False)
    alice = User.objects.get(pk=everybody.alice.pk)
    assert outcomes(run(alice, FULL, key="emails")) == ["created"]
    anna = Customer.objects.get()
    row = {"emails": ["anna@bell.example"], "city": "York"}

    for is_dry in (True, False):
        results = run(alice, row | said, row | {"phones": []}, key="emails", is_dry=is_dry)
        assert outcomes(results) == ["failed", "updated"]
        assert "masked" in results[0].reason
    changed = Customer.objects.get()
    assert (changed.city, changed.version) == ("York", 2)
    assert [getattr(changed, name) for name in said] == [getattr(anna, name) for name in said]


def test_a_dry_run_says_of_rows_with_the_same_key_what_would_become_of_them(everybody):
    Role.objects.filter(code="agent").update(sees_contacts=False)
    alice = User.objects.get(pk=everybody.alice.pk)
    rows = [{"name": "A", "reference": "A-1"}, {"reference": "A-1", "postcode": "LS1"}]

    foretold = run(alice, *rows, key="reference", is_dry=True)

    assert outcomes(foretold) == ["created", "failed"] == outcomes(run(alice, *rows, key="reference"))


def test_wrong_rows_fail_with_every_reason_and_the_others_are_written(everybody):
    wrong = {"name": " ", "emails": ["nobody"], "phones": ["12"], "stage": "nirvana", "owner": "zoe", "country": "XX"}
    results = run(everybody.alice, {"name": "A"}, wrong, {"city": "York"})
    assert outcomes(results) == ["created", "failed", "failed"]
    for label in ("Name:", "E-mail:", "Phone:", "Stage:", "Owner:", "Country:"):
        assert label in results[1].reason
    assert results[2].reason == "Name: Give a name."
    assert Customer.objects.count() == 1


def test_a_name_that_two_people_share_means_neither(everybody):
    everybody.bob.first_name, everybody.bob.last_name = "Alice", "Moreau"
    everybody.bob.save()
    results = run(everybody.dana, {"name": "A", "owner": "Alice Moreau"}, {"name": "B", "owner": "alice"})
    assert outcomes(results) == ["failed", "created"]


@pytest.mark.parametrize(
    ("key", "facts"), [("reference", {"reference": "A-1"}), ("emails", {"emails": ["ANNA@bell.example"]})]
)
def test_a_known_key_updates_and_adds(everybody, key, facts):
    held = make_customer(
        everybody.alice,
        name="Anna",
        emails=["anna@bell.example"],
        phones=["+441134960199"],
        reference="A-1",
        city="Leeds",
    )
    (result,) = run(everybody.bob, facts | {"title": "Buyer", "phones": ["+441134960198"], "city": "York"}, key=key)
    assert (str(result.outcome), result.customer_id, result.version) == ("updated", held.pk, 2)
    held.refresh_from_db()
    assert (held.name, held.title, held.city, held.owner_id) == ("Anna", "Buyer", "York", everybody.alice.pk)
    assert (held.emails, held.phones) == (["anna@bell.example"], ["+441134960199", "+441134960198"])
    assert result.before == {"title": "", "phones": ["+441134960199"], "city": "Leeds"}
    points = ContactPoint.objects.filter(customer=held).values_list("kind", "value", "city")
    assert set(points) == {
        ("email", "anna@bell.example", ""), ("phone", "+441134960199", ""), ("phone", "+441134960198", ""),
        ("address", "", "York"),
    }  # fmt: skip


def test_the_same_row_again_changes_nothing(everybody):
    run(everybody.alice, FULL, key="reference")
    ChangeNew.objects.all().delete()
    (result,) = run(everybody.alice, FULL, key="reference")
    assert str(result.outcome) == "unchanged"
    assert not ChangeNew.objects.filter(record="customer").exists()


def test_a_later_row_with_the_same_key_is_about_the_same_customer(everybody):
    rows = [{"name": "A", "reference": "1"}, {"name": "B", "reference": "2"}, {"city": "York", "reference": "1"}]
    results = run(everybody.alice, *rows, key="reference")
    assert outcomes(results) == ["created", "created", "updated"]
    assert Customer.objects.get(reference="1").city == "York"


def test_two_rows_for_one_customer_by_different_addresses_do_not_lose_each_other(everybody):
    held = make_customer(everybody.alice, name="Anna", emails=["a@b.example", "c@d.example"])
    rows = [{"emails": ["a@b.example"], "title": "Buyer"}, {"emails": ["c@d.example"], "city": "York"}]
    assert outcomes(run(everybody.alice, *rows, key="emails")) == ["updated", "updated"]
    held.refresh_from_db()
    assert (held.title, held.city, held.version) == ("Buyer", "York", 3)


def test_a_key_that_several_have_is_an_error(everybody):
    for name in ("A", "B"):
        make_customer(everybody.alice, name=name, reference="1")
    (result,) = run(everybody.alice, {"reference": "1", "city": "York"}, key="reference")
    assert "2 customers" in result.reason


def test_an_outsiders_customer_is_neither_changed_nor_known(everybody):
    held = make_customer(everybody.alice, name="Anna", reference="A-1")
    (result,) = run(everybody.charlie, {"name": "Mine", "reference": "A-1"}, key="reference")
    assert str(result.outcome) == "created"
    held.refresh_from_db()
    assert (held.name, held.version) == ("Anna", 1)


def test_what_one_may_see_but_not_change_fails(everybody):
    held = make_customer(everybody.alice, name="Anna", reference="A-1")
    role = everybody.charlie.role
    role.view, role.edit = "all", "own"
    role.save()
    everybody.charlie.refresh_from_db()
    (result,) = run(everybody.charlie, {"name": "Mine", "reference": "A-1"}, key="reference")
    assert "not change" in result.reason
    held.refresh_from_db()
    assert held.name == "Anna"


def test_who_may_change_nothing_imports_nothing(everybody):
    with pytest.raises(NotEditable):
        run(everybody.vera, {"name": "A"})
    assert not Customer.objects.exists()


def test_companies_are_found_by_name_or_made_once(everybody):
    known = make_customer(everybody.alice, name="Bell Works", kind="company")
    rows = [
        {"name": "A", "company": "bell works"}, {"name": "B", "company": "New Ltd"},
        {"name": "C", "company": "new ltd"},
    ]  # fmt: skip
    results = run(everybody.alice, *rows)
    assert outcomes(results) == ["created", "company", "created", "created"]
    made = Customer.objects.get(name="New Ltd")
    assert (made.kind, made.owner_id) == ("company", everybody.alice.pk)
    companies = dict(Customer.objects.filter(kind="person").values_list("name", "company_name"))
    assert companies == {"A": "Bell Works", "B": "New Ltd", "C": "New Ltd"}
    assert Customer.objects.get(name="A").company_id == known.pk


def test_a_company_and_its_people_may_come_in_one_file(everybody):
    rows = [{"name": "A", "company": "Bell Works"}, {"name": "Bell Works", "kind": "company", "city": "Leeds"}]
    run(everybody.alice, *rows)
    assert Customer.objects.get(name="A").company == Customer.objects.get(kind="company")


def test_tags_are_put_on_new_and_known_customers(everybody):
    held = make_customer(everybody.alice, name="Anna", reference="1", tags=["Press"])
    run(everybody.alice, {"reference": "1"}, {"name": "B", "tags": ["press"]}, key="reference", tags=("fair",))
    press, fair = Tag.objects.get(name="Press").pk, Tag.objects.get(name="fair").pk
    held.refresh_from_db()
    assert (set(held.tags), set(Customer.objects.get(name="B").tags)) == ({press, fair}, {press, fair})


def test_a_dry_run_says_what_would_happen_and_writes_nothing(everybody):
    make_customer(everybody.alice, name="Anna", reference="1")
    before = ChangeNew.objects.count()
    rows = [
        {"reference": "1", "city": "York"}, {"name": "B", "reference": "2", "company": "New", "tags": ["new"]},
        {"name": "C", "reference": "2"}, {"reference": "1"}, {"name": ""},
    ]  # fmt: skip
    results = run(everybody.alice, *rows, key="reference", is_dry=True)
    assert outcomes(results) == ["updated", "created", "updated", "unchanged", "failed"]
    assert (ChangeNew.objects.count(), Customer.objects.count(), Tag.objects.count()) == (before, 1, 0)


def test_statements_do_not_grow_with_rows(everybody, django_assert_max_num_queries):
    rows = [FULL | {"name": f"Person {number}", "reference": str(number)} for number in range(200)]
    way = Way(everybody.alice, Known.load(everybody.alice), "reference")
    with django_assert_max_num_queries(30):
        import_customers(enumerate(rows), actor=everybody.alice, way=way)
    with django_assert_max_num_queries(30):
        changed = [{"reference": row["reference"], "city": "York"} for row in rows]
        import_customers(enumerate(changed), actor=everybody.alice, way=way)
    assert Customer.objects.filter(city="York", version=2).count() == 200
