"""What an import shows live: how far it is."""

from crm.records.projection import Field, Projection
from crm.records.registry import RecordType, register
from customers.imports.models import Import

IMPORT = Projection(
    [
        Field("id", "integer"),
        Field("version", "integer"),
        Field("file_name"),
        Field("state"),
        Field("owner", "integer", column="owner_id", worded="user"),
        Field("rows", "integer"),
        Field("position", "integer"),
        Field("created_count", "integer"),
        Field("updated_count", "integer"),
        Field("unchanged_count", "integer"),
        Field("failed_count", "integer"),
        Field("created_at", "time"),
        Field("started_at", "time"),
        Field("finished_at", "time"),
    ]
)


def register_records() -> None:
    register(
        RecordType(
            "import",
            Import,
            IMPORT,
            label=lambda row: str(row["file_name"]),
            module="customers",
            story="customers/_import_story.html",
        )
    )
