"""Celery's door into oversight: what is counted is summed, and checked at night; years are examined."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from projects.oversight.counting import check_all, sum_up
from projects.oversight.examining import examine_due


@shared_task
def check_figures() -> int:
    """Count every year anew, put right what differs, fold the rest; a second run finds nothing to put right."""
    return check_all(timezone.now())


@shared_task
def sweep_sums() -> int:
    """Add what was counted since to the sums of the units above; a second run finds nothing to add."""
    return sum_up()


@shared_task
def sweep_examinations() -> int:
    """Examine every year whose last examination no longer stands; a second run finds none."""
    return examine_due(timezone.now())
