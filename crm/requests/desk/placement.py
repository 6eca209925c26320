"""Whom a request is offered: of those who may answer it, who knows such questions, has time, and is there.

Each candidate has a score between 0 and 1, a weighted mean of what is known, all of which is kept with the request, so
that its page can say why. Who does not take it in time, or hands it back, is passed over until everybody was asked.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from crm.live import online
from crm.records.access import Reach
from crm.records.context import acting
from crm.records.wake import wake as wake_relay
from crm.requests.kinds import Attempt, Handover, words_of
from crm.requests.models import Request, State, TriageModel
from crm.requests.triage import suggesting
from crm.staff.hours import next_working_hour
from crm.staff.models import User

WEIGHTS = {"presence": 0.35, "skill": 0.25, "load": 0.25, "nearness": 0.15}
ONLINE, AT_WORK, AWAY = "online", "at work", "away"
PRESENCE = {ONLINE: 1.0, AT_WORK: 0.5, AWAY: 0.0}
OWNER, TEAM, ALL = "owner", "team", "all"
NEARNESS = {OWNER: 1.0, TEAM: 0.5, ALL: 0.0}
ENOUGH = 3  # answers in time that count as half of all that one can know about a topic
MUCH = 5  # open requests with which one has half as much time as with none
REMEMBERED = timedelta(days=365)  # for which answers count as skill
SHOWN = 5  # candidates kept with the request
MOST = 100  # offered anew at once
LOCK = 0x504C4143


@dataclass(frozen=True)
class Candidate:
    """One person and what speaks for her: `skill` answers in time on the topic, `load` open requests.

    `likely` is how probable it is, as was learned from answers in time, that such words are hers to answer.
    """

    user: int
    skill: int
    likely: float
    load: int
    presence: str
    nearness: str

    @property
    def score(self) -> float:
        parts = {
            "presence": PRESENCE[self.presence],
            "skill": max(self.likely, self.skill / (self.skill + ENOUGH)),
            "load": 1 / (1 + self.load / MUCH),
            "nearness": NEARNESS[self.nearness],
        }
        return sum(WEIGHTS[name] * part for name, part in parts.items())


def offer(request: Request, *, topic: str = "", passed: Iterable[int] = ()) -> Handover:
    """To the best of those who are able and were not passed over; to nobody where there is none.

    One at a time until the transaction ends: of many that come together each adds to the load that the next one sees.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    now = timezone.now()
    people = {user.pk: user for user in able(request.customer)}
    left_out = [each for each in passed if each in people]
    if len(left_out) == len(people):
        left_out = []
    asked = [user for user in people.values() if user.pk not in left_out]
    ranked = rank(request.customer, asked, topic, words_of(request), now)
    within = timedelta(seconds=settings.REQUESTS_TAKE_WITHIN)
    desk = {"placed": [{**asdict(each), "score": round(each.score, 3)} for each in ranked[:SHOWN]], "passed": left_out}
    if not ranked:
        return Handover(None, now + within, desk)
    best = ranked[0]
    begins = now if best.presence == ONLINE else next_working_hour(now, people[best.user])
    return Handover(best.user, begins + within, desk)


def first_offer(attempt: Attempt) -> Handover:
    """What the handler of a kind returns that a person answers: what it is about is guessed, and who knows that."""
    guesses = suggesting.suggest(words_of(attempt))
    topic, priority = (guesses.get(aim, {}).get("value", "") for aim in ("topic", "priority"))
    to = offer(Request.objects.select_related("customer").get(pk=attempt.request_id), topic=topic)
    return to._replace(desk={**to.desk, "triage": guesses}, priority=int(priority) if priority else None)


def able(customer: Any) -> list[User]:
    near = Q(pk=customer.owner_id) | Q(team__isnull=False, team=customer.team_id) | Q(role__edit=Reach.ALL)
    found = User.objects.filter(near, is_active=True).order_by("pk")
    return [user for user in found if may_answer(user, customer)]


def may_answer(user: User, customer: Any) -> bool:
    """Whether she may read what was asked and change the customer."""
    access, scope = user.access, {"owner_id": customer.owner_id, "team_id": customer.team_id}
    return access.sees_contacts and access.admits(scope, "view") and access.admits(scope, "edit")


def rank(customer: Any, users: list[User], topic: str, words: str, now: datetime) -> list[Candidate]:
    """The best first."""
    here = online.users()
    loads = counted(Request.objects.open().filter(person__in=users))
    skills = counted(answered_well(topic, now).filter(person__in=users)) if topic else {}
    likely = suggesting.confidences(TriageModel.Aim.PERSON, words)

    def presence(user: User) -> str:
        return ONLINE if user.pk in here else AT_WORK if next_working_hour(now, user) == now else AWAY

    def nearness(user: User) -> str:
        near = user.team_id is not None and user.team_id == customer.team_id
        return OWNER if user.pk == customer.owner_id else TEAM if near else ALL

    found = [
        Candidate(
            user=user.pk,
            skill=skills.get(user.pk, 0),
            likely=round(likely.get(str(user.pk), 0.0), 3),
            load=loads.get(user.pk, 0),
            presence=presence(user),
            nearness=nearness(user),
        )
        for user in users
    ]
    return sorted(found, key=lambda each: (-each.score, each.user))


def counted(rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list("person").annotate(n=Count("pk")))


def answered_well(topic: str, now: datetime) -> Any:
    """Finished requests about the topic that were answered by when the customer expected it."""
    done = Request.objects.with_people().filter(state=State.DONE, topic=topic, finished_at__gt=now - REMEMBERED)
    return done.filter(finished_at__lte=F("deadline_at"))


def offer_anew() -> int:
    """Offers what nobody took in time, or whose taker may not answer any more, to who is next; returns how many.

    Run by the clock, on any number of machines.
    """
    late = Q(take_by__lte=timezone.now()) | Q(take_by=None)
    left = Q(state=State.RUNNING, pk__in=left_alone())
    waiting = Request.objects.with_people().filter(Q(late, state=State.QUEUED) | left)
    with acting(None, "request"), transaction.atomic():
        rows = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("customer")
        due = list(rows.order_by("take_by")[:MOST])
        for request in due:
            Request.objects.filter(pk=request.pk).update(state=State.QUEUED, **next_offer(request))
    if due:
        wake_relay()
    return len(due)


def left_alone() -> list[int]:
    """Those that somebody has taken who has left since, or lost the right to answer."""
    taken = Request.objects.with_people().filter(state=State.RUNNING).select_related("customer", "person__role")
    return [request.pk for request in taken if not may_answer(request.person, request.customer)]


def next_offer(request: Request) -> dict[str, Any]:
    """The columns that offer a request to the next best after the one who had it."""
    desk = request.desk or {}
    passed = [*desk.get("passed", []), *([request.person_id] if request.person_id else [])]
    topic = request.topic or desk.get("triage", {}).get("topic", {}).get("value", "")
    to = offer(request, topic=topic, passed=passed)
    return {"person_id": to.person_id, "take_by": to.take_by, "desk": {**desk, **to.desk}}
