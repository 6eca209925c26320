"""A program that asks the API as somebody, with a token of theirs."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from crm.staff.models import User
from crm.staff.services import create_token

PROBLEM = "application/problem+json"


class Program:
    """With a token of the user, with the given one, or with none."""

    def __init__(self, user: User | None, token: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        token = create_token(user, name="test")[1] if user else token
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """`headers` by their names with underscores; a body that is not bytes goes as JSON."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, f"/api{path}", data, content_type="application/json", headers=self.headers | named
        )

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.ask("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("DELETE", path, **headers)


def is_problem(response: HttpResponse, status: int) -> bool:
    """Whether this is a well-formed problem of this status; says what it is instead where not."""
    assert (response.status_code, response.headers.get("Content-Type")) == (status, PROBLEM), response.content
    told = response.json()
    assert told["status"] == status
    assert {"type", "title", "detail"} <= told.keys()
    return True
