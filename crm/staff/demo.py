"""The people of the demo, with one password that everybody may know."""

from random import Random

from django.contrib.auth.hashers import make_password

from crm.staff import services
from crm.staff.models import Team, User

PASSWORD = "demo"  # noqa: S105  printed for whoever tries the product out
PEOPLE = [
    ("admin", "Ada", "Okafor", "administrator", None),
    ("dana", "Dana", "Wu", "manager", None),
    ("alice", "Alice", "Moreau", "agent", "North"),
    ("bob", "Bob", "Stone", "agent", "North"),
    ("charlie", "Charlie", "Reed", "agent", "South"),
    ("vera", "Vera", "Lind", "viewer", None),
]
COLLEAGUES = [
    ("emil", "Emil", "Novak"),
    ("fatima", "Fatima", "Haddad"),
    ("grace", "Grace", "Mbeki"),
    ("hiro", "Hiro", "Tanaka"),
    ("ines", "Inês", "Duarte"),
    ("jonas", "Jonas", "Petersen"),
]


def seed(rng: Random, scale: float = 1.0) -> None:
    """The six people that everybody knows, and at full scale six more agents; all sign in with PASSWORD.

    Users and teams are never deleted, so who is there already stays as they are.
    """
    held = {team.name: team for team in Team.objects.all()}
    teams = {name: held.get(name) or services.create_team(name=name) for name in ("North", "South")}
    for username, first, last, role, team in PEOPLE:
        make_person(username, first, last, role=role, team=teams.get(team or ""))
    for username, first, last in COLLEAGUES[: round(len(COLLEAGUES) * scale)]:
        make_person(username, first, last, role="agent", team=teams[rng.choice(["North", "South"])])
    # One hash for all: making one is slow on purpose.
    User.objects.update(password=make_password(PASSWORD))


def make_person(username: str, first: str, last: str, **place: object) -> None:
    if User.objects.filter(username=username).exists():
        return
    services.create_user(
        username=username,
        first_name=first,
        last_name=last,
        email=f"{username}@pulse.example",
        **place,  # type: ignore[arg-type]
    )
