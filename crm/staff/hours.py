"""When a member of staff is at work."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from crm.staff.models import User

OPENS, CLOSES = time(9), time(17)
SATURDAY = 5


def next_working_hour(wanted: datetime, user: User) -> datetime:
    """The moment itself, or the next 09:00 when it is outside weekdays from 09:00 to 17:00 where the user lives."""
    zone = ZoneInfo(user.time_zone or settings.TIME_ZONE)
    here = wanted.astimezone(zone)
    if here.weekday() < SATURDAY and OPENS <= here.time() < CLOSES:
        return here
    day = here.date() if here.time() < OPENS else here.date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, zone)
