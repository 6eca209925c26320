"""Everybody, of whom the log has been told. Settings are not there yet when this file is read."""

import pytest


@pytest.fixture
def staff(db):
    from tests.factories import number_changes, people

    found = people()
    number_changes()
    return found
