"""Celery's door into evaluation: the sweep of the fourth quarter."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from projects.evaluation.duties import open_due_hearings


@shared_task
def sweep_hearings() -> int:
    """Begin what is asked about the years whose fourth quarter has come; running it again begins nothing twice."""
    return open_due_hearings(timezone.now())
