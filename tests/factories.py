"""The people and records that tests stand on: alice owns, bob is on her team, charlie is outside, dana manages."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg.rows import dict_row
from psycopg.types.json import JsonbLoader

from crm.live.mover import Mover
from crm.live.relay import Relay
from crm.staff import services
from crm.staff.models import Role, Team, User
from customers.models import Customer
from customers.services import create_customer, update_customer


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


def set_role(user: User, code: str, *, actor: User | None = None) -> None:
    change_user(user, {"role": Role.objects.get(code=code).pk}, actor)


def deactivate_user(user: User, *, actor: User | None = None) -> None:
    change_user(user, {"is_active": False}, actor)


def change_user(user: User, changes: dict[str, Any], actor: User | None) -> None:
    """As in Django admin, opened as the user is given here."""
    services.change_user(user.pk, version=user.version, changes=changes, actor=actor)
    user.refresh_from_db(fields=["version", "role", "is_active"])


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


def make_customer(actor: User, **facts: Any) -> Customer:
    return create_customer(actor=actor, **({"name": "Aisha Rahman"} | facts))


def change(customer: Customer, actor: User, **changes: Any) -> dict[str, Any]:
    """By the service, at the version that the database has now."""
    version = Customer.objects.values_list("version", flat=True).get(pk=customer.pk)
    return update_customer(customer.pk, actor=actor, version=version, changes=changes)


def number_changes() -> list[dict[str, Any]]:
    """What the relay does, once, in the test's own transaction: numbers and counts all that waits."""
    connection.ensure_connection()
    relay = Relay()
    mover = Mover(SameConnection(), relay.constants, relay.clock)  # type: ignore[arg-type]
    moved: list[dict[str, Any]] = []
    while rows := mover.move():
        moved += rows
    return moved


class SameConnection:
    """Django's own connection, answering with dictionaries as the relay's does."""

    def execute(self, query: str, parameters: Any = None) -> Any:
        cursor = connection.connection.cursor(row_factory=dict_row)
        cursor.adapters.register_loader("jsonb", JsonbLoader)
        return cursor.execute(query, parameters)
