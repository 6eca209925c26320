"""Leaves customers without tags out of the index of tags, which each of their updates entered to be found by nobody."""

from django.db import migrations

DROP = "DROP INDEX CONCURRENTLY customers_customer_tags"
CREATE = """
CREATE INDEX CONCURRENTLY customers_customer_tags ON customers_customer USING gin (tags)
    WITH (fastupdate = on, gin_pending_list_limit = 1048576)"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0009_cost_of_grams")]
    atomic = False

    operations = [
        migrations.RunSQL([DROP, f"{CREATE} WHERE tags <> '{{}}'"], [DROP, CREATE]),
    ]
