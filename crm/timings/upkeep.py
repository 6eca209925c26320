"""What the clock does to timings: roll-ups every minute, days made ahead and thrown away every hour."""

from datetime import timedelta

from django.conf import settings

from crm.timings import clock, partitions, rolled, rollups
from crm.timings.models import Drop, Screens


def roll_up() -> None:
    rollups.roll_up(clock.now())


def keep_days() -> None:
    """Raw rows are thrown away only when they have been rolled up."""
    now = clock.now()
    partitions.make_ahead(now.date())
    oldest = min(now, rolled.rolled_to()).date() - timedelta(days=settings.TIMINGS_RAW_DAYS)
    partitions.drop_before(oldest)
    Drop.objects.filter(at__lt=partitions.day_start(oldest)).delete()
    Screens.objects.filter(at__lt=now - timedelta(days=1)).delete()
