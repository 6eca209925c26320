"""The four roles that every installation has."""

from django.db import migrations

ROLES = [
    {
        "code": "administrator",
        "name": "Administrator",
        "view": "all",
        "edit": "all",
        "sees_contacts": True,
        "may_import": True,
        "may_export": True,
        "is_administrator": True,
    },
    {
        "code": "manager",
        "name": "Manager",
        "view": "all",
        "edit": "all",
        "sees_contacts": True,
        "may_import": True,
        "may_export": True,
    },
    {
        "code": "agent",
        "name": "Agent",
        "view": "team",
        "edit": "team",
        "sees_contacts": True,
        "may_import": True,
        "may_export": True,
    },
    {"code": "viewer", "name": "Viewer", "view": "all", "edit": "none"},
]


def make_roles(apps, schema_editor):
    Role = apps.get_model("staff", "Role")
    for facts in ROLES:
        Role.objects.create(**facts)


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial")]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
