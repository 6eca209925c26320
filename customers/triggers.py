"""The customers module's own triggers: parts fold into their customer, company names and search text follow."""

import pgtrigger

from crm.records.triggers import PAIRED

# The lists and the first address of the customers named by `touched`, as their parts say.
# A service that has just written the columns itself says so, since half-written parts would fold as changes.
FOLD = """
    IF current_setting('pulse.fold', true) = 'off' THEN RETURN NULL; END IF;
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


def after(name: str, operation: pgtrigger.Operation, func: str, *, old: bool, new: bool) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(old="old_rows" if old else None, new="new_rows" if new else None),
        func=func,
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
# The question first: a statement trigger fires for no rows too, and would call itself for ever.
RENAMED = f"""
    (SELECT n.id, n.name FROM (SELECT n.id, n.kind, n.name, o.name AS old_name FROM {PAIRED} OFFSET 0) n
     WHERE n.kind = 'company' AND n.name <> n.old_name) n"""  # noqa: S608  (constants, here and below)
RENAME_PEOPLE = f"""
    IF EXISTS (SELECT FROM {RENAMED}) THEN
        UPDATE customers_customer c SET company_name = n.name FROM {RENAMED} WHERE c.company_id = n.id;
    END IF;
    RETURN NULL;"""  # noqa: S608

COMPANY_TRIGGERS = [
    pgtrigger.Trigger(name="company_taken", when=pgtrigger.Before, operation=pgtrigger.Insert, func=TAKE_COMPANY_NAME),
    pgtrigger.Trigger(
        name="company_moved",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("company_id", "company_name"),
        func=TAKE_COMPANY_NAME,
    ),
    after("company_renamed", pgtrigger.Update, RENAME_PEOPLE, old=True, new=True),
]

# What is searched lies in a narrow table of its own, so that other updates of a customer stay HOT.
SEARCH_INSERT = """
    INSERT INTO customers_search (customer_id, open_text, contact_text)
    SELECT n.id, customers_open_text(n), customers_contact_text(n) FROM new_rows n;
    RETURN NULL;"""
SEARCH_UPDATE = f"""
    UPDATE customers_search s SET open_text = changed.open_text, contact_text = changed.contact_text
    FROM (
        SELECT n.id, customers_open_text(n) AS open_text, customers_contact_text(n) AS contact_text FROM {PAIRED}
        WHERE (n.name, n.company_name, n.city, n.reference, n.emails, n.phones, n.street, n.postcode)
              IS DISTINCT FROM (o.name, o.company_name, o.city, o.reference, o.emails, o.phones, o.street, o.postcode)
        OFFSET 0
    ) changed
    WHERE s.customer_id = changed.id;
    RETURN NULL;"""  # noqa: S608

SEARCH_TRIGGERS = [
    after("search_insert", pgtrigger.Insert, SEARCH_INSERT, old=False, new=True),
    after("search_update", pgtrigger.Update, SEARCH_UPDATE, old=True, new=True),
]
