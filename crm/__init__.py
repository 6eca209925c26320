"""The kernel: what every module shares. It knows no module but by its dotted name in settings, urls and api."""

from crm.celery import app as celery_app

__all__ = ["celery_app"]
