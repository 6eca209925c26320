"""The lookups of one- and two-character words: one for the index of grams, one for rows that are at hand."""

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


@TextField.register_lookup
class HasPart(Lookup):
    """The same by looking into the text, at a hundredth of the time.

    No LIKE: the planner has estimates for it, and would take a row that fulfils both for rarer than it is.
    """

    lookup_name = "has_part"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        text, text_params = self.process_lhs(compiler, connection)
        part, part_params = self.process_rhs(compiler, connection)
        return f"strpos({text}, {part}) > 0", (*text_params, *part_params)


@TextField.register_lookup
class HasWhole(Lookup):
    """`text__has_whole="ann@gmail.com"`: by looking into rows that an index has found by a part of it.

    LIKE, since the planner takes so long a pattern for rare, but of an expression that no index knows.
    """

    lookup_name = "has_whole"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        text, text_params = self.process_lhs(compiler, connection)
        word = connection.ops.prep_for_like_query(self.rhs)
        return f"({text} || '') LIKE %s", (*text_params, f"%{word}%")
