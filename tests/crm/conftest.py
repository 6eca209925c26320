"""What tests of the web server's lines have in common."""

import pytest

from crm import lines


@pytest.fixture
def rests(monkeypatch):
    """Seconds for which lines have rested, answer by answer: a machine that is busy makes pauses of its own."""
    found, rest_after = [], lines.Line.rest_after

    def note(line, took):
        found.append(rest_after(line, took))
        return found[-1]

    monkeypatch.setattr(lines.Line, "rest_after", note)
    return found
