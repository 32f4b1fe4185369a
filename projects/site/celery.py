"""The Celery application: the broker only wakes workers, the truth stays in the database."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "projects.site.settings")

app = Celery("piaojue")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def schedule(name: str, task: str, seconds: float, **options: Any) -> None:
    """Have beat send ``task`` (its registered name) every ``seconds``; a wake-up nobody took in time is dropped."""
    app.conf.beat_schedule[name] = {
        "task": task,
        "schedule": seconds,
        "options": {"expires": max(seconds, 10), **options},
    }
