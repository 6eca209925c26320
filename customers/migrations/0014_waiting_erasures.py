"""Erasures that wait get rows of their own, so that who may approve them can be told without a look at all requests."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0013_firm_triggers"),
        ("requests", "0005_tell_sites"),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="erasure",
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="requests.request",
                        verbose_name="asked by",
                    ),
                ),
            ],
            options={"verbose_name": "erasure that waits", "verbose_name_plural": "erasures that wait"},
        ),
    ]
