"""The customers module's own triggers: parts and columns follow each other, company names and search text the rest."""

from typing import Any

import pgtrigger

from crm.records.triggers import PAIRED

ADDRESS = ("street", "postcode", "city", "region", "country")
FOUND_BY = ("name", "company_name", "city", "reference", "emails", "phones", "street", "postcode")


def row(alias: str, columns: tuple[str, ...]) -> str:
    return f"({', '.join(f'{alias}.{column}' for column in columns)})"


def differ(columns: tuple[str, ...]) -> str:
    return f"{row('n', columns)} IS DISTINCT FROM {row('o', columns)}"


# The lists and the first address of the customers named by `touched`, as their parts say. Parts that follow their
# customer are written by its trigger, and have nothing to say.
FOLD = """
    IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;
    UPDATE customers_customer c
    SET emails = p.emails, phones = p.phones, street = p.street, postcode = p.postcode, city = p.city,
        region = p.region, country = p.country
    FROM (
        SELECT t.customer_id,
               ARRAY(SELECT x.value FROM customers_contactpoint x WHERE x.customer_id = t.customer_id
                     AND x.kind = 'email' ORDER BY x.position, x.id) AS emails,
               ARRAY(SELECT x.value::text FROM customers_contactpoint x WHERE x.customer_id = t.customer_id
                     AND x.kind = 'phone' ORDER BY x.position, x.id) AS phones,
               coalesce(a.street, '') AS street, coalesce(a.postcode, '') AS postcode, coalesce(a.city, '') AS city,
               coalesce(a.region, '') AS region, coalesce(a.country, '') AS country
        FROM ({touched}) t
        LEFT JOIN LATERAL (SELECT x.* FROM customers_contactpoint x WHERE x.customer_id = t.customer_id
                           AND x.kind = 'address' ORDER BY x.position, x.id LIMIT 1) a ON true
    ) p
    WHERE c.id = p.customer_id
      AND (c.emails, c.phones, c.street, c.postcode, c.city, c.region, c.country)
          IS DISTINCT FROM (p.emails, p.phones, p.street, p.postcode, p.city, p.region, p.country);
    RETURN NULL;"""
NEW_TOUCHED = "SELECT DISTINCT customer_id FROM new_rows"
OLD_TOUCHED = "SELECT DISTINCT customer_id FROM old_rows"
ALL_TOUCHED = f"{NEW_TOUCHED} UNION {OLD_TOUCHED}"


def after(
    name: str, operation: pgtrigger.Operation, func: str, *, old: bool, new: bool, **more: Any
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(old="old_rows" if old else None, new="new_rows" if new else None),
        func=func,
        **more,
    )


FOLD_TRIGGERS = [
    after("fold_insert", pgtrigger.Insert, FOLD.format(touched=NEW_TOUCHED), old=False, new=True),
    after("fold_update", pgtrigger.Update, FOLD.format(touched=ALL_TOUCHED), old=True, new=True),
    after("fold_delete", pgtrigger.Delete, FOLD.format(touched=OLD_TOUCHED), old=True, new=False),
]

# A company's name stands on its people, for lists and search; its renaming is a change of each of them.
TAKE_COMPANY_NAME = """
    IF NEW.company_id IS NOT NULL THEN
        SELECT name INTO NEW.company_name FROM customers_customer WHERE id = NEW.company_id;
    ELSIF TG_OP = 'UPDATE' THEN
        IF OLD.company_id IS NOT NULL THEN NEW.company_name := ''; END IF;
    END IF;
    RETURN NEW;"""

COMPANY_TRIGGERS = [
    pgtrigger.Trigger(name="company_taken", when=pgtrigger.Before, operation=pgtrigger.Insert, func=TAKE_COMPANY_NAME),
    pgtrigger.Trigger(
        name="company_moved",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("company_id", "company_name"),
        func=TAKE_COMPANY_NAME,
    ),
]

# What is searched lies in a narrow table of its own, so that other updates of a customer stay HOT.
SEARCH_INSERT = """
    INSERT INTO customers_search (customer_id, open_text, contact_text)
    SELECT n.id, customers_open_text(n), customers_contact_text(n) FROM new_rows n;"""
SEARCH_UPDATE = """
    UPDATE customers_search s SET open_text = n.open_text, contact_text = n.contact_text
    FROM {rows} WHERE s.customer_id = n.id;"""
RENAME_PEOPLE = """
    UPDATE customers_customer c SET company_name = n.name FROM {rows} WHERE c.company_id = n.id;"""

