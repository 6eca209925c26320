"""Who is the right one to do something for a customer."""

from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.records.access import Reach
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

    Only people who may sign in and may change the customer; None where there is nobody.
    """

    def distance(user: User) -> int:
        return 0 if user.pk == customer.owner_id else 1 if user.team_id and user.team_id == customer.team_id else 2

    scope = {"owner_id": customer.owner_id, "team_id": customer.team_id}
    able = [user for user in the_least_busy_first(customer) if user.access.admits(scope, "edit")]
    if not able:
        return None
    chosen = min(able, key=distance)
    return Placed(chosen, str(WHY[distance(chosen)]))


def the_least_busy_first(customer: Customer) -> Any:
    waiting = FollowUp.objects.open().filter(assignee=OuterRef("pk"), done_at=None, customer__deleted_at=None)
    count = waiting.order_by().values("assignee").annotate(n=Count("pk")).values("n")
    near = Q(pk=customer.owner_id) | Q(team__isnull=False, team=customer.team_id) | Q(role__edit=Reach.ALL)
    return User.objects.filter(near, is_active=True).order_by(Coalesce(Subquery(count), 0), "pk")
