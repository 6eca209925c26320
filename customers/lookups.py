"""The lookup of one- and two-character words, which uses the index of grams."""

from typing import Any

from django.db.models import Lookup, TextField


@TextField.register_lookup
class HasGram(Lookup):
    """`text__has_gram="ab"`: the text contains these one or two characters (no blanks)."""

    lookup_name = "has_gram"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        text, text_params = self.process_lhs(compiler, connection)
        gram, gram_params = self.process_rhs(compiler, connection)
        return f"customers_grams({text}) @> ARRAY[{gram}]", (*text_params, *gram_params)
