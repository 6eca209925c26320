"""Registers the records app and stamps who and which way onto every write that Django sends."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class RecordsConfig(AppConfig):
    name = "crm.records"

    def ready(self) -> None:
        from crm.records import checks  # noqa: F401
        from crm.records.context import stamp_connection

        connection_created.connect(stamp_connection, dispatch_uid="pulse-context")
