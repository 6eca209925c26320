"""`manage.py backup FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.records.backup import BackupError, backup


class Command(BaseCommand):
    help = "Writes the whole database, as of one moment, into a file for `manage.py restore`. Nobody has to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            backup(file, self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(f"No backup was made: {error}") from None
        self.stdout.write(f"{file}: {file.stat().st_size / 1024**2:.1f} MB")
