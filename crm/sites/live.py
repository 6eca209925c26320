"""What of sites stands in the log: for administrators."""

from crm.records.projection import Field, Projection
from crm.records.registry import RecordType, register
from crm.sites.models import Site

SITE = Projection(
    [
        Field("id", "integer"),
        Field("version", "integer"),
        Field("name"),
        Field("webhook_url"),
        Field("created_at", "time"),
        Field("revoked_at", "time"),
    ]
)

register(RecordType("site", Site, SITE, "administrators", label=lambda row: str(row["name"]), module="sites"))
