from django.db import migrations

# Until now all responses were of one family; customers' requests were called so.
SPLIT = "UPDATE timings_rollup SET family = 'answer' WHERE family = 'response' AND NOT starts_with(kind, 'request ')"
TOGETHER = "UPDATE timings_rollup SET family = 'response' WHERE family = 'answer'"


class Migration(migrations.Migration):
    dependencies = [("timings", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE timings_response ADD COLUMN waited double precision",
            "ALTER TABLE timings_response DROP COLUMN waited",
        ),
        migrations.RunSQL(SPLIT, TOGETHER),
    ]