# A part keeps its label as long as its value stays.
POINTS_DELETE = """
    DELETE FROM customers_contactpoint x USING {rows}
    WHERE x.customer_id = n.id AND x.kind IN ('email', 'phone') AND lower(x.value) <> ALL (ARRAY(
        SELECT lower(v) FROM unnest(CASE x.kind WHEN 'email' THEN n.emails::text[] ELSE n.phones END) AS held (v)));"""
POINTS_WRITE = """
    INSERT INTO customers_contactpoint AS x (customer_id, kind, value, label, position, street, postcode, city, region,
                                             country)
    SELECT DISTINCT ON (n.id, p.kind, lower(p.value)) n.id, p.kind, p.value, '', p.position - 1, '', '', '', '', ''
    FROM {rows} CROSS JOIN LATERAL (
        SELECT 'email', e.value::text, e.position FROM unnest(n.emails) WITH ORDINALITY AS e (value, position)
        UNION ALL
        SELECT 'phone', e.value, e.position FROM unnest(n.phones) WITH ORDINALITY AS e (value, position)
    ) p (kind, value, position)
    ORDER BY n.id, p.kind, lower(p.value), p.position
    ON CONFLICT (customer_id, kind, lower(value)) WHERE kind <> 'address'
    DO UPDATE SET value = excluded.value, position = excluded.position
    WHERE (x.value, x.position) <> (excluded.value, excluded.position);"""
HAS_ADDRESS = f"{row('n', ADDRESS)} <> ('', '', '', '', '')"
OTHER_ADDRESS = "SELECT FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address'"
# Of several addresses the first is the customer's; when that is emptied it stays, so that no other takes its place.
ADDRESS_UPDATE = f"""
    DELETE FROM customers_contactpoint x USING {{rows}}
    WHERE x.customer_id = n.id AND x.kind = 'address' AND NOT {HAS_ADDRESS}
      AND NOT EXISTS ({OTHER_ADDRESS} AND a.id <> x.id);
    UPDATE customers_contactpoint x SET {", ".join(f"{name} = n.{name}" for name in ADDRESS)}
    FROM {{rows}} WHERE x.id = (
        SELECT a.id FROM customers_contactpoint a WHERE a.customer_id = n.id AND a.kind = 'address'
        ORDER BY a.position, a.id LIMIT 1);"""  # noqa: S608  (constants, here and below)
ADDRESS_INSERT = f"""
    INSERT INTO customers_contactpoint (customer_id, kind, value, label, position, {", ".join(ADDRESS)})
    SELECT n.id, 'address', '', '', 0, {", ".join(f"n.{name}" for name in ADDRESS)} FROM {{rows}}
    WHERE {HAS_ADDRESS} AND NOT EXISTS ({OTHER_ADDRESS});"""  # noqa: S608

FOLLOW_INSERT = SEARCH_INSERT + (POINTS_WRITE + ADDRESS_INSERT).format(rows="new_rows n") + "\n    RETURN NULL;"

RENAMED = "n.kind = 'company' AND n.name <> o.name"
CHANGES = {
    "renamed": (RENAMED, RENAME_PEOPLE),
    "found_otherwise": (differ(FOUND_BY), SEARCH_UPDATE),
    "points_changed": (differ(("emails", "phones")), POINTS_DELETE + POINTS_WRITE),
    "moved": (differ(ADDRESS), ADDRESS_UPDATE + ADDRESS_INSERT),
}


def follow(name: str, condition: str, statements: str) -> str:
    texts = "customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text"  # made where they are used
    rows = f"(SELECT n.*, {texts} FROM {PAIRED} WHERE {condition} OFFSET 0) n"  # noqa: S608
    return f"""
    IF {name} THEN {statements.format(rows=rows)}
    END IF;"""


# Asked once, since most changes concern none of it, and since a statement trigger fires for no rows too: renaming would
# call itself for ever. Columns that parts have just folded into have nothing to tell those parts.
FOLLOW_UPDATE = f"""
    SELECT {", ".join(f"bool_or({condition})" for condition, _ in CHANGES.values())} INTO {", ".join(CHANGES)}
    FROM {PAIRED};
    IF pg_trigger_depth() > 1 THEN points_changed := false; moved := false; END IF;
    {"".join(follow(name, *change) for name, change in CHANGES.items())}
    RETURN NULL;"""  # noqa: S608

FOLLOW_TRIGGERS = [
    after("follow_insert", pgtrigger.Insert, FOLLOW_INSERT, old=False, new=True),
    after(
        "follow_update", pgtrigger.Update, FOLLOW_UPDATE, old=True, new=True, declare=[(x, "boolean") for x in CHANGES]
    ),
]
