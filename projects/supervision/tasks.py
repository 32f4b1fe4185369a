"""Celery's door into supervision: the sweeps of reporting periods."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from projects.supervision.duties import open_due_reports
from projects.supervision.summaries import make_due_summaries


@shared_task
def sweep_reports() -> int:
    """Ask for every progress report that has become due; running it again asks for nothing twice."""
    return open_due_reports(timezone.now())


@shared_task
def sweep_summaries() -> int:
    """Put together every overview a presidium or a congress is owed; running it again makes nothing twice."""
    return make_due_summaries(timezone.now())
