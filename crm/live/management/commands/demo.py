"""Fresh demo data: takes every module's records away and lets each seed its own."""

from argparse import ArgumentParser
from collections.abc import Iterator
from importlib import import_module
from random import Random
from types import ModuleType
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils.module_loading import module_has_submodule

from crm.live.relay import Relay
from crm.staff.models import User

SEED = 2026


class Command(BaseCommand):
    help = "Goes back to fresh demo data. Everything that was entered is deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing where somebody can already sign in")
        parser.add_argument("--scale", type=float, default=1.0, help="how many times the usual number of customers")

    def handle(self, *args: Any, if_empty: bool, scale: float, **options: Any) -> None:
        if if_empty and User.objects.exists():
            return
        modules = list(demos())
        for module in reversed(modules):
            if hasattr(module, "clear"):
                module.clear()
        for module in modules:
            # Each module its own numbers: what one draws must not change what the next one makes.
            module.seed(Random(f"{SEED} {module.__name__}"), scale)
        Relay().number_all()


def demos() -> Iterator[ModuleType]:
    """`<app>.demo` of every app that has one, in the order of INSTALLED_APPS."""
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, "demo"):
            yield import_module(f"{app.name}.demo")
