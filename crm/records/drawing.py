"""Partials drawn by themselves, without a page around them, and what is kept of them. What they show is `formats`'."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from crm.records import formats

KEPT_ROWS = 5_000  # of about 3 KB


def draw(partial: str, facts: Mapping[str, Any], wording: formats.Wording | None = None) -> SafeString:
    """Numbers in our partials are ids and versions unless a filter words them, so Django need not."""
    context = Context(dict(facts), use_l10n=False)
    vars(context)["wording"] = wording
    return template.Engine.get_default().get_template(partial).render(context)


@lru_cache(maxsize=1000)
def draw_fixed(partial: str, language: str) -> SafeString:
    """A partial that shows nothing but words: once in each language."""
    return draw(partial, {})


class Rows:
    """Rows of lists, each drawn once for all who read the same: kept by everything that it shows.

    Names are the directory's, which is replaced as a whole when one of them changes; so are the rows drawn with it.
    """

    def __init__(self) -> None:
        self.held: tuple[formats.Directory, dict[tuple[str, ...], SafeString]] = ({}, {})

    def drawn(
        self, partial: str, row: Mapping[str, Any], key: str, moments: tuple[Any, ...], wording: formats.Wording
    ) -> SafeString:
        """`moments` are those of which the row says how long ago they are: the only thing in it that time changes."""
        kept, words = self.of(wording.directory), wording.words
        passed = [formats.text(moment, "relative", wording) for moment in moments]
        shown = (partial, repr(row), key, words["language"], words["zone"], *passed)
        if (html := kept.get(shown)) is None:
            if len(kept) >= KEPT_ROWS:
                kept.clear()
            html = kept[shown] = draw(partial, {"row": row, "key": key}, wording)
        return html

    def of(self, directory: formats.Directory) -> dict[tuple[str, ...], SafeString]:
        """Read once, since another thread may just put another directory's in its place."""
        held = self.held
        if held[0] is not directory:
            held = self.held = (directory, {})
        return held[1]


rows = Rows()
