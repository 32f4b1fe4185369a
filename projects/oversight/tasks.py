"""Celery's door into oversight: the nightly check of what is counted, and the examination of years."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from projects.oversight.counting import check_all
from projects.oversight.examining import examine_due


@shared_task
def check_figures() -> int:
    """Count every year anew, put right what differs, fold the rest; a second run finds nothing to put right."""
    return check_all(timezone.now())


@shared_task
def sweep_examinations() -> int:
    """Examine every year whose last examination no longer stands; a second run finds none."""
    return examine_due(timezone.now())
