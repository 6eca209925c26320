"""What Celery does for the outbox; each is safe to run twice."""

from celery import shared_task

from crm.outbox import sending, services


@shared_task
def send_due() -> None:
    sending.drain()


@shared_task
def forget_old() -> None:
    services.forget_old()
