"""The Celery application: the broker only wakes workers, the truth stays in the database."""

from __future__ import annotations

import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import worker_ready
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "projects.site.settings")

TRANSPORT_ALIASES["filesystem"] = "projects.site.broker:Transport"

if not settings.PRODUCTION:  # whoever tries the demonstration in a container is its superuser
    warnings.simplefilter("ignore", SecurityWarning)

app = Celery("piaojue")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def settle_what_was_provisional(**_more: Any) -> None:
    """A worker that starts may have brought newer holidays: the days that waited for them are settled at once."""
    app.send_task("workflow.flows.tasks.sweep_provisional", expires=6 * 3600, retry=False)
