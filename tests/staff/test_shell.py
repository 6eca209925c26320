"""What stands around every page: the modules' entries, of which one is current, and nothing that no page asks for."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from crm.staff import shell
from crm.staff.shell import Action, Entry, Shell

ENTRIES = [Entry("Home", "/", "home"), Entry("Customers", "/customers/", "users"), Entry("Speed", "/speed/", "bolt")]
ACTIONS = [Action("New", "/new/", "plus")]
SIDEBAR = SimpleNamespace(entries=lambda _user: ENTRIES, actions=lambda _user: ACTIONS)


@pytest.mark.parametrize(
    ("path", "current"),
    [("/", ["Home"]), ("/customers/", ["Customers"]), ("/customers/42/", ["Customers"]), ("/me/", [])],
)
def test_one_entry_is_current(monkeypatch, path, current):
    monkeypatch.setattr(shell, "sidebars", lambda: [SIDEBAR])

    request = RequestFactory().get(path)
    request.user = None

    assert [entry.name for entry in Shell(request).modules if entry.is_current] == current
    assert [action.name for action in Shell(request).actions] == ["New"]


def test_nothing_is_asked_of_the_database_unless_a_template_does(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        shell.shell(RequestFactory().get("/"))
