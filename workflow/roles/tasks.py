"""Celery's door into the offices."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from workflow.roles.services import lapse


@shared_task
def sweep_offices() -> int:
    """End the offices whose last day is over."""
    return lapse(timezone.now())
