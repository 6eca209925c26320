"""The people and records that tests stand on: alice owns, bob is on her team, charlie is outside, dana manages."""

from dataclasses import dataclass
from typing import Any

from crm.staff import services
from crm.staff.models import Team, User


@dataclass(frozen=True)
class People:
    admin: User
    dana: User
    alice: User
    bob: User
    charlie: User
    vera: User


def make_team(name: str = "North") -> Team:
    return services.create_team(name=name)


def make_user(username: str = "alice", role: str = "agent", **facts: Any) -> User:
    return services.create_user(username=username, role=role, email=f"{username}@pulse.example", **facts)


def people() -> People:
    """alice and bob are agents of team North, charlie of South, dana manages, vera views, admin administers."""
    north, south = make_team("North"), make_team("South")
    return People(
        admin=make_user("admin", "administrator"),
        dana=make_user("dana", "manager", first_name="Dana", last_name="Wu"),
        alice=make_user("alice", team=north, first_name="Alice", last_name="Moreau"),
        bob=make_user("bob", team=north, first_name="Bob", last_name="Stone"),
        charlie=make_user("charlie", team=south, first_name="Charlie", last_name="Reed"),
        vera=make_user("vera", "viewer", first_name="Vera", last_name="Lind"),
    )
