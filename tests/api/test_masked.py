"""Roles that see contact details masked: what they are shown, and what they may give."""

import pytest

from crm.staff.models import Role
from customers.models import Customer
from tests.api.asking import is_problem

pytestmark = pytest.mark.django_db


def test_contact_details_are_masked_for_who_may_not_see_them(programs, aisha):
    one = programs.vera.get(f"/customers/{aisha.pk}").json()
    listed = programs.vera.get("/customers").json()["items"][0]

    assert one["emails"] == listed["emails"] == ["a•••@e•••.org"]
    assert one["phones"] == listed["phones"] == ["•••99"]


@pytest.mark.parametrize(
    "masked", [{"emails": ["b@e.org"]}, {"phones": []}, {"street": "1 High St"}, {"postcode": "LS1"}, {"born_on": None}]
)
def test_who_sees_contact_details_masked_cannot_change_them(programs, aisha, masked):
    Role.objects.filter(code="agent").update(sees_contacts=False)
    path = f"/customers/{aisha.pk}"

    assert is_problem(programs.bob.patch(path, {"version": 1, "city": "York"} | masked), 403)
    assert is_problem(programs.charlie.patch(path, {"version": 1} | masked), 404)
    assert Customer.objects.get(pk=aisha.pk).version == 1
    assert programs.bob.patch(path, {"version": 1, "city": "York"}).status_code == 200


def test_who_sees_contact_details_masked_gives_those_of_a_new_customer_but_no_request_with_others(programs, aisha):
    Role.objects.filter(code="agent").update(sees_contacts=False)
    asked = {"kind": "change_details", "customer": aisha.pk}

    added = programs.bob.post("/customers", {"kind": "person", "name": "Bo Ek", "emails": ["bo@ek.example"]})

    assert (added.status_code, added.json()["emails"]) == (201, ["b•••@e•••.example"])
    assert Customer.objects.get(name="Bo Ek").emails == ["bo@ek.example"]
    for payload in ({"emails": ["b@e.org"]}, {"city": "York", "born_on": None}):
        assert is_problem(programs.bob.post("/requests", asked | {"payload": payload}), 403)
        assert is_problem(programs.charlie.post("/requests", asked | {"payload": payload}), 404)
        assert programs.dana.post("/requests", asked | {"payload": payload}).status_code == 202
    assert programs.bob.post("/requests", asked | {"payload": {"city": "York"}}).status_code == 202


def test_a_conflict_shows_no_contact_details_to_who_may_not_see_them(programs, everybody, aisha):
    role = everybody.bob.role
    role.sees_contacts = False
    role.save()
    programs.dana.patch(f"/customers/{aisha.pk}", {"version": 1, "emails": ["new@example.org"]})

    refused = programs.bob.delete(f"/customers/{aisha.pk}?version=1")

    assert refused.json()["conflicts"]["emails"] == {"yours": None, "theirs": ["n•••@e•••.org"]}
