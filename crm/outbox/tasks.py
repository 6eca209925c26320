"""What Celery does for the outbox; each is safe to run twice."""

from celery import shared_task
from django.db import close_old_connections

from crm.outbox import sending, services


@shared_task
def send_due() -> None:
    close_old_connections()
    sending.drain()


@shared_task
def forget_old() -> None:
    services.forget_old()
