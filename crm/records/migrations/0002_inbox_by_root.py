"""Finds what waits for one record: the relay must not let a later change of it pass an earlier one."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX change_new_root ON change_new (root, id)",
            "DROP INDEX change_new_root",
        ),
    ]
