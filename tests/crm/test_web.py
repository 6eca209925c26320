"""A web process goes on with the version that it began with."""

from django.template.loader import get_template
from django.template.loaders.filesystem import Loader

from crm.live.management.commands.web import read_templates


def test_templates_are_those_of_the_beginning(monkeypatch):
    read_templates()

    def newer(self, origin):
        raise AssertionError(f"{origin} was read from the disk")

    monkeypatch.setattr(Loader, "get_contents", newer)
    assert get_template("requests/list.html")
    assert get_template("customers/_palette_hits.html")
