"""What Celery does for requests; each is safe to run twice."""

from celery import shared_task

from crm.requests import learning, upkeep, worker


@shared_task
def drain(queue: str) -> None:
    worker.drain(queue)


@shared_task
def sweep() -> None:
    upkeep.sweep()


@shared_task
def learn() -> None:
    learning.learn()
