"""The API itself: /api/, its routers named by dotted string, its description and its documentation page."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from crm.api import problems
from crm.api.answers import PROBLEM_JSON
from crm.api.auth import Session, Token, as_asker
from crm.api.schemas import Problem

ROUTERS = {
    "customers": "customers.api.router",
    "timings": "reporting.api.router",
    "": "crm.api.log.router",
}
METHODS = {"get", "post", "patch", "put", "delete"}


class PulseAPI(NinjaAPI):
    """Ninja's API, whose description says of every operation that its errors are problem details."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        schema["components"]["schemas"]["Problem"] = Problem.json_schema()
        content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for path in schema["paths"].values():
            for method in METHODS & path.keys():
                path[method]["responses"]["default"] = {"description": str(_("Problem")), "content": content}
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
