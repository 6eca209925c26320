"""Tells the planner what it costs to take a text apart: it took that for cheap, and did so row by row."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_triggers_by_row")]

    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION customers_grams(text) COST 4000", "ALTER FUNCTION customers_grams(text) COST 100"
        )
    ]
