"""The Celery application: pool of workers and clock. What they do stands in each app's tasks.py."""

import os

from celery import Celery
from celery.signals import worker_ready
from kombu import Queue

from crm.readiness import say_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("pulse", amqp="crm.broker:Broker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    task_queues=[Queue("celery"), Queue("requests")],
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_consumer="crm.consumer:Consumer",
    # Celery would begin with as many messages as slots are free and take one more for each that is done: seconds.
    worker_enable_prefetch_count_reduction=False,
    beat_schedule={
        "requests-sweep": {"task": "crm.requests.tasks.sweep", "schedule": 1.0, "options": {"expires": 2}},
        "requests-learn": {"task": "crm.requests.tasks.learn", "schedule": 5.0, "options": {"expires": 5}},
        "outbox-send": {
            "task": "crm.outbox.tasks.send_due",
            "schedule": 1.0,
            "options": {"queue": "requests", "expires": 2},
        },
        "outbox-forget": {"task": "crm.outbox.tasks.forget_old", "schedule": 3600.0},
        "triage-learn": {"task": "crm.requests.tasks.learn_triage", "schedule": 60.0, "options": {"expires": 60}},
        "timings-partitions": {"task": "crm.timings.tasks.make_partitions", "schedule": 3600.0},
        "api-answers": {"task": "crm.api.tasks.forget_old_answers", "schedule": 3600.0},
        "timings-rollups": {"task": "crm.timings.tasks.roll_up", "schedule": 60.0},
        "imports-resume": {"task": "customers.tasks.resume_imports", "schedule": 10.0, "options": {"expires": 10}},
        "imports-forget": {"task": "customers.tasks.forget_old_imports", "schedule": 3600.0},
        "copies-forget": {"task": "customers.tasks.forget_old_copies", "schedule": 3600.0},
        "erasures-settle": {"task": "customers.tasks.settle_erasures", "schedule": 10.0, "options": {"expires": 10}},
        "search-settle": {"task": "customers.tasks.settle_search_indexes", "schedule": 2.0, "options": {"expires": 2}},
    },
)
app.autodiscover_tasks()


@worker_ready.connect
def show_readiness(**_: object) -> None:
    """By its first work: `/readyz` judges workers by what they leave in the database."""
    app.send_task("crm.timings.tasks.roll_up")
    say_ready()
