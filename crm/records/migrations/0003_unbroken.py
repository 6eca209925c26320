"""What tells a relay that PostgreSQL crashed: a table that is empty then, and who led last and did not end in order."""

from django.db import migrations

UNBROKEN = """
CREATE UNLOGGED TABLE log_unbroken (id integer PRIMARY KEY CHECK (id = 1));
ALTER TABLE log_state ADD COLUMN leader uuid;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0002_inbox_by_root")]

    operations = [
        migrations.RunSQL(UNBROKEN, "DROP TABLE log_unbroken; ALTER TABLE log_state DROP COLUMN leader"),
    ]
