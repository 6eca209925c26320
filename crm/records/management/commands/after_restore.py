"""`manage.py after_restore`: what must be said once when an older state of the database was put back."""

import uuid
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError

from crm.records import valkey
from crm.records.models import LogState


class Command(BaseCommand):
    help = "Run once after a backup was restored, before the relay starts: begins a new epoch and empties the cache."

    def handle(self, *args: Any, **options: Any) -> None:
        """The cache first: versions that were given out after the backup are given out again, for other contents."""
        try:
            valkey.client().flushdb()
        except redis.RedisError as error:
            raise CommandError(f"The cache cannot be emptied: {error}") from None
        epoch = uuid.uuid4()
        LogState.objects.update(epoch=epoch)
        self.stdout.write(f"The log's epoch is {epoch} now: browsers and programs read everything again.")
