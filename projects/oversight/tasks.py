"""Celery's door into oversight: the nightly check of what is counted."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from projects.oversight.counting import check_all


@shared_task
def check_figures() -> int:
    """Count every year anew, put right what differs, fold the rest; a second run finds nothing to put right."""
    return check_all(timezone.now())
