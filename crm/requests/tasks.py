"""What Celery does for requests; each is safe to run twice."""

from typing import Any

from celery import shared_task

from crm.requests import learning, upkeep, worker
from crm.requests.triage import learning as triage


@shared_task(bind=True)
def drain(self: Any, queue: str) -> None:
    worker.drain(queue, self.request.hostname)


@shared_task
def sweep() -> None:
    upkeep.sweep()


@shared_task
def learn() -> None:
    learning.learn()


@shared_task
def learn_triage() -> None:
    triage.learn()
