"""What the clock does for the API."""

from celery import shared_task

from crm.api import idempotency


@shared_task
def forget_old_answers() -> None:
    idempotency.forget_old()
