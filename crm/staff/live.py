"""What others read of staff: users and teams by name, on every page; roles and tokens for administrators."""

from collections.abc import Mapping
from typing import Any

from crm.records.projection import Field, Projection
from crm.records.registry import RecordType, register
from crm.staff.models import ApiToken, Role, Team, User

USER = Projection(
    [
        Field("id", "integer"),
        Field("version", "integer"),
        Field("username"),
        Field("first_name"),
        Field("last_name"),
        Field("role", "integer", "role_id"),
        Field("team", "integer", "team_id"),
        Field("is_active", "flag"),
    ]
)
TEAM = Projection([Field("id", "integer"), Field("version", "integer"), Field("name")])
ROLE = Projection(
    [
        Field("id", "integer"),
        Field("version", "integer"),
        Field("code"),
        Field("name"),
        Field("view"),
        Field("edit"),
        Field("sees_contacts", "flag"),
        Field("may_import", "flag"),
        Field("may_export", "flag"),
        Field("is_administrator", "flag"),
    ]
)
TOKEN = Projection(
    [
        Field("id", "integer"),
        Field("version", "integer"),
        Field("user", "integer", "user_id"),
        Field("name"),
        Field("created_at", "time"),
        Field("revoked_at", "time"),
    ]
)


def user_name(row: Mapping[str, Any]) -> str:
    return f"{row['first_name']} {row['last_name']}".strip() or str(row["username"])


def user_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """With the parts of the name, since a frame says only the part that changed."""
    parts = {part: row[part] for part in ("first_name", "last_name")}
    return {"name": user_name(row), "team": row["team_id"], "is_active": row["is_active"], **parts}


def team_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": row["name"]}


def own_name(row: Mapping[str, Any]) -> str:
    return str(row["name"])


register(RecordType("user", User, USER, "everyone", label=user_name, entry=user_entry, module="staff"))
register(RecordType("team", Team, TEAM, "everyone", label=own_name, entry=team_entry, module="staff"))
register(RecordType("role", Role, ROLE, "administrators", label=own_name, module="staff"))
register(RecordType("apitoken", ApiToken, TOKEN, "administrators", label=own_name, module="staff"))
