"""Raw tables partitioned by day (PostgreSQL's own kind, so made by SQL), and the tables of what is made from them."""

from datetime import UTC, datetime

from django.db import migrations, models

from crm.timings import partitions

CHANGE = """
CREATE TABLE timings_change (
    seq bigint NOT NULL,
    record text NOT NULL,
    record_id bigint NOT NULL,
    subject text NOT NULL,
    module text NOT NULL,
    way text,
    written_at timestamptz NOT NULL,
    numbered_at timestamptz NOT NULL,
    cached_at timestamptz,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (seq, numbered_at)
) PARTITION BY RANGE (numbered_at);
CREATE TABLE timings_change_default PARTITION OF timings_change DEFAULT;
CREATE INDEX timings_change_ended ON timings_change (COALESCE(cached_at, numbered_at));
CREATE INDEX timings_change_stored ON timings_change (stored_at);
"""
DELIVERY = """
CREATE TABLE timings_delivery (
    id bigserial,
    seq bigint NOT NULL,
    process text NOT NULL,
    sent_at timestamptz NOT NULL,
    watchers integer NOT NULL,
    acked_at timestamptz,
    acked integer NOT NULL,
    late integer NOT NULL,
    ended_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (id, sent_at)
) PARTITION BY RANGE (sent_at);
CREATE TABLE timings_delivery_default PARTITION OF timings_delivery DEFAULT;
CREATE INDEX timings_delivery_seq ON timings_delivery (seq);
CREATE INDEX timings_delivery_ended ON timings_delivery (ended_at);
CREATE INDEX timings_delivery_stored ON timings_delivery (stored_at);
"""
RESPONSE = """
CREATE TABLE timings_response (
    id bigserial,
    ended_at timestamptz NOT NULL,
    kind text NOT NULL,
    module text NOT NULL,
    seconds double precision NOT NULL,
    status smallint NOT NULL,
    user_id bigint,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (id, ended_at)
) PARTITION BY RANGE (ended_at);
CREATE TABLE timings_response_default PARTITION OF timings_response DEFAULT;
CREATE INDEX timings_response_ended ON timings_response (ended_at);
CREATE INDEX timings_response_stored ON timings_response (stored_at);
"""


def make_days_ahead(apps, schema_editor):
    partitions.make_ahead(datetime.now(UTC).date())


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.RunSQL(CHANGE, "DROP TABLE timings_change"),
        migrations.RunSQL(DELIVERY, "DROP TABLE timings_delivery"),
        migrations.RunSQL(RESPONSE, "DROP TABLE timings_response"),
        migrations.CreateModel(
            name="ChangeTiming",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number in the log")),
                ("record", models.TextField(verbose_name="record")),
                ("record_id", models.BigIntegerField(verbose_name="record id")),
                ("subject", models.TextField(verbose_name="about")),
                ("module", models.TextField(verbose_name="module")),
                ("way", models.TextField(null=True, verbose_name="way")),
                ("written_at", models.DateTimeField(verbose_name="written")),
                ("numbered_at", models.DateTimeField(verbose_name="numbered")),
                ("cached_at", models.DateTimeField(null=True, verbose_name="cached")),
                ("stored_at", models.DateTimeField(verbose_name="stored")),
            ],
            options={
                "verbose_name": "change timing",
                "verbose_name_plural": "change timings",
                "db_table": "timings_change",
                "ordering": ["-seq"],
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="DeliveryTiming",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(verbose_name="number in the log")),
                ("process", models.TextField(verbose_name="process")),
                ("sent_at", models.DateTimeField(verbose_name="sent")),
                ("watchers", models.IntegerField(verbose_name="watchers")),
                ("acked_at", models.DateTimeField(null=True, verbose_name="last acknowledged")),
                ("acked", models.IntegerField(verbose_name="acknowledged")),
                ("late", models.IntegerField(verbose_name="late")),
                ("ended_at", models.DateTimeField(verbose_name="ended")),
                ("stored_at", models.DateTimeField(verbose_name="stored")),
            ],
            options={
                "verbose_name": "delivery timing",
                "verbose_name_plural": "delivery timings",
                "db_table": "timings_delivery",
                "ordering": ["-id"],
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="ResponseTiming",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("ended_at", models.DateTimeField(verbose_name="ended")),
                ("kind", models.TextField(verbose_name="kind")),
                ("module", models.TextField(verbose_name="module")),
                ("seconds", models.FloatField(verbose_name="seconds")),
                ("status", models.SmallIntegerField(verbose_name="status")),
                ("user_id", models.BigIntegerField(null=True, verbose_name="user")),
                ("stored_at", models.DateTimeField(verbose_name="stored")),
            ],
            options={
                "verbose_name": "response timing",
                "verbose_name_plural": "response timings",
                "db_table": "timings_response",
                "ordering": ["-id"],
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Drop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("process", models.TextField(verbose_name="process")),
                ("count", models.BigIntegerField(verbose_name="count")),
            ],
            options={
                "verbose_name": "dropped timings",
                "verbose_name_plural": "dropped timings",
                "db_table": "timings_drop",
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="Screens",
            fields=[
                ("process", models.TextField(primary_key=True, serialize=False, verbose_name="process")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("sockets", models.IntegerField(verbose_name="sockets")),
                ("watching", models.IntegerField(verbose_name="watching")),
                ("frames", models.FloatField(verbose_name="frames per second")),
                ("behind", models.IntegerField(verbose_name="behind")),
                ("catching_up", models.IntegerField(verbose_name="catching up")),
            ],
            options={
                "verbose_name": "hub's screens",
                "verbose_name_plural": "hubs' screens",
                "db_table": "timings_screens",
            },
        ),
        migrations.CreateModel(
            name="Rollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("span", models.IntegerField(choices=[(60, "minute"), (3600, "hour")], verbose_name="span")),
                ("start", models.DateTimeField(verbose_name="start")),
                ("family", models.TextField(verbose_name="family")),
                ("module", models.TextField(verbose_name="module")),
                ("kind", models.TextField(verbose_name="kind")),
                ("count", models.BigIntegerField(verbose_name="count")),
                ("total", models.FloatField(verbose_name="sum of seconds")),
                ("late", models.BigIntegerField(verbose_name="late")),
                ("longest", models.FloatField(verbose_name="longest")),
                ("sketch", models.JSONField(verbose_name="sketch")),
            ],
            options={
                "verbose_name": "roll-up",
                "verbose_name_plural": "roll-ups",
                "ordering": ["-start", "family", "module", "kind"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("span", "start", "family", "module", "kind"), name="timings_rollup_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RollupState",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("rolled_to", models.DateTimeField()),
            ],
            options={
                "db_table": "timings_rollup_state",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="timings_rollup_state_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="SubjectHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField(verbose_name="hour")),
                ("subject", models.TextField(verbose_name="about")),
                ("count", models.BigIntegerField(verbose_name="count")),
                ("total", models.FloatField(verbose_name="sum of seconds")),
            ],
            options={
                "verbose_name": "customer's hour",
                "verbose_name_plural": "customers' hours",
                "db_table": "timings_subject_hour",
                "constraints": [models.UniqueConstraint(fields=("hour", "subject"), name="timings_subject_hour_once")],
            },
        ),
        migrations.RunPython(make_days_ahead, migrations.RunPython.noop),
    ]
