"""Celery's door into collection: the sweep of returned forms."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from projects.collection.lapsing import pool_overdue


@shared_task
def sweep_returned() -> int:
    """Pool every returned form that was not completed in its days; running it again finds nothing left."""
    return pool_overdue(timezone.now())
