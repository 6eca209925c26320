"""Prints a new API token, and nothing else, so that scripts can take it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.staff import services
from crm.staff.models import User


class Command(BaseCommand):
    help = "Makes a token by which a program acts as this user, and prints it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what it is for")

    def handle(self, *args: Any, username: str, name: str, **options: Any) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody who may sign in is called {username}.")
        _token, plain = services.create_token(user, name=name)
        self.stdout.write(plain)
