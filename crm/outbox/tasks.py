"""What Celery does for the outbox; each is safe to run twice."""

from celery import shared_task
from django.db import close_old_connections

from crm.outbox import sending, services


@shared_task
def send_due() -> None:
    try:
        sending.drain()
    finally:
        close_old_connections()  # the pool has one for each slot, not for each thread that was at work once


@shared_task
def forget_old() -> None:
    services.forget_old()
