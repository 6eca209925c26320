"""The description of the API and its page: complete, and within our content security policy."""

import pytest
from django.test import Client

from customers.filters import SORTS

pytestmark = pytest.mark.django_db

OPERATIONS = {
    ("get", "/api/customers"), ("post", "/api/customers"),
    ("get", "/api/customers/{customer_id}"), ("patch", "/api/customers/{customer_id}"),
    ("delete", "/api/customers/{customer_id}"), ("post", "/api/customers/{customer_id}/restore"),
    ("get", "/api/customers/{customer_id}/notes"), ("post", "/api/customers/{customer_id}/notes"),
    ("get", "/api/customers/{customer_id}/follow-ups"), ("post", "/api/customers/{customer_id}/follow-ups"),
    ("patch", "/api/customers/follow-ups/{follow_up_id}"),
    ("post", "/api/customers/follow-ups/{follow_up_id}/completion"),
    ("delete", "/api/customers/follow-ups/{follow_up_id}/completion"),
    ("get", "/api/requests"), ("post", "/api/requests"), ("get", "/api/requests/probes"),
    ("get", "/api/requests/{request_id}"), ("post", "/api/requests/{request_id}/cancel"),
    ("post", "/api/requests/{request_id}/retry"), ("post", "/api/requests/{request_id}/take"),
    ("post", "/api/requests/{request_id}/hand-back"), ("post", "/api/requests/{request_id}/answer"),
    ("get", "/api/changes"), ("get", "/api/directory"), ("get", "/api/timings"),
}  # fmt: skip
FOR_SITES = {("post", "/api/requests"), ("get", "/api/requests/{request_id}")}


@pytest.fixture
def described():
    return Client().get("/api/openapi.json").json()


def operations(described):
    return {(method, path): told for path, methods in described["paths"].items() for method, told in methods.items()}


def test_every_operation_is_described(described):
    assert operations(described).keys() == OPERATIONS


def test_every_operation_says_how_it_fails_and_who_may_ask(described):
    for operation, told in operations(described).items():
        assert list(told["responses"]["default"]["content"]) == ["application/problem+json"]
        of_sites = [{"SiteToken": []}] if operation in FOR_SITES else []
        assert told["security"] == [*of_sites, {"Token": []}, {"Session": []}]


def test_every_write_and_no_read_takes_a_key(described):
    for (method, _path), told in operations(described).items():
        takes_key = any(each["name"] == "Idempotency-Key" for each in told["parameters"])
        assert takes_key is (method != "get")


def test_the_sorts_of_the_list_are_named(described):
    parameters = operations(described)["get", "/api/customers"]["parameters"]
    sort = next(each for each in parameters if each["name"] == "sort")

    assert sort["schema"]["enum"] == list(SORTS)


def test_the_page_brings_no_script_or_style_of_its_own():
    page = Client().get("/api/docs")

    assert page.status_code == 200
    assert b"<style" not in page.content
    assert page.content.count(b"<script") == page.content.count(b"<script src=") + page.content.count(
        b'<script type="application/json"'
    )
    assert b"//cdn" not in page.content
