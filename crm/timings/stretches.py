"""Stretches of time, and the whole minutes and hours within them."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EPOCH = datetime.fromtimestamp(0, UTC)


class Stretch(NamedTuple):
    """From `since` up to, not including, `until`."""

    since: datetime
    until: datetime

    def whole(self, span: timedelta) -> "Stretch":
        """The whole spans within."""
        until = max(self.since, floor(self.until, span))
        return Stretch(min(ceiling(self.since, span), until), until)


def floor(moment: datetime, span: timedelta) -> datetime:
    """The start of the span that holds the moment; spans are counted from 1970, in UTC."""
    return moment - (moment - EPOCH) % span


def ceiling(moment: datetime, span: timedelta) -> datetime:
    return moment + (EPOCH - moment) % span
