"""Whose a customer is, beside what it is found by; filled for the present ones by the next migration."""

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

READERS = """
CREATE FUNCTION customers_readers(c customers_customer) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_remove(ARRAY[c.owner_id, -c.team_id], NULL)
$$"""
NO_READERS = "DROP FUNCTION customers_readers"


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0010_untagged_outside_index"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="follow_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="follow_update",
        ),
        migrations.AddField(
            model_name="search",
            name="readers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunSQL(READERS, NO_READERS),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    INSERT INTO customers_search (customer_id, open_text, contact_text, readers)\n    SELECT n.id, customers_open_text(n), customers_contact_text(n), customers_readers(n) FROM new_rows n;\n    INSERT INTO customers_contactpoint AS x (customer_id, kind, value, label, position, street, postcode, city, region,\n                                             country)\n    SELECT DISTINCT ON (n.id, p.kind, lower(p.value)) n.id, p.kind, p.value, '', p.position - 1, '', '', '', '', ''\n    FROM new_rows n CROSS JOIN LATERAL (\n        SELECT 'email', e.value::text, e.position FROM unnest(n.emails) WITH ORDINALITY AS e (value, position)\n        UNION ALL\n        SELECT 'phone', e.value, e.position FROM unnest(n.phones) WITH ORDINALITY AS e (value, position)\n    ) p (kind, value, position)\n    ORDER BY n.id, p.kind, lower(p.value), p.position\n    ON CONFLICT (customer_id, kind, lower(value)) WHERE kind <> 'address'\n    DO UPDATE SET value = excluded.value, position = excluded.position\n    WHERE (x.value, x.position) <> (excluded.value, excluded.position);\n    INSERT INTO customers_contactpoint (customer_id, kind, value, label, position, street, postcode, city, region, country)\n    SELECT n.id, 'address', '', '', 0, n.street, n.postcode, n.city, n.region, n.country FROM new_rows n\n    WHERE (n.street, n.postcode, n.city, n.region, n.country) <> ('', '', '', '', '') AND NOT EXISTS (SELECT FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address');\n    RETURN NULL;",
                    hash="bc9aeb11512ef3cf1ecf69e905caf74e4b40a7cb",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_follow_insert_22ace",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="customers_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.name IS DISTINCT FROM OLD.name OR NEW.company_name IS DISTINCT FROM OLD.company_name OR NEW.city IS DISTINCT FROM OLD.city OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.emails IS DISTINCT FROM OLD.emails OR NEW.phones IS DISTINCT FROM OLD.phones OR NEW.street IS DISTINCT FROM OLD.street OR NEW.postcode IS DISTINCT FROM OLD.postcode OR NEW.owner_id IS DISTINCT FROM OLD.owner_id OR NEW.team_id IS DISTINCT FROM OLD.team_id OR NEW.region IS DISTINCT FROM OLD.region OR NEW.country IS DISTINCT FROM OLD.country)",
                    func="\n    IF NEW.kind = 'company' AND NEW.name <> OLD.name THEN \n        UPDATE customers_customer SET company_name = NEW.name WHERE company_id = NEW.id;\n    END IF;\n    IF (NEW.name, NEW.company_name, NEW.city, NEW.reference, NEW.emails, NEW.phones, NEW.street, NEW.postcode, NEW.owner_id, NEW.team_id) IS DISTINCT FROM (OLD.name, OLD.company_name, OLD.city, OLD.reference, OLD.emails, OLD.phones, OLD.street, OLD.postcode, OLD.owner_id, OLD.team_id) THEN \n        UPDATE customers_search SET open_text = customers_open_text(NEW), contact_text = customers_contact_text(NEW),\n            readers = customers_readers(NEW)\n        WHERE customer_id = NEW.id;\n    END IF;\n    IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;\n    IF (NEW.emails, NEW.phones) IS DISTINCT FROM (OLD.emails, OLD.phones) THEN \n    DELETE FROM customers_contactpoint x USING (SELECT NEW.*) n\n    WHERE x.customer_id = n.id AND x.kind IN ('email', 'phone') AND lower(x.value) <> ALL (ARRAY(\n        SELECT lower(v) FROM unnest(CASE x.kind WHEN 'email' THEN n.emails::text[] ELSE n.phones END) AS held (v)));\n    INSERT INTO customers_contactpoint AS x (customer_id, kind, value, label, position, street, postcode, city, region,\n                                             country)\n    SELECT DISTINCT ON (n.id, p.kind, lower(p.value)) n.id, p.kind, p.value, '', p.position - 1, '', '', '', '', ''\n    FROM (SELECT NEW.*) n CROSS JOIN LATERAL (\n        SELECT 'email', e.value::text, e.position FROM unnest(n.emails) WITH ORDINALITY AS e (value, position)\n        UNION ALL\n        SELECT 'phone', e.value, e.position FROM unnest(n.phones) WITH ORDINALITY AS e (value, position)\n    ) p (kind, value, position)\n    ORDER BY n.id, p.kind, lower(p.value), p.position\n    ON CONFLICT (customer_id, kind, lower(value)) WHERE kind <> 'address'\n    DO UPDATE SET value = excluded.value, position = excluded.position\n    WHERE (x.value, x.position) <> (excluded.value, excluded.position);\n    END IF;\n    IF (NEW.street, NEW.postcode, NEW.city, NEW.region, NEW.country) IS DISTINCT FROM (OLD.street, OLD.postcode, OLD.city, OLD.region, OLD.country) THEN \n    DELETE FROM customers_contactpoint x USING (SELECT NEW.*) n\n    WHERE x.customer_id = n.id AND x.kind = 'address' AND NOT (n.street, n.postcode, n.city, n.region, n.country) <> ('', '', '', '', '')\n      AND NOT EXISTS (SELECT FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address' AND a.id <> x.id);\n    UPDATE customers_contactpoint x SET street = n.street, postcode = n.postcode, city = n.city, region = n.region, country = n.country\n    FROM (SELECT NEW.*) n WHERE x.id = (\n        SELECT a.id FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address'\n        ORDER BY a.position, a.id LIMIT 1);\n    INSERT INTO customers_contactpoint (customer_id, kind, value, label, position, street, postcode, city, region, country)\n    SELECT n.id, 'address', '', '', 0, n.street, n.postcode, n.city, n.region, n.country FROM (SELECT NEW.*) n\n    WHERE (n.street, n.postcode, n.city, n.region, n.country) <> ('', '', '', '', '') AND NOT EXISTS (SELECT FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address');\n    END IF;\n    RETURN NULL;",
                    hash="b7d8bb4f2039a4c8b36c6f5ee1b942e5384e65ee",
                    operation="UPDATE",
                    pgid="pgtrigger_follow_update_230f0",
                    table="customers_customer",
                    when="AFTER",
                ),
            ),
        ),
    ]
