"""The support module: its place in the house; its screens arrive with its own issue."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "support"
