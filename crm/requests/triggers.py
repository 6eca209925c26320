"""The triggers that keep the line of each customer, of whose waiting requests only the first is ready; and tell sites.

Those that wait for a person are out of it: a question must not hold up what workers do meanwhile.

They hold whoever writes: the door, a worker, an administrator or plain SQL. The lock is one customer's, so different
customers never wait for each other.
"""

import pgtrigger

from crm.requests.kinds import PEOPLE

LINE = "pg_advisory_xact_lock(5265, hashint8({}))"  # of a customer
OPEN = "('queued', 'running')"


class LineUp(pgtrigger.Trigger):
    """A request that arrives, or is tried again after its end, is ready when the customer has no other open one."""

    name = "line_up"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update
    func = f"""
        IF NEW.state <> 'queued' OR NEW.queue = '{PEOPLE}' THEN NEW.is_ready := false; RETURN NEW; END IF;
        IF TG_OP = 'UPDATE' AND OLD.state IN {OPEN} THEN RETURN NEW; END IF;
        PERFORM {LINE.format("NEW.customer_id")};
        NEW.is_ready := NOT EXISTS (SELECT FROM requests_request
            WHERE customer_id = NEW.customer_id AND state IN {OPEN} AND queue <> '{PEOPLE}' AND id <> NEW.id);
        RETURN NEW;"""


MOVE_UP = f"""
        PERFORM {LINE.format("OLD.customer_id")};
        UPDATE requests_request SET is_ready = true
        WHERE id = (SELECT id FROM requests_request
                    WHERE customer_id = OLD.customer_id AND state IN {OPEN} AND queue <> '{PEOPLE}'
                    ORDER BY id LIMIT 1)
          AND state = 'queued' AND retry_at IS NULL AND NOT is_ready;
        RETURN NULL;"""  # noqa: S608  (constants)


class NextInLine(pgtrigger.Trigger):
    """The end of a request, or its way to a person, makes the customer's next one ready."""

    name = "next_in_line"
    when = pgtrigger.After
    operation = pgtrigger.Update
    func = MOVE_UP
    # Not by IN, which PostgreSQL words otherwise after a restore.
    condition = pgtrigger.Condition(
        "((NEW.state <> 'queued' AND NEW.state <> 'running' AND (OLD.state = 'queued' OR OLD.state = 'running'))"
        f" OR (NEW.queue = '{PEOPLE}' AND OLD.queue <> '{PEOPLE}'))"
    )


class NextAfterDeleted(pgtrigger.Trigger):
    """So does an open one that is deleted."""

    name = "next_after_deleted"
    when = pgtrigger.After
    operation = pgtrigger.Delete
    condition = pgtrigger.Condition("(OLD.state = 'queued' OR OLD.state = 'running')")
    func = MOVE_UP


class TellSite(pgtrigger.Trigger):
    """The end of a request that a site has sent is told to that site, whoever ended it; what came of it, it asks."""

    name = "tell_site"
    when = pgtrigger.After
    operation = pgtrigger.Update
    condition = pgtrigger.Condition(
        "(NEW.state <> 'queued' AND NEW.state <> 'running' AND (OLD.state = 'queued' OR OLD.state = 'running'))"
    )
    func = """
        IF left(NEW.sender, 5) = 'site:' THEN
            INSERT INTO outbox_dispatch (customer_id, site_id, recipient, content)
            SELECT NEW.customer_id, site.id, site.webhook_url, jsonb_build_object(
                'type', 'request.' || NEW.state, 'timestamp', NEW.finished_at, 'data', jsonb_build_object(
                    'id', NEW.id, 'kind', NEW.kind, 'customer', NEW.customer_id, 'state', NEW.state))
            FROM sites_site site
            WHERE site.id = substr(NEW.sender, 6)::bigint AND site.webhook_url <> '' AND site.revoked_at IS NULL;
        END IF;
        RETURN NULL;"""


TRIGGERS = [LineUp(), NextInLine(), NextAfterDeleted(), TellSite()]
