"""Celery's doors into the post office: safe to run twice, late and in parallel."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from notifications import addresses, digests, post, sending
from workflow.flows.waking import send
from workflow.people.isolation import SYSTEM, within

log = logging.getLogger(__name__)

LETTERS_A_TIME = 50
BUSY_SECONDS = 1


@shared_task
def post_unit(unit_id: int) -> None:
    """Write the letters of a unit's new entries; where somebody else is at it, look again in a second."""
    if not post.post_unit(unit_id):
        post_unit.apply_async(args=(unit_id,), countdown=BUSY_SECONDS, retry=False)


@shared_task
def sweep_units() -> int:
    """Read every trail whose wake-up was lost; how many there were. Truth is in the trail, the broker only wakes."""
    with within(SYSTEM):
        behind = post.units_behind()
    for unit_id in behind:
        _post_or_log(unit_id)
    return len(behind)


def _post_or_log(unit_id: int) -> None:
    """One unit that cannot be read must not hold up the others."""
    try:
        post.post_unit(unit_id)
    except Exception:
        log.exception("unit %s: letters could not be written", unit_id)


@shared_task
def send_queued() -> None:
    """Send what is due, and wake the next worker while there may be more."""
    if sending.send_some(LETTERS_A_TIME) == LETTERS_A_TIME:
        send(send_queued)


@shared_task
def sweep_deliveries() -> None:
    """Doubt what a dead worker left behind, bind the summaries of the morning, then send what is due."""
    sending.doubt(timezone.now())
    digests.bind_due(timezone.now())
    send_queued()


@shared_task
def sweep_addresses() -> int:
    """Forget where those were reached who have left their offices; of how many persons."""
    return addresses.forget_former(timezone.now())
