"""Celery's entry points: the clock calls them, twice does no harm."""

from celery import shared_task

from crm.timings import upkeep


@shared_task
def roll_up() -> None:
    upkeep.roll_up()


@shared_task
def make_partitions() -> None:
    upkeep.keep_days()
