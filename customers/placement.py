"""Who is the right one to do something for a customer."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.requests.desk.placement import able
from crm.staff.models import User
from customers.models import Customer, FollowUp

# By how far a person is from the customer.
WHY: list[str | Promise] = [
    _("owns this customer"),
    _("has the fewest open follow-ups of the team"),
    _("has the fewest open follow-ups of all who see every customer"),
]


class Placed(NamedTuple):
    user: User
    why: str


def best_placed(customer: Customer) -> Placed | None:
    """The owner, else one of the customer's team, else whoever sees all: of several the one with the least to do.

    Only people who may sign in, change the customer and see how to reach it; None where there is nobody.
    """

    def distance(user: User) -> int:
        return 0 if user.pk == customer.owner_id else 1 if user.team_id and user.team_id == customer.team_id else 2

    people = able(customer)
    if not people:
        return None
    nearest = min(map(distance, people))
    chosen = the_least_busy([user for user in people if distance(user) == nearest])
    return Placed(chosen, str(WHY[nearest]))


def the_least_busy(people: Sequence[User]) -> User:
    """Counted only where there is a choice: an owner with thousands of follow-ups is known without."""
    if len(people) == 1:
        return people[0]
    waiting = FollowUp.objects.open().filter(assignee__in=people, done_at=None, customer__deleted_at=None)
    open_by_person = dict(waiting.order_by().values_list("assignee").annotate(Count("pk")))
    return min(people, key=lambda user: (open_by_person.get(user.pk, 0), user.pk))
