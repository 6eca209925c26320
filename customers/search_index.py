"""Keeps the pending lists of the search indexes short: rows wait there, so that no writer pays for four GIN indexes."""

from django.db import connection

INDEXES = (
    "customers_search_open",
    "customers_search_contact",
    "customers_search_open_grams",
    "customers_search_contact_grams",
    "customers_customer_tags",
)


def settle() -> None:
    """Moves what waits into the indexes proper. Search is right without it, but slower the more there waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT gin_clean_pending_list(name::regclass) FROM unnest(%s::text[]) AS names (name)", [list(INDEXES)]
        )
