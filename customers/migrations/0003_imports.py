"""Imports and what became of their rows; and search indexes that take thousands of new rows a second."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

# With `fastupdate = off` the four indexes of search cost 0.5 ms for each new or renamed customer, on every write. A pending
# list makes that 0.04 ms. A writer who fills it flushes it, and stalls; so no writer ever fills it (the limit is 1 GB), and
# `customers.search_index.settle` empties it every second or two, which is ten times cheaper than row by row.
PENDING = """
ALTER INDEX customers_search_open SET (fastupdate = on, gin_pending_list_limit = 1048576);
ALTER INDEX customers_search_contact SET (fastupdate = on, gin_pending_list_limit = 1048576);
ALTER INDEX customers_search_open_grams SET (fastupdate = on, gin_pending_list_limit = 1048576);
ALTER INDEX customers_search_contact_grams SET (fastupdate = on, gin_pending_list_limit = 1048576);
ALTER INDEX customers_customer_tags SET (fastupdate = on, gin_pending_list_limit = 1048576);
"""
NO_PENDING = """
ALTER INDEX customers_search_open SET (fastupdate = off);
ALTER INDEX customers_search_contact SET (fastupdate = off);
ALTER INDEX customers_search_open_grams SET (fastupdate = off);
ALTER INDEX customers_search_contact_grams SET (fastupdate = off);
ALTER INDEX customers_customer_tags SET (fastupdate = off);
"""
# The same grams (a few twice, which the index does not mind) in a quarter of the time.
GRAMS = """
CREATE OR REPLACE FUNCTION customers_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT each || ARRAY(SELECT a || b FROM unnest(each, each[2:]) AS pairs (a, b) WHERE a <> ' ' AND b <> ' ')
    FROM (SELECT string_to_array(t, NULL)) AS characters (each)
$$;
"""
SLOW_GRAMS = r"""
CREATE OR REPLACE FUNCTION customers_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT gram), '{}')
    FROM generate_series(1, length(t)) i, LATERAL (VALUES (substr(t, i, 1)), (substr(t, i, 2))) AS parts (gram)
    WHERE gram !~ '\s'
