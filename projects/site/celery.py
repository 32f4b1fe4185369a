"""The Celery application: the broker only wakes workers, the truth stays in the database."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "projects.site.settings")

app = Celery("piaojue")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
