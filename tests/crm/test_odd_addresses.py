"""Addresses and forms that nobody of ours writes are refused, and never an error of ours."""

import pytest

from tests.factories import make_customer, people

pytestmark = pytest.mark.django_db

HUGE = "9" * 40
ADDRESSES = [
    "/customers/?q=a%00b",
    "/customers/?stage=%00",
    "/customers/?owner=" + HUGE,
    "/customers/?after=%00",
    "/customers/export/?q=%00",
    "/customers/duplicates/?emails=abcdef%00b",
    "/customers/companies/?company_q=ab%00c",
    "/requests/all/?kind=%00",
    "/search/?q=%00",
    f"/feed/?before={HUGE}",
    "/reports/speed/rows/?of=update&module=%00",
    "/reports/speed/rows/?of=update&until=0001-01-01",
    "/reports/speed/rows/?of=update&at_least=1e308",
]


@pytest.fixture
def signed_in(client):
    everybody = people()
    make_customer(everybody.alice)
    client.force_login(everybody.alice)
    return client


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_odd_address_is_refused_or_finds_nothing(signed_in, address):
    assert signed_in.get(address).status_code in (200, 400)


@pytest.mark.parametrize("address", [each for each in ADDRESSES if "%00" in each])
def test_nothing_is_asked_for_by_a_text_that_the_database_cannot_hold(signed_in, address):
    assert signed_in.get(address).status_code == 400


def test_a_place_that_the_log_can_never_have_marks_nothing_as_read(signed_in):
    assert signed_in.post("/notifications/seen/", {"seq": HUGE}).status_code == 422