$$;
"""
E_MAILS = "CREATE INDEX customers_contactpoint_email ON customers_contactpoint (lower(value)) WHERE kind = 'email'"
NO_E_MAILS = "DROP INDEX customers_contactpoint_email"


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_search_and_stages"),
        ("staff", "0003_sign_in"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name="version"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="updated"
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="in trash since"),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                ("stored_name", models.CharField(blank=True, default="", max_length=80)),
                ("reading", models.JSONField(default=dict)),
                ("header", models.JSONField(default=list)),
                ("plan", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "waiting for its columns"),
                            ("checking", "being checked"),
                            ("checked", "checked"),
                            ("running", "running"),
                            ("stopped", "stopped"),
                            ("done", "done"),
                            ("undoing", "being undone"),
                            ("undone", "undone"),
                            ("failed", "failed"),
                        ],
                        default="uploaded",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="rows done")),
                ("created_count", models.PositiveIntegerField(default=0, verbose_name="new")),
                ("updated_count", models.PositiveIntegerField(default=0, verbose_name="changed")),
                ("unchanged_count", models.PositiveIntegerField(default=0, verbose_name="unchanged")),
                ("failed_count", models.PositiveIntegerField(default=0, verbose_name="with errors")),
                ("problems", models.JSONField(default=list)),
                ("reason", models.TextField(blank=True, default="", verbose_name="reason")),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("leased_until", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True, verbose_name="started")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="staff.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ImportLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("created", "new"),
                            ("updated", "changed"),
                            ("unchanged", "unchanged"),
                            ("failed", "error"),
                            ("company", "company made for a person"),
                        ],
                        max_length=9,
                    ),
                ),
                ("version", models.PositiveIntegerField(null=True)),
                ("before", models.JSONField(null=True)),
                ("reason", models.TextField(blank=True, default="")),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="customers.import",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(models.F("owner"), models.F("id"), name="import_owner"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="import",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE probe customers_import%ROWTYPE;",
                    func="\n            IF TG_OP = 'INSERT' THEN NEW.version := 1; NEW.updated_at := clock_timestamp(); RETURN NEW; END IF;\n            probe := NEW; probe.version := OLD.version; probe.updated_at := OLD.updated_at; probe.stored_name := OLD.stored_name; probe.reading := OLD.reading; probe.header := OLD.header; probe.plan := OLD.plan; probe.problems := OLD.problems; probe.attempt := OLD.attempt; probe.leased_until := OLD.leased_until;\n            IF probe IS NOT DISTINCT FROM OLD THEN NEW.version := OLD.version; NEW.updated_at := OLD.updated_at;\n            ELSE NEW.version := OLD.version + 1; NEW.updated_at := clock_timestamp(); END IF;\n            RETURN NEW;",
                    hash="9800714c8b277dceba80623c7106f9dc297acccd",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_df936",
                    table="customers_import",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="import",
            trigger=pgtrigger.compiler.Trigger(
                name="log_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'import', n.id, 'import:' || n.id, n.version, 'c',\n                   NULL::jsonb, (to_jsonb(n) - 'stored_name' - 'reading' - 'header' - 'plan' - 'problems' - 'attempt' - 'leased_until'), n.owner_id, n.team_id, CASE WHEN true AND n.owner_id IS DISTINCT FROM actor THEN n.owner_id END,\n                   actor, way, clock_timestamp()\n            FROM new_rows n  WHERE true ORDER BY n.id;\n            RETURN NULL;",
                    hash="563791f3c001c29d31d1843f5ff7663aa5d7e204",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_log_insert_e35c4",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="customers_import",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="import",
            trigger=pgtrigger.compiler.Trigger(
                name="log_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'import', n.id, 'import:' || n.id, n.version, 'u',\n                   (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each((to_jsonb(o) - 'stored_name' - 'reading' - 'header' - 'plan' - 'problems' - 'attempt' - 'leased_until')) e\n                 WHERE e.value IS DISTINCT FROM ((to_jsonb(n) - 'stored_name' - 'reading' - 'header' - 'plan' - 'problems' - 'attempt' - 'leased_until')) -> e.key AND e.key NOT IN ('version', 'updated_at')), (to_jsonb(n) - 'stored_name' - 'reading' - 'header' - 'plan' - 'problems' - 'attempt' - 'leased_until'), n.owner_id, n.team_id, CASE WHEN o.owner_id IS DISTINCT FROM n.owner_id AND n.owner_id IS DISTINCT FROM actor THEN n.owner_id END,\n                   actor, way, clock_timestamp()\n            FROM new_rows n JOIN old_rows o ON o.id = n.id  WHERE n.version <> o.version ORDER BY n.id;\n            RETURN NULL;",
                    hash="4ef863bd1044ff8acd5a8725f7af3c22cbb1bc79",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_log_update_e9b69",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="customers_import",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="import",
            trigger=pgtrigger.compiler.Trigger(
                name="log_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'import', o.id, 'import:' || o.id, o.version + 1, 'd',\n                   NULL::jsonb, (to_jsonb(o) - 'stored_name' - 'reading' - 'header' - 'plan' - 'problems' - 'attempt' - 'leased_until'), o.owner_id, o.team_id, NULL,\n                   actor, way, clock_timestamp()\n            FROM old_rows o  WHERE true ORDER BY o.id;\n            RETURN NULL;",
                    hash="2ea4ff5b33f37b639f1a2bd8d5cc943f67ab4415",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_log_delete_5153a",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="customers_import",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="import",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF current_setting('pulse.allow_truncate', true) = 'on' THEN RETURN NULL; END IF;\n            RAISE EXCEPTION 'TRUNCATE of % is refused: it would pass the change log by; use DELETE', TG_TABLE_NAME;",
                    hash="69efb1bc9925cd1d1df541916182728e69aa78a5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_ad896",
                    table="customers_import",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="importline",
            index=models.Index(models.F("batch"), models.F("outcome"), models.F("number"), name="import_line_outcome"),
        ),
        migrations.AddConstraint(
            model_name="importline",
            constraint=models.UniqueConstraint(
                models.F("batch"),
                models.F("number"),
                condition=models.Q(("outcome", "company"), _negated=True),
                name="import_line_once",
            ),
        ),
        migrations.RunSQL(PENDING, NO_PENDING),
        migrations.RunSQL(GRAMS, SLOW_GRAMS),
        migrations.RunSQL(E_MAILS, NO_E_MAILS),
    ]
