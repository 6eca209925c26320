"""What Celery does for the customers module; each is safe to run twice."""

from celery import shared_task

from customers import erasing, search_index
from customers.copies import making
from customers.imports import runner, services


@shared_task
def work_on_import(import_id: int) -> None:
    runner.work_on(import_id)


@shared_task
def resume_imports() -> None:
    """Goes on with what a dead worker left."""
    for import_id in runner.overdue_imports():
        runner.work_on(import_id)


@shared_task
def forget_old_imports() -> None:
    services.forget_old_imports()


@shared_task
def forget_old_copies() -> None:
    making.forget_old_copies()


@shared_task
def settle_erasures() -> None:
    erasing.settle()


@shared_task
def settle_search_indexes() -> None:
    search_index.settle()
