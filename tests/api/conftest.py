"""The people of these tests, and a program for each. Settings are not there yet when this file is read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from customers.models import Customer
    from tests.factories import People


@pytest.fixture
def everybody(db: None) -> People:
    from tests.factories import people

    return people()


@pytest.fixture
def aisha(everybody: People) -> Customer:
    from tests.factories import make_customer

    return make_customer(everybody.alice, emails=["aisha@example.org"], phones=["+441134960199"], stage="active")


@pytest.fixture
def programs(everybody: People) -> SimpleNamespace:
    """`programs.alice.get("/customers")`; `programs.nobody` has no token."""
    from tests.api.asking import Program

    named = {name: Program(user) for name, user in vars(everybody).items()}
    return SimpleNamespace(nobody=Program(None), **named)
