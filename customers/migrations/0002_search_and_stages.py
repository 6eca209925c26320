"""The functions and indexes of search, which the triggers of 0001 call, and the stages that everybody starts with."""

from typing import Any

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION customers_open_text(c customers_customer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(concat_ws(' ', nullif(c.name, ''), nullif(c.company_name, ''), nullif(c.city, ''), nullif(c.reference, '')))
$$;
CREATE FUNCTION customers_contact_text(c customers_customer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(concat_ws(' ', nullif(array_to_string(c.emails, ' '), ''), nullif(array_to_string(c.phones, ' '), ''),
                           nullif(c.street, ''), nullif(c.postcode, '')))
$$;
CREATE FUNCTION customers_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT gram), '{}')
    FROM generate_series(1, length(t)) i, LATERAL (VALUES (substr(t, i, 1)), (substr(t, i, 2))) AS parts (gram)
    WHERE gram !~ '\s'
$$;
"""
INDEXES = """
CREATE INDEX customers_search_open ON customers_search USING gin (open_text gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX customers_search_contact ON customers_search USING gin (contact_text gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX customers_search_open_grams ON customers_search USING gin (customers_grams(open_text)) WITH (fastupdate = off);
CREATE INDEX customers_search_contact_grams ON customers_search USING gin (customers_grams(contact_text)) WITH (fastupdate = off);
CREATE INDEX customers_customer_tags ON customers_customer USING gin (tags) WITH (fastupdate = off);
"""
DROP = """
DROP INDEX customers_search_open, customers_search_contact, customers_search_open_grams, customers_search_contact_grams,
    customers_customer_tags;
DROP FUNCTION customers_open_text, customers_contact_text, customers_grams;
"""

STAGES = [
    ("lead", "Lead", "grey"),
    ("active", "Active", "green"),
    ("vip", "VIP", "violet"),
    ("at_risk", "At risk", "orange"),
    ("lost", "Lost", "red"),
]


def add_stages(apps: Any, schema_editor: Any) -> None:
    stage = apps.get_model("customers", "Stage")
    for position, (code, name, color) in enumerate(STAGES):
        stage.objects.get_or_create(code=code, defaults={"name": name, "color": color, "position": position})


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS + INDEXES, DROP),
        migrations.RunPython(add_stages, migrations.RunPython.noop),
    ]
