"""Celery's doors into the trail: heads each minute, their stamps, and each night every trail verified."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from workflow.audit import heads, nightly, stamping
from workflow.audit.signing import NoKey

log = logging.getLogger(__name__)


@shared_task
def sweep_heads() -> int:
    """Sign every trail that grew since its last head, then have the county sign; how many heads were taken."""
    now = timezone.now()
    taken = heads.seal_grown(now)
    try:
        heads.cosign_waiting(now)
    except NoKey as error:
        log.error("the county signs nothing: %s", error)
    return taken


@shared_task
def sweep_stamps() -> int:
    """Ask the time-stamp server for what no stamp stands for yet; how many were given."""
    return stamping.stamp_waiting(timezone.now())


@shared_task
def verify_trails() -> int:
    """Verify every trail against the heads and stamps kept of it; how many are not whole."""
    return nightly.verify_all(timezone.now())
