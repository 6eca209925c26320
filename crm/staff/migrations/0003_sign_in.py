"""Where sign-in limits are counted, and the log's row for every session that ends, by which sockets are closed."""

from django.db import migrations

LIMITS = """
CREATE TABLE staff_limits (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX staff_limits_expires ON staff_limits (expires);
"""

# Only a digest: whoever reads the log must not be able to take a session over.
SESSION_END = """
CREATE FUNCTION staff_session_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change_new (record, record_id, root, version, op, data, actor_id, way, written_at)
    SELECT 'session', 0, 'session:0', 1, 'd',
           jsonb_build_object('digest', encode(sha256(convert_to(session_key, 'UTF8')), 'hex')),
           NULLIF(current_setting('pulse.actor', true), '')::bigint,
           NULLIF(current_setting('pulse.way', true), ''),
           clock_timestamp()
    FROM old_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER staff_session_end AFTER DELETE ON django_session
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION staff_session_end();
"""
UNDO_SESSION_END = "DROP TRIGGER staff_session_end ON django_session; DROP FUNCTION staff_session_end();"


class Migration(migrations.Migration):
    dependencies = [("staff", "0002_roles"), ("sessions", "0001_initial")]

    operations = [
        migrations.RunSQL(LIMITS, "DROP TABLE staff_limits"),
        migrations.RunSQL(SESSION_END, UNDO_SESSION_END),
    ]
