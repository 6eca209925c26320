"""`manage.py after_restore`: what must be said once when other means than ours put an older database back."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.records.backup import BackupError, empty_cache
from crm.records.models import LogState


class Command(BaseCommand):
    help = "Run once after a backup was put back by other means than `restore`: begins a new epoch, empties the cache."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            empty_cache()
        except BackupError as error:
            raise CommandError(str(error).capitalize()) from None
        epoch = uuid.uuid4()
        LogState.objects.update(epoch=epoch)
        self.stdout.write(f"The log's epoch is {epoch} now: browsers and programs read everything again.")
