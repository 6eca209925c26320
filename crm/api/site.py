"""The API itself: /api/, its routers named by dotted string, its description and its documentation page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from crm.api import problems
from crm.api.answers import PROBLEM_JSON
from crm.api.auth import Session, Token, as_asker
from crm.api.idempotency import HEADER, MOST_CHARACTERS
from crm.api.schemas import Problem

ROUTERS = {
    "customers": "customers.api.router",
    "requests": "crm.api.requests.router",
    "timings": "reporting.api.router",
    "": "crm.api.log.router",
}
WRITES = {"post", "patch", "delete"}
KEY = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS},
    "description": str(_("Sent again within 24 hours, the same write is answered alike and done once.")),
}


class PulseAPI(NinjaAPI):
    """Ninja's API, whose description says how each operation fails, and that each write may be repeated."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        schema["components"]["schemas"]["Problem"] = Problem.json_schema()
        content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for path in schema["paths"].values():
            for method, operation in path.items():
                operation["responses"]["default"] = {"description": str(_("Problem")), "content": content}
                if method in WRITES:
                    operation["parameters"].append(KEY)
        return schema


api = PulseAPI(
    title="Pulse CRM",
    version="1",
    description=str(_("Everything that the pages show and do, for programs. See docs/API.md.")),
    auth=[Token(), Session()],
    urls_namespace="api",
)
problems.register(api)
api.add_decorator(as_asker, mode="operation")
for prefix, router in ROUTERS.items():
    api.add_router(prefix, router)


@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Below /api/ nobody looks at pages, so that the site's own page for this need not be drawn."""
    return problems.of_status(404)
