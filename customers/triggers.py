"""The customers module's own triggers: parts and columns follow each other, company names and search text the rest."""

from typing import Any

import pgtrigger

from crm.records.triggers import FirmTrigger

ADDRESS = ("street", "postcode", "city", "region", "country")
FOUND_BY = (
    "name", "company_name", "city", "reference", "emails", "phones", "street", "postcode", "owner_id", "team_id",
)  # fmt: skip


def row(alias: str, columns: tuple[str, ...]) -> str:
    return f"({', '.join(f'{alias}.{column}' for column in columns)})"


def differ(columns: tuple[str, ...]) -> str:
    return f"{row('NEW', columns)} IS DISTINCT FROM {row('OLD', columns)}"


# The lists and the first address of the customers named by `touched`, as their parts say.
FOLD = """
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
    return FirmTrigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(old="old_rows" if old else None, new="new_rows" if new else None),
        func=func,
        **more,
    )


# Parts that follow their customer are written by its trigger, and have nothing to say.
BY_THEMSELVES = pgtrigger.Condition("(pg_trigger_depth() = 0)")
FOLD_TRIGGERS = [
    after(f"fold_{name}", operation, FOLD.format(touched=touched), old=old, new=new, condition=BY_THEMSELVES)
    for name, operation, touched, old, new in (
        ("insert", pgtrigger.Insert, NEW_TOUCHED, False, True),
        ("update", pgtrigger.Update, ALL_TOUCHED, True, True),
        ("delete", pgtrigger.Delete, OLD_TOUCHED, True, False),
    )
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
    FirmTrigger(name="company_taken", when=pgtrigger.Before, operation=pgtrigger.Insert, func=TAKE_COMPANY_NAME),
    FirmTrigger(
        name="company_moved",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("company_id", "company_name"),
        func=TAKE_COMPANY_NAME,
    ),
]

# What is searched lies in a narrow table of its own, so that other updates of a customer stay HOT.
SEARCH_INSERT = """
    INSERT INTO customers_search (customer_id, open_text, contact_text, readers)
    SELECT n.id, customers_open_text(n), customers_contact_text(n), customers_readers(n) FROM new_rows n;"""
SEARCH_UPDATE = """
        UPDATE customers_search SET open_text = customers_open_text(NEW), contact_text = customers_contact_text(NEW),
            readers = customers_readers(NEW)
        WHERE customer_id = NEW.id;"""
RENAME_PEOPLE = """
        UPDATE customers_customer SET company_name = NEW.name WHERE company_id = NEW.id;"""

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

POINTS = ("emails", "phones")
FOLLOWED = tuple(dict.fromkeys([*FOUND_BY, *POINTS, *ADDRESS]))  # a change of any other column concerns nobody else
THIS = "(SELECT NEW.*) n"
# Columns that parts have just folded into have nothing to tell those parts.
FOLLOW_UPDATE = f"""
    IF NEW.kind = 'company' AND NEW.name <> OLD.name THEN {RENAME_PEOPLE}
    END IF;
    IF {differ(FOUND_BY)} THEN {SEARCH_UPDATE}
    END IF;
    IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;
    IF {differ(POINTS)} THEN {(POINTS_DELETE + POINTS_WRITE).format(rows=THIS)}
    END IF;
    IF {differ(ADDRESS)} THEN {(ADDRESS_UPDATE + ADDRESS_INSERT).format(rows=THIS)}
    END IF;
    RETURN NULL;"""

FOLLOW_TRIGGERS = [
    after("follow_insert", pgtrigger.Insert, FOLLOW_INSERT, old=False, new=True),
    FirmTrigger(
        name="follow_update",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        # Not by rows, which PostgreSQL words otherwise after a restore.
        condition=pgtrigger.Condition(f"({' OR '.join(f'NEW.{x} IS DISTINCT FROM OLD.{x}' for x in FOLLOWED)})"),
        func=FOLLOW_UPDATE,
    ),
]
