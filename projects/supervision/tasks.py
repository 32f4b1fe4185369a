"""Celery's door into supervision: the sweep of reporting periods."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from projects.supervision.duties import open_due_reports


@shared_task
def sweep_reports() -> int:
    """Ask for every progress report that has become due; running it again asks for nothing twice."""
    return open_due_reports(timezone.now())
