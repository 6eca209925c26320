"""The stack that other tests stand on: processes that serve, see what tests write, and come back after a kill."""

import urllib.request

import pytest

from tests.factories import make_customer
from tests.stack import Stack

pytestmark = pytest.mark.timeout(180)


def get(stack: Stack, path: str, user: object) -> str:
    request = urllib.request.Request(f"{stack.url}{path}", headers={"Cookie": f"sessionid={stack.sign_in(user)}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def test_processes_see_what_a_test_writes(stack: Stack) -> None:
    customer = make_customer(stack.people.alice, name="Ngozi Adichie")
    assert "Ngozi Adichie" in get(stack, f"/customers/{customer.pk}/", stack.people.alice)


def test_a_killed_web_process_is_there_again_after_repair(stack: Stack) -> None:
    stack.kill("web")
    stack.repair()
    assert "Alice" in get(stack, "/customers/", stack.people.alice)


def test_pages_are_served_without_valkey(stack: Stack) -> None:
    stack.stop_valkey()
    assert "Alice" in get(stack, "/customers/", stack.people.alice)
