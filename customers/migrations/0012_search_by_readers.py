"""Fills whose each customer is, and puts it into the indexes of search: of what a word finds in all customers, a reader
of one team would else look at twenty times what she may see."""

from django.db import migrations

COLUMNS = {
    "open": "open_text gin_trgm_ops",
    "contact": "contact_text gin_trgm_ops",
    "open_grams": "customers_grams(open_text)",
    "contact_grams": "customers_grams(contact_text)",
}
DROP = [f"DROP INDEX CONCURRENTLY customers_search_{name}" for name in COLUMNS]
FILL = """
UPDATE customers_search s SET readers = customers_readers(c) FROM customers_customer c WHERE c.id = s.customer_id"""


def create(more: str) -> list[str]:
    return [
        f"CREATE INDEX CONCURRENTLY customers_search_{name} ON customers_search USING gin ({column}{more})"
        " WITH (fastupdate = on, gin_pending_list_limit = 1048576)"
        for name, column in COLUMNS.items()
    ]


class Migration(migrations.Migration):
    dependencies = [("customers", "0011_readers_of_search")]
    atomic = False

    operations = [
        migrations.RunSQL(DROP, create("")),  # filling indexes row by row takes ten times as long
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(create(", readers"), DROP),
    ]
