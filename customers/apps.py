"""Registers the customers module with the kernel."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from customers import counts, due, lookups, questions  # noqa: F401
        from customers.imports import live as imports
        from customers.live import register_records, register_views
        from customers.panels import register_panel

        register_panel("requests:of_customer")
        register_panel("customers:consents", position=1)
        register_records()
        imports.register_records()
        register_views()
