"""What the clock does to timings: roll-ups every minute, days made ahead and thrown away every hour."""

from datetime import timedelta

from crm.timings import clock, partitions, rolled, rollups
from crm.timings.models import Drop, Screens


def roll_up() -> None:
    rollups.roll_up(clock.now())


def keep_days() -> None:
    """Raw rows are thrown away only when they have been rolled up."""
    now = clock.now()
    partitions.make_ahead(now.date())
    oldest = partitions.oldest_start(rolled.rolled_to())
    partitions.drop_before(oldest)
    Drop.objects.filter(at__lt=oldest).delete()
    Screens.objects.filter(at__lt=now - timedelta(days=1)).delete()
