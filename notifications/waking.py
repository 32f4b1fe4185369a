"""What the trail calls after a commit."""

from __future__ import annotations

from notifications.tasks import post_unit
from workflow.flows.tasks import send


def wake(unit_id: int) -> None:
    """Have a worker read the unit's trail; a broker that is away costs until the next sweep, never a request."""
    send(post_unit, unit_id)
