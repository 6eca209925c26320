"""System checks: no logged table may lack its triggers, in the code or in the database."""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from crm.records.models import Logged
from crm.records.triggers import NAMES


def logged_models() -> list[type[Logged]]:
    return [model for model in apps.get_models() if issubclass(model, Logged) and not model._meta.proxy]


def declared(model: type[Logged]) -> list[Any]:
    return list(getattr(model._meta, "triggers", []))


@register(Tags.models)
def check_declared(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A plain `class Meta` drops inherited triggers without a word; this says it."""
    missing = {model: set(NAMES) - {trigger.name for trigger in declared(model)} for model in logged_models()}
    return [
        Error(
            f"{model.__name__} is logged but lacks the triggers {', '.join(sorted(names))}.",
            hint="Write `class Meta(Logged.Meta)` or `class Meta(Record.Meta)`, and add to its triggers.",
            obj=model,
            id="records.E001",
        )
        for model, names in missing.items()
        if names
    ]


def migrations_wait() -> bool:
    """Whether `migrate`, which runs these checks first, still has to make tables or triggers."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@register(Tags.database)
def check_installed(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The triggers that the database really has, against those that the code declares."""
    if not databases or migrations_wait():
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger WHERE tgname LIKE 'pgtrigger_%%' GROUP BY 1"
            )
            held = dict(cursor.fetchall())
    except DatabaseError as error:
        return [Error(f"The database cannot be asked for its triggers: {error}", id="records.E002")]
    return [
        Error(
            f"{model._meta.db_table} has {held.get(model._meta.db_table, 0)} of its {len(declared(model))} triggers.",
            hint="Run `manage.py migrate` and `manage.py pgtrigger install`.",
            obj=model,
            id="records.E003",
        )
        for model in logged_models()
        if held.get(model._meta.db_table, 0) < len(declared(model))
    ]
