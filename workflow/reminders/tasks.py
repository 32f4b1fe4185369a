"""Celery's door into the reminders."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from workflow.reminders.services import remind_due

FIRST_HOUR = 8


@shared_task
def sweep_deadlines() -> int:
    """Write today's reminders, not before eight in the morning; the hours after only find what was missed."""
    now = timezone.now()
    return remind_due(now) if timezone.localtime(now).hour >= FIRST_HOUR else 0
