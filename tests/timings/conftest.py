"""Timings as the relay, the hubs and the edge would record them, written at once."""

import pytest
from django.db import connection

from crm.timings import recorder
from tests.timings.moments import at


@pytest.fixture
def write(db):
    """Writes what has been recorded so far into this test's transaction."""

    def write_now():
        connection.ensure_connection()
        recorder.flush(connection.connection)

    return write_now


@pytest.fixture
def make_change(write):
    """A change of `customer` written at `at(written)`, numbered 1 ms and cached 2 ms later."""

    def make(seq, customer=1, written=0.0, *, record="customer", module="customers", subject=None, cached=0.002):
        recorder.record_changes(
            [
                recorder.ChangeRow(
                    seq=seq,
                    record=record,
                    record_id=customer,
                    subject=subject or f"customer:{customer}",
                    module=module,
                    way="screen",
                    written_at=at(written),
                    numbered_at=at(written + 0.001),
                    cached_at=None if cached is None else at(written + cached),
                )
            ]
        )
        write()

    return make


@pytest.fixture
def make_delivery(write):
    """One hub's delivery of a change: sent and last acknowledged at those seconds after noon."""

    def make(seq, sent, acked=None, *, watchers=1, late=0, process="web:1"):
        ended = max([moment for moment in (acked, sent + 5 if late else sent) if moment is not None])
        recorder.delivery(
            recorder.DeliveryRow(
                seq=seq,
                process=process,
                sent_at=at(sent),
                watchers=watchers,
                acked_at=None if acked is None else at(acked),
                acked=watchers - late if acked is not None else 0,
                late=late,
                ended_at=at(ended),
            )
        )
        write()

    return make


@pytest.fixture
def make_response(write):
    """A customer's request that ended, or with `waited=None` an HTTP request."""

    def make(ended, seconds, kind="request consent", module="customers", waited=0.01):
        recorder.response(recorder.ResponseRow(at(ended), kind, module, seconds, 200, None, waited))
        write()

    return make
