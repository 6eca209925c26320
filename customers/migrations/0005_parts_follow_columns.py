"""Parts follow the columns of their customer as well, so that who writes columns need not write parts."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_pair_rows_by_hash"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="contactpoint",
            name="fold_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="contactpoint",
            name="fold_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="contactpoint",
            name="fold_delete",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="search_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="company_renamed",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="search_update",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contactpoint",
            trigger=pgtrigger.compiler.Trigger(
                name="fold_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;\n    UPDATE customers_customer c\n    SET emails = p.emails, phones = p.phones, street = p.street, postcode = p.postcode, city = p.city,\n        region = p.region, country = p.country\n    FROM (\n        SELECT t.customer_id,\n               ARRAY(SELECT x.value FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                     AND x.kind = 'email' ORDER BY x.position, x.id) AS emails,\n               ARRAY(SELECT x.value::text FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                     AND x.kind = 'phone' ORDER BY x.position, x.id) AS phones,\n               coalesce(a.street, '') AS street, coalesce(a.postcode, '') AS postcode, coalesce(a.city, '') AS city,\n               coalesce(a.region, '') AS region, coalesce(a.country, '') AS country\n        FROM (SELECT DISTINCT customer_id FROM new_rows) t\n        LEFT JOIN LATERAL (SELECT x.* FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                           AND x.kind = 'address' ORDER BY x.position, x.id LIMIT 1) a ON true\n    ) p\n    WHERE c.id = p.customer_id\n      AND (c.emails, c.phones, c.street, c.postcode, c.city, c.region, c.country)\n          IS DISTINCT FROM (p.emails, p.phones, p.street, p.postcode, p.city, p.region, p.country);\n    RETURN NULL;",
                    hash="e6e0c010b0fd96b3f821fae876eb830714124f67",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_fold_insert_4c70e",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="customers_contactpoint",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contactpoint",
            trigger=pgtrigger.compiler.Trigger(
                name="fold_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;\n    UPDATE customers_customer c\n    SET emails = p.emails, phones = p.phones, street = p.street, postcode = p.postcode, city = p.city,\n        region = p.region, country = p.country\n    FROM (\n        SELECT t.customer_id,\n               ARRAY(SELECT x.value FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                     AND x.kind = 'email' ORDER BY x.position, x.id) AS emails,\n               ARRAY(SELECT x.value::text FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                     AND x.kind = 'phone' ORDER BY x.position, x.id) AS phones,\n               coalesce(a.street, '') AS street, coalesce(a.postcode, '') AS postcode, coalesce(a.city, '') AS city,\n               coalesce(a.region, '') AS region, coalesce(a.country, '') AS country\n        FROM (SELECT DISTINCT customer_id FROM new_rows UNION SELECT DISTINCT customer_id FROM old_rows) t\n        LEFT JOIN LATERAL (SELECT x.* FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                           AND x.kind = 'address' ORDER BY x.position, x.id LIMIT 1) a ON true\n    ) p\n    WHERE c.id = p.customer_id\n      AND (c.emails, c.phones, c.street, c.postcode, c.city, c.region, c.country)\n          IS DISTINCT FROM (p.emails, p.phones, p.street, p.postcode, p.city, p.region, p.country);\n    RETURN NULL;",
                    hash="8bb7312b787b90e0ab2979570b5c6c2e2b595a9b",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_fold_update_6ac37",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="customers_contactpoint",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contactpoint",
            trigger=pgtrigger.compiler.Trigger(
                name="fold_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;\n    UPDATE customers_customer c\n    SET emails = p.emails, phones = p.phones, street = p.street, postcode = p.postcode, city = p.city,\n        region = p.region, country = p.country\n    FROM (\n        SELECT t.customer_id,\n               ARRAY(SELECT x.value FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                     AND x.kind = 'email' ORDER BY x.position, x.id) AS emails,\n               ARRAY(SELECT x.value::text FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                     AND x.kind = 'phone' ORDER BY x.position, x.id) AS phones,\n               coalesce(a.street, '') AS street, coalesce(a.postcode, '') AS postcode, coalesce(a.city, '') AS city,\n               coalesce(a.region, '') AS region, coalesce(a.country, '') AS country\n        FROM (SELECT DISTINCT customer_id FROM old_rows) t\n        LEFT JOIN LATERAL (SELECT x.* FROM customers_contactpoint x WHERE x.customer_id = t.customer_id\n                           AND x.kind = 'address' ORDER BY x.position, x.id LIMIT 1) a ON true\n    ) p\n    WHERE c.id = p.customer_id\n      AND (c.emails, c.phones, c.street, c.postcode, c.city, c.region, c.country)\n          IS DISTINCT FROM (p.emails, p.phones, p.street, p.postcode, p.city, p.region, p.country);\n    RETURN NULL;",
                    hash="aa0f550cd860eb52778a10c1417983113be801bc",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_fold_delete_fb7b9",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="customers_contactpoint",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="follow_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    INSERT INTO customers_search (customer_id, open_text, contact_text)\n    SELECT n.id, customers_open_text(n), customers_contact_text(n) FROM new_rows n;\n    INSERT INTO customers_contactpoint AS x (customer_id, kind, value, label, position, street, postcode, city, region,\n                                             country)\n    SELECT DISTINCT ON (n.id, p.kind, lower(p.value)) n.id, p.kind, p.value, '', p.position - 1, '', '', '', '', ''\n    FROM new_rows n CROSS JOIN LATERAL (\n        SELECT 'email', e.value::text, e.position FROM unnest(n.emails) WITH ORDINALITY AS e (value, position)\n        UNION ALL\n        SELECT 'phone', e.value, e.position FROM unnest(n.phones) WITH ORDINALITY AS e (value, position)\n    ) p (kind, value, position)\n    ORDER BY n.id, p.kind, lower(p.value), p.position\n    ON CONFLICT (customer_id, kind, lower(value)) WHERE kind <> 'address'\n    DO UPDATE SET value = excluded.value, position = excluded.position\n    WHERE (x.value, x.position) <> (excluded.value, excluded.position);\n    INSERT INTO customers_contactpoint (customer_id, kind, value, label, position, street, postcode, city, region, country)\n    SELECT n.id, 'address', '', '', 0, n.street, n.postcode, n.city, n.region, n.country FROM new_rows n\n    WHERE (n.street, n.postcode, n.city, n.region, n.country) <> ('', '', '', '', '') AND NOT EXISTS (SELECT FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address');\n    RETURN NULL;",
                    hash="69371c8d7151916b77ddbac8388f129d03ea9d61",
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
                    declare="DECLARE renamed boolean; found_otherwise boolean; points_changed boolean; moved boolean;",
                    func="\n    SELECT bool_or(n.kind = 'company' AND n.name <> o.name), bool_or((n.name, n.company_name, n.city, n.reference, n.emails, n.phones, n.street, n.postcode) IS DISTINCT FROM (o.name, o.company_name, o.city, o.reference, o.emails, o.phones, o.street, o.postcode)), bool_or((n.emails, n.phones) IS DISTINCT FROM (o.emails, o.phones)), bool_or((n.street, n.postcode, n.city, n.region, n.country) IS DISTINCT FROM (o.street, o.postcode, o.city, o.region, o.country)) INTO renamed, found_otherwise, points_changed, moved\n    FROM new_rows n FULL JOIN old_rows o ON o.id = n.id;\n    IF pg_trigger_depth() > 1 THEN points_changed := false; moved := false; END IF;\n    \n    IF renamed THEN \n    UPDATE customers_customer c SET company_name = n.name FROM (SELECT n.*, customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text FROM new_rows n FULL JOIN old_rows o ON o.id = n.id WHERE n.kind = 'company' AND n.name <> o.name OFFSET 0) n WHERE c.company_id = n.id;\n    END IF;\n    IF found_otherwise THEN \n    UPDATE customers_search s SET open_text = n.open_text, contact_text = n.contact_text\n    FROM (SELECT n.*, customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text FROM new_rows n FULL JOIN old_rows o ON o.id = n.id WHERE (n.name, n.company_name, n.city, n.reference, n.emails, n.phones, n.street, n.postcode) IS DISTINCT FROM (o.name, o.company_name, o.city, o.reference, o.emails, o.phones, o.street, o.postcode) OFFSET 0) n WHERE s.customer_id = n.id;\n    END IF;\n    IF points_changed THEN \n    DELETE FROM customers_contactpoint x USING (SELECT n.*, customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text FROM new_rows n FULL JOIN old_rows o ON o.id = n.id WHERE (n.emails, n.phones) IS DISTINCT FROM (o.emails, o.phones) OFFSET 0) n\n    WHERE x.customer_id = n.id AND x.kind IN ('email', 'phone') AND lower(x.value) <> ALL (ARRAY(\n        SELECT lower(v) FROM unnest(CASE x.kind WHEN 'email' THEN n.emails::text[] ELSE n.phones END) AS held (v)));\n    INSERT INTO customers_contactpoint AS x (customer_id, kind, value, label, position, street, postcode, city, region,\n                                             country)\n    SELECT DISTINCT ON (n.id, p.kind, lower(p.value)) n.id, p.kind, p.value, '', p.position - 1, '', '', '', '', ''\n    FROM (SELECT n.*, customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text FROM new_rows n FULL JOIN old_rows o ON o.id = n.id WHERE (n.emails, n.phones) IS DISTINCT FROM (o.emails, o.phones) OFFSET 0) n CROSS JOIN LATERAL (\n        SELECT 'email', e.value::text, e.position FROM unnest(n.emails) WITH ORDINALITY AS e (value, position)\n        UNION ALL\n        SELECT 'phone', e.value, e.position FROM unnest(n.phones) WITH ORDINALITY AS e (value, position)\n    ) p (kind, value, position)\n    ORDER BY n.id, p.kind, lower(p.value), p.position\n    ON CONFLICT (customer_id, kind, lower(value)) WHERE kind <> 'address'\n    DO UPDATE SET value = excluded.value, position = excluded.position\n    WHERE (x.value, x.position) <> (excluded.value, excluded.position);\n    END IF;\n    IF moved THEN \n    DELETE FROM customers_contactpoint x USING (SELECT n.*, customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text FROM new_rows n FULL JOIN old_rows o ON o.id = n.id WHERE (n.street, n.postcode, n.city, n.region, n.country) IS DISTINCT FROM (o.street, o.postcode, o.city, o.region, o.country) OFFSET 0) n\n    WHERE x.customer_id = n.id AND x.kind = 'address' AND NOT (n.street, n.postcode, n.city, n.region, n.country) <> ('', '', '', '', '')\n      AND NOT EXISTS (SELECT FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address' AND a.id <> x.id);\n    UPDATE customers_contactpoint x SET street = n.street, postcode = n.postcode, city = n.city, region = n.region, country = n.country\n    FROM (SELECT n.*, customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text FROM new_rows n FULL JOIN old_rows o ON o.id = n.id WHERE (n.street, n.postcode, n.city, n.region, n.country) IS DISTINCT FROM (o.street, o.postcode, o.city, o.region, o.country) OFFSET 0) n WHERE x.id = (\n        SELECT a.id FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address'\n        ORDER BY a.position, a.id LIMIT 1);\n    INSERT INTO customers_contactpoint (customer_id, kind, value, label, position, street, postcode, city, region, country)\n    SELECT n.id, 'address', '', '', 0, n.street, n.postcode, n.city, n.region, n.country FROM (SELECT n.*, customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text FROM new_rows n FULL JOIN old_rows o ON o.id = n.id WHERE (n.street, n.postcode, n.city, n.region, n.country) IS DISTINCT FROM (o.street, o.postcode, o.city, o.region, o.country) OFFSET 0) n\n    WHERE (n.street, n.postcode, n.city, n.region, n.country) <> ('', '', '', '', '') AND NOT EXISTS (SELECT FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address');\n    END IF;\n    RETURN NULL;",
                    hash="3cf3b019d81cc1ddb758f71c537d6622f31cfad0",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_follow_update_230f0",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="customers_customer",
                    when="AFTER",
                ),
            ),
        ),
    ]
