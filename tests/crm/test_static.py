"""What is served to browsers: named files under hashed names, modules that import each other by them."""

import json
import re

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from crm.static_libraries import LibraryFinder


def test_every_named_library_file_is_there():
    assert [name for name in settings.STATIC_LIBRARIES if not finders.find(f"lib/{name}")] == []


def test_nothing_else_of_node_modules_is_served():
    assert finders.find("lib/chart.js/package.json") is None
    assert finders.find("lib/../package.json") is None


def test_no_rule_is_for_whatever_follows_a_sibling():
    """By such a rule a row that comes, moves or goes has browsers restyle all rows of its list."""
    whatever = re.compile(r"[^{}]*[+~]\s*(?:\*|:not\([^)]*\))\s*[,{]")
    with LibraryFinder().storage.open("@tabler/core/dist/css/tabler.min.css") as tabler:
        sheets = [tabler.read().decode()]
    sheets += [each.read_text() for each in (settings.BASE_DIR / "static" / "css").glob("*.css")]
    assert [rule for sheet in sheets for rule in whatever.findall(sheet)] == []


def test_files_are_collected_under_hashed_names_that_modules_import(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "crm.static_libraries.ModuleStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)

    paths = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    presence = (tmp_path / paths["js/presence.js"]).read_text()
    assert f'"./{paths["js/format.js"].removeprefix("js/")}"' in presence
    assert paths["css/pulse.css"] != "css/pulse.css"


def test_the_address_that_browsers_ask_by_themselves_leads_to_the_sign(client):
    assert client.get("/favicon.ico")["Location"] == "/static/icons/pulse.svg"
