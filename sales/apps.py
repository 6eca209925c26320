"""The sales module: its place in the house; its screens arrive with its own issue."""

from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "sales"
