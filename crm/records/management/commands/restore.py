"""`manage.py restore FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.records.backup import BackupError, restore


class Command(BaseCommand):
    help = "Puts a backup into an empty database, all or nothing; browsers and programs then read everything again."
    requires_system_checks: list[str] = []  # they ask for tables, which may not be there yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="where there are data: they are lost")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        try:
            epoch = restore(file, self.stdout.write, replace=replace)
        except BackupError as error:
            raise CommandError(f"Nothing was restored: {error}") from None
        self.stdout.write(f"{file} is restored. The log's epoch is {epoch} now: everybody reads everything again.")
