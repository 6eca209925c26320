"""Small letters here are those of the database, letter by letter."""

from unicodedata import category

import pytest
from django.db import connection

from crm.records.letters import small


@pytest.mark.django_db
def test_every_letter_is_made_small_as_the_database_does_it():
    letters = [letter for letter in map(chr, range(1, 0x20000)) if category(letter) not in ("Cs", "Cn")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower(letter) FROM unnest(%s::text[]) WITH ORDINALITY AS l (letter, place)", [letters])
        lowered = [row[0] for row in cursor.fetchall()]
    differing = [(letter, theirs) for letter, theirs in zip(letters, lowered, strict=True) if small(letter) != theirs]
    assert differing == []
