"""What the API says: JSON, built once from projections, without a second validation on its way out."""

import json
from typing import Any

from django.http import HttpResponse

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"


def answer(content: Any, status: int = 200, *, content_type: str = JSON, **headers: str) -> HttpResponse:
    """`headers` are given by their names with underscores, as in `Retry_After="3"`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(as_json(content), content_type=content_type, status=status, headers=named)


def as_json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def no_content() -> HttpResponse:
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response
