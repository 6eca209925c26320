"""Celery's consumer, made to outlive its broker; every pool and worker has it, by the setting `worker_consumer`."""

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer
from kombu.common import ignore_errors


class Consumer(CeleryConsumer):
    task_consumer: Any

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Closes the channel before Celery does, which gives it one attempt, and by then takes away what it speaks by.

        That attempt may be spent on the answer for which the channel still waits. What was at work was then to be given
        back by a channel without an address: an AttributeError, with which the process ended.
        """
        if self.task_consumer and self.connection and self.connection.transport.driver_type == "redis":
            ignore_errors(self.connection, self.task_consumer.channel.close)
        super().on_connection_error_after_connected(exc)
