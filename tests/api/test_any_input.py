"""Whatever is sent, by the API's own description or against it, is answered as described and never by a failure."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from customers.services import add_follow_up
from tests.api.test_description import OPERATIONS
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
bounded = settings(
    max_examples=8, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def described():
    """The application, but for what it does around each request: it would close the test's own connection."""
    schema = schemathesis.openapi.from_dict(Client().get("/api/openapi.json").json())
    schema.app = get_wsgi_application()
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield schema
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_every_answer_is_as_described(method, path, mode, described, programs, everybody):
    customer = make_customer(everybody.alice)
    follow_up = add_follow_up(customer.pk, actor=everybody.alice, title="Call", due_at="2030-01-01T09:00Z")
    known = {"customer_id": customer.pk, "follow_up_id": follow_up.pk}
    operation = described[path][method.upper()]

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def ask(case, is_known):
        if is_known and case.path_parameters:
            case.path_parameters = {name: known.get(name, 1) for name in case.path_parameters}
        case.call_and_validate(headers=programs.alice.headers, checks=CHECKS)

    ask()
