"""Celery's door: what residents typed and never sent does not outlive its session."""

from __future__ import annotations

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone


@shared_task
def sweep_sessions() -> int:
    """Delete the sessions that are over, with what was typed in them; how many."""
    gone, _by_model = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return gone
