"""Celery's doors: what residents typed and never sent does not outlive its session, and what is due is told of each day."""

from __future__ import annotations

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from projects.retention.services import tell_all_due


@shared_task
def sweep_sessions() -> int:
    """Delete the sessions that are over, with what was typed in them; how many."""
    gone, _by_model = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return gone


@shared_task
def sweep_due() -> int:
    """Tell the desks of every township what of its personal data is due; how many were told. Again the same day: none."""
    return tell_all_due(timezone.now())
