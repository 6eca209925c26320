"""Registers the timings app."""

from django.apps import AppConfig


class TimingsConfig(AppConfig):
    name = "crm.timings"
