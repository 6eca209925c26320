"""The browser libraries that we serve: named files of node_modules, under /static/lib/."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Manifest storage over all of node_modules fails on missing maps, so each file is named with what it refers to.
LIBRARIES: list[str] = [
    "@fontsource-variable/inter/index.css",
    *(
        f"@fontsource-variable/inter/files/inter-{script}-wght-normal.woff2"
        for script in ("cyrillic-ext", "cyrillic", "greek-ext", "greek", "latin-ext", "latin", "vietnamese")
    ),
    "@tabler/core/dist/css/tabler.min.css",
    "@tabler/core/dist/css/tabler.min.css.map",
    "chart.js/dist/chart.umd.min.js",
    "chart.js/dist/chart.umd.min.js.map",
    "htmx.org/dist/htmx.min.js",
    "idiomorph/dist/idiomorph-ext.min.js",
    "libphonenumber-js/bundle/libphonenumber-min.js",
    "libphonenumber-js/bundle/libphonenumber-min.js.map",
]

PREFIX = "lib/"
# What Tabler says of striped tables, divided lists and what follows a legend, none of which we have: with each of these
# rules a row that comes, moves or goes restyles all rows of its list.
AMONG_SIBLINGS = re.compile(rb"[^{}]*(?:\.table-striped|\.divide-[xy]|legend\+\*)[^{}]*\{[^{}]*\}")


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names, also in the `import` lines of our JavaScript modules."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 10  # each hashes one level of imports further


class LibraryStorage(FileSystemStorage):
    """node_modules, without what we do not use of Tabler and would pay for."""

    prefix = "lib"  # collectstatic asks for it

    def open(self, name: str, mode: str = "rb") -> "File[Any]":
        file = super().open(name, mode)
        if not name.endswith("/tabler.min.css"):
            return file
        with file:
            return ContentFile(AMONG_SIBLINGS.sub(b"", file.read()), name)

    def get_modified_time(self, name: str) -> datetime:
        """What was collected before this file changed is collected again."""
        return max(super().get_modified_time(name), datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC))


class LibraryFinder(BaseFinder):
    """Finds `lib/<path>` in node_modules when the path is one of `settings.STATIC_LIBRARIES`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = LibraryStorage(location=settings.BASE_DIR / "node_modules")
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:  # type: ignore[override]
        name = path.removeprefix(PREFIX)
        if not path.startswith(PREFIX) or name not in settings.STATIC_LIBRARIES:
            return []
        full = str(Path(self.storage.location) / name)
        return [full] if find_all else full

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        return [(name, self.storage) for name in settings.STATIC_LIBRARIES]
