"""Users, teams, roles and tokens, with the triggers that log them."""

import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import crm.records.access
import crm.staff.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "version",
                    models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name="version"),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "Somebody has this username already."},
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("is_active", models.BooleanField(default=True, verbose_name="may sign in")),
                (
                    "date_joined",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="joined"
                    ),
                ),
                (
                    "seen_seq",
                    models.BigIntegerField(
                        db_default=0, default=0, editable=False, verbose_name="notifications read up to"
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "as the device"), ("light", "light"), ("dark", "dark")],
                        default="auto",
                        max_length=5,
                        verbose_name="theme",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        blank=True,
                        max_length=64,
                        validators=[crm.staff.models.check_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("language", models.CharField(blank=True, max_length=12, verbose_name="language")),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "ordering": ["username"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name="version"),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
            ],
            options={
                "verbose_name": "team",
                "verbose_name_plural": "teams",
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name="version"),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                ("last_used_at", models.DateTimeField(editable=False, null=True, verbose_name="last used")),
                ("revoked_at", models.DateTimeField(editable=False, null=True, verbose_name="revoked")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "verbose_name_plural": "API tokens",
                "ordering": ["-pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Role",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name="version"),
                ),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "view",
                    models.CharField(
                        choices=[
                            (crm.records.access.Reach["NONE"], "nothing"),
                            (crm.records.access.Reach["OWN"], "own"),
                            (crm.records.access.Reach["TEAM"], "own and team's"),
                            (crm.records.access.Reach["ALL"], "all"),
                        ],
                        default=crm.records.access.Reach["NONE"],
                        max_length=4,
                        verbose_name="may see",
                    ),
                ),
                (
                    "edit",
                    models.CharField(
                        choices=[
                            (crm.records.access.Reach["NONE"], "nothing"),
                            (crm.records.access.Reach["OWN"], "own"),
                            (crm.records.access.Reach["TEAM"], "own and team's"),
                            (crm.records.access.Reach["ALL"], "all"),
                        ],
                        default=crm.records.access.Reach["NONE"],
                        max_length=4,
                        verbose_name="may change",
                    ),
                ),
                ("sees_contacts", models.BooleanField(default=False, verbose_name="sees contact details")),
                ("may_import", models.BooleanField(default=False, verbose_name="may import")),
                ("may_export", models.BooleanField(default=False, verbose_name="may export")),
                ("is_administrator", models.BooleanField(default=False, verbose_name="administers")),
            ],
            options={
                "verbose_name": "role",
                "verbose_name_plural": "roles",
                "ordering": ["pk"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_administrator", False),
                            models.Q(
                                ("edit", crm.records.access.Reach["ALL"]),
                                ("sees_contacts", True),
                                ("view", crm.records.access.Reach["ALL"]),
                            ),
                            _connector="OR",
                        ),
                        name="role_administrator_sees_all",
                        violation_error_message="A role that administers sees and changes everything.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="role",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="staff.role", verbose_name="role"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="role",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE probe staff_role%ROWTYPE;",
                    func="\n            IF TG_OP = 'INSERT' THEN NEW.version := 1;  RETURN NEW; END IF;\n            probe := NEW; probe.version := OLD.version;\n            IF probe IS NOT DISTINCT FROM OLD THEN NEW.version := OLD.version; \n            ELSE NEW.version := OLD.version + 1;  END IF;\n            RETURN NEW;",
                    hash="37472446498d578b8dcaaea6428399464bd37f24",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_61130",
                    table="staff_role",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="role",
            trigger=pgtrigger.compiler.Trigger(
                name="log_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'role', n.id, 'role:' || n.id, n.version, 'c',\n                   NULL::jsonb, (to_jsonb(n)), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM new_rows n  WHERE true ORDER BY n.id;\n            RETURN NULL;",
                    hash="d9266ca788aa0d07dc228225a2d2c2751a9b5c39",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_log_insert_d7382",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="staff_role",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="role",
            trigger=pgtrigger.compiler.Trigger(
                name="log_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'role', n.id, 'role:' || n.id, n.version, 'u',\n                   (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each((to_jsonb(o))) e\n                 WHERE e.value IS DISTINCT FROM ((to_jsonb(n))) -> e.key AND e.key NOT IN ('version', 'updated_at')), (to_jsonb(n)), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM new_rows n JOIN old_rows o ON o.id = n.id  WHERE n.version <> o.version ORDER BY n.id;\n            RETURN NULL;",
                    hash="4f34575a7f0568a64b21364c194eb0b5cc4f7d2c",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_log_update_27d1d",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="staff_role",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="role",
            trigger=pgtrigger.compiler.Trigger(
                name="log_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'role', o.id, 'role:' || o.id, o.version + 1, 'd',\n                   NULL::jsonb, (to_jsonb(o)), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM old_rows o  WHERE true ORDER BY o.id;\n            RETURN NULL;",
                    hash="106e5ef724c1b1d1365ddb598a039df0f33afa05",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_log_delete_f8656",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="staff_role",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="role",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF current_setting('pulse.allow_truncate', true) = 'on' THEN RETURN NULL; END IF;\n            RAISE EXCEPTION 'TRUNCATE of % is refused: it would pass the change log by; use DELETE', TG_TABLE_NAME;",
                    hash="a499de9213f3716f488e0966e45f0772ee8c6594",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_191bf",
                    table="staff_role",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="team",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="staff.team", verbose_name="team"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="team",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE probe staff_team%ROWTYPE;",
                    func="\n            IF TG_OP = 'INSERT' THEN NEW.version := 1;  RETURN NEW; END IF;\n            probe := NEW; probe.version := OLD.version;\n            IF probe IS NOT DISTINCT FROM OLD THEN NEW.version := OLD.version; \n            ELSE NEW.version := OLD.version + 1;  END IF;\n            RETURN NEW;",
                    hash="267a78d44855a4cb3cf77ebf436941c85c63c198",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_3fb65",
                    table="staff_team",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="team",
            trigger=pgtrigger.compiler.Trigger(
                name="log_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'team', n.id, 'team:' || n.id, n.version, 'c',\n                   NULL::jsonb, (to_jsonb(n)), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM new_rows n  WHERE true ORDER BY n.id;\n            RETURN NULL;",
                    hash="a27a5b7a669036e80b2d45bba52caa90ee9da327",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_log_insert_567a1",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="staff_team",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="team",
            trigger=pgtrigger.compiler.Trigger(
                name="log_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'team', n.id, 'team:' || n.id, n.version, 'u',\n                   (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each((to_jsonb(o))) e\n                 WHERE e.value IS DISTINCT FROM ((to_jsonb(n))) -> e.key AND e.key NOT IN ('version', 'updated_at')), (to_jsonb(n)), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM new_rows n JOIN old_rows o ON o.id = n.id  WHERE n.version <> o.version ORDER BY n.id;\n            RETURN NULL;",
                    hash="ffb57492db16a66738f5c1ab82df5dcdbac33bd9",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_log_update_da4cb",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="staff_team",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="team",
            trigger=pgtrigger.compiler.Trigger(
                name="log_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'team', o.id, 'team:' || o.id, o.version + 1, 'd',\n                   NULL::jsonb, (to_jsonb(o)), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM old_rows o  WHERE true ORDER BY o.id;\n            RETURN NULL;",
                    hash="e02cd25e15ea3e955240b077b7a2f2ab2576b9ab",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_log_delete_a4537",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="staff_team",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="team",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF current_setting('pulse.allow_truncate', true) = 'on' THEN RETURN NULL; END IF;\n            RAISE EXCEPTION 'TRUNCATE of % is refused: it would pass the change log by; use DELETE', TG_TABLE_NAME;",
                    hash="65a5f06302296d7c9c0ac6ec89afdbc732e2d9f6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_f3de0",
                    table="staff_team",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apitoken",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE probe staff_apitoken%ROWTYPE;",
                    func="\n            IF TG_OP = 'INSERT' THEN NEW.version := 1;  RETURN NEW; END IF;\n            probe := NEW; probe.version := OLD.version; probe.digest := OLD.digest; probe.last_used_at := OLD.last_used_at;\n            IF probe IS NOT DISTINCT FROM OLD THEN NEW.version := OLD.version; \n            ELSE NEW.version := OLD.version + 1;  END IF;\n            RETURN NEW;",
                    hash="36aa6133955962395221c5ff08492dd6d9746bab",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_c5595",
                    table="staff_apitoken",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apitoken",
            trigger=pgtrigger.compiler.Trigger(
                name="log_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'apitoken', n.id, 'apitoken:' || n.id, n.version, 'c',\n                   NULL::jsonb, (to_jsonb(n) - 'digest' - 'last_used_at'), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM new_rows n  WHERE true ORDER BY n.id;\n            RETURN NULL;",
                    hash="c4d690d98de0d76f6c22da5cbd4eb4440b0ce021",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_log_insert_92502",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="staff_apitoken",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apitoken",
            trigger=pgtrigger.compiler.Trigger(
                name="log_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'apitoken', n.id, 'apitoken:' || n.id, n.version, 'u',\n                   (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each((to_jsonb(o) - 'digest' - 'last_used_at')) e\n                 WHERE e.value IS DISTINCT FROM ((to_jsonb(n) - 'digest' - 'last_used_at')) -> e.key AND e.key NOT IN ('version', 'updated_at')), (to_jsonb(n) - 'digest' - 'last_used_at'), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM new_rows n JOIN old_rows o ON o.id = n.id  WHERE n.version <> o.version ORDER BY n.id;\n            RETURN NULL;",
                    hash="e7ebd4f6632b1392deac83624af3c1fd09c0bff7",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_log_update_a3bc9",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="staff_apitoken",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apitoken",
            trigger=pgtrigger.compiler.Trigger(
                name="log_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'apitoken', o.id, 'apitoken:' || o.id, o.version + 1, 'd',\n                   NULL::jsonb, (to_jsonb(o) - 'digest' - 'last_used_at'), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM old_rows o  WHERE true ORDER BY o.id;\n            RETURN NULL;",
                    hash="3564664461d2fa7f33daca8c29e6dca3899315ca",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_log_delete_07d21",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="staff_apitoken",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apitoken",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF current_setting('pulse.allow_truncate', true) = 'on' THEN RETURN NULL; END IF;\n            RAISE EXCEPTION 'TRUNCATE of % is refused: it would pass the change log by; use DELETE', TG_TABLE_NAME;",
                    hash="268c716e7d6be8506cb121939e172d644d6d9db0",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_271b0",
                    table="staff_apitoken",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Upper("username"),
                name="user_username_in_any_case",
                violation_error_message="Somebody has this username already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Upper("email"),
                condition=models.Q(("email", ""), _negated=True),
                name="user_email_in_any_case",
                violation_error_message="Somebody has this e-mail address already.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="version",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE probe staff_user%ROWTYPE;",
                    func="\n            IF TG_OP = 'INSERT' THEN NEW.version := 1;  RETURN NEW; END IF;\n            probe := NEW; probe.version := OLD.version; probe.password := OLD.password; probe.last_login := OLD.last_login; probe.seen_seq := OLD.seen_seq; probe.theme := OLD.theme; probe.time_zone := OLD.time_zone; probe.language := OLD.language;\n            IF probe IS NOT DISTINCT FROM OLD THEN NEW.version := OLD.version; \n            ELSE NEW.version := OLD.version + 1;  END IF;\n            RETURN NEW;",
                    hash="97b09560d71ec3eb2f01780020bf486ef5a4b131",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_version_27a7b",
                    table="staff_user",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="log_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'user', n.id, 'user:' || n.id, n.version, 'c',\n                   NULL::jsonb, (to_jsonb(n) - 'password' - 'last_login' - 'seen_seq' - 'theme' - 'time_zone' - 'language'), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM new_rows n  WHERE true ORDER BY n.id;\n            RETURN NULL;",
                    hash="ca6ca092a3a9cf8133410e4b1619665259bff0dc",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_log_insert_58e84",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="staff_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="log_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'user', n.id, 'user:' || n.id, n.version, 'u',\n                   (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each((to_jsonb(o) - 'password' - 'last_login' - 'seen_seq' - 'theme' - 'time_zone' - 'language')) e\n                 WHERE e.value IS DISTINCT FROM ((to_jsonb(n) - 'password' - 'last_login' - 'seen_seq' - 'theme' - 'time_zone' - 'language')) -> e.key AND e.key NOT IN ('version', 'updated_at')), (to_jsonb(n) - 'password' - 'last_login' - 'seen_seq' - 'theme' - 'time_zone' - 'language'), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM new_rows n JOIN old_rows o ON o.id = n.id  WHERE n.version <> o.version ORDER BY n.id;\n            RETURN NULL;",
                    hash="dbcd301b9ae0e9feb255bc565e003d99d69a7a6f",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_log_update_1e94a",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="staff_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="log_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE actor bigint := NULLIF(current_setting('pulse.actor', true), '')::bigint; way text := NULLIF(current_setting('pulse.way', true), '');",
                    func="\n            INSERT INTO change_new (record, record_id, root, version, op, before, data, owner_id, team_id, assigned_id,\n                                    actor_id, way, written_at)\n            SELECT 'user', o.id, 'user:' || o.id, o.version + 1, 'd',\n                   NULL::jsonb, (to_jsonb(o) - 'password' - 'last_login' - 'seen_seq' - 'theme' - 'time_zone' - 'language'), NULL::bigint, NULL::bigint, NULL,\n                   actor, way, clock_timestamp()\n            FROM old_rows o  WHERE true ORDER BY o.id;\n            RETURN NULL;",
                    hash="cfe0e913f99187b25df1e822a93292496d087532",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_log_delete_4b336",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="staff_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="refuse_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF current_setting('pulse.allow_truncate', true) = 'on' THEN RETURN NULL; END IF;\n            RAISE EXCEPTION 'TRUNCATE of % is refused: it would pass the change log by; use DELETE', TG_TABLE_NAME;",
                    hash="0b2a559f36009cd0a5e5a881d729e55b8b3f9f98",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_refuse_truncate_66622",
                    table="staff_user",
                    when="BEFORE",
                ),
            ),
        ),
    ]
