"""Find as you type: every word of the question stands somewhere in what the reader may search.

Words of three characters and more use the trigram indexes; shorter ones, on which trigrams are blind, an index of
one- and two-character grams of their own, and where that is not used, a look into the text. The same text and rule in
Python decide for live rows. Why the indexes hold more than texts: docs/decisions/0016.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from crm.records.access import Access
from crm.records.letters import small

MAX_LENGTH = 100
# Of an address its first part: the index would read all that stands in it for "example", "com" or "gmail".
FIRST_PART = re.compile(r"\W?(\w{3,})\W")


def words(question: str) -> list[str]:
    return small(question)[:MAX_LENGTH].split()


def condition(question: str, sees_contacts: bool) -> Q:
    """Rows that have every word; e-mail, phone and street count only for those who may see contact details."""
    texts = ["open_text", "contact_text"] if sees_contacts else ["open_text"]
    wanted = Q()
    asked = words(question)
    longest = max(asked, key=len, default="")
    for word in asked:
        for lookup, sought in lookups(word, is_rare=word == longest or not word.isascii()):
            wanted &= Q(*((f"search__{text}__{lookup}", sought) for text in texts), _connector=Q.OR)
    return wanted


def lookups(word: str, *, is_rare: bool) -> list[tuple[str, str]]:
    """What the index is asked, and where that is not all, what the rows that it finds are to hold.

    One or two letters beside a rarer word are only looked for: to take each found row apart for them takes far longer.
    """
    if len(word) < 3:
        return [*([("has_gram", word)] if is_rare else []), ("has_part", word)]
    first = FIRST_PART.match(word)
    return [("contains", first[1]), ("has_whole", word)] if first else [("contains", word)]


def within(access: Access) -> Q:
    """Rows of a reader's reach, by the indexes of the words: of what they find, few rows are hers to look at.

    Says nothing that `visible_to` does not say; without it what others' customers hold would be read, too.
    """
    numbers = access.numbers()
    return Q() if numbers is None else Q(search__readers__overlap=numbers)


def open_text(row: Mapping[str, Any]) -> str:
    parts = [row["name"], row["company_name"], row["city"], row["reference"]]
    return small(" ".join(filter(None, parts)))


def contact_text(row: Mapping[str, Any]) -> str:
    return small(" ".join(filter(None, [*row["emails"], *row["phones"], row["street"], row["postcode"]])))


def admits(question: str, row: Mapping[str, Any], sees_contacts: bool) -> bool:
    texts = [open_text(row), *([contact_text(row)] if sees_contacts else [])]
    return all(any(word in text for text in texts) for word in words(question))
