"""The counts that the relay keeps are those of the records, whatever was done to them and by which way."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from crm.records.models import Tally
from customers.models import Customer, Stage
from tests.factories import make_customer, number_changes, people

pytestmark = pytest.mark.django_db

STEPS = 120


def counted_by_relay():
    kept = Tally.objects.filter(record="customer").exclude(n=0)
    return {row[:-1]: row[-1] for row in kept.values_list("dimension", "value", "owner_id", "team_id", "n")}


def counted_from_records():
    found = Counter()
    for row in Customer.objects.filter(deleted_at=None):
        whose = (row.owner_id or 0, row.team_id or 0)
        for dimension, value in (
            ("all", ""), ("stage_id", row.stage_id), ("created_on", row.created_at.date().isoformat()),
        ):  # fmt: skip
            found[dimension, value, *whose] += 1
    return dict(found)


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_the_records(seed):
    rng, staff = Random(seed), people()
    owners = [staff.alice, staff.bob, staff.charlie]
    stages = list(Stage.objects.values_list("code", flat=True))
    for number in range(10):
        make_customer(rng.choice(owners), name=f"Customer {number}")

    def some():
        ids = list(Customer.objects.values_list("pk", flat=True))
        return Customer.objects.filter(pk__in=rng.sample(ids, k=min(len(ids), rng.randrange(1, 4))))

    def hand_over():
        owner = rng.choice([*owners, None])
        some().update(owner=owner, team=owner and owner.team, stage=rng.choice(stages))

    steps = [
        lambda: make_customer(rng.choice(owners)),
        lambda: some().update(stage=rng.choice(stages)),
        lambda: some().update(deleted_at=rng.choice([None, timezone.now()])),
        lambda: some().update(created_at=timezone.now() - timedelta(days=rng.randrange(3))),
        lambda: some().delete(),
        hand_over,
        number_changes,
    ]
    for _ in range(STEPS):
        rng.choice(steps)()
    number_changes()

    assert counted_by_relay() == counted_from_records()
