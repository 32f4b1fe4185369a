"""Celery's doors into the exports: safe to run twice; the row says what is to be made, the broker only wakes."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from workflow.administration import exporting
from workflow.flows.waking import send


@shared_task
def make_export(export_id: int) -> bool:
    """Write one export's file."""
    return exporting.make(export_id)


@shared_task
def sweep_exports() -> int:
    """Delete expired files, and send again what waits; how many."""
    waiting = exporting.sweep(timezone.now())
    for export_id in waiting:
        send(make_export, export_id)
    return len(waiting)
