"""What the trail calls after a commit."""

from __future__ import annotations

import time

from notifications.tasks import post_unit
from workflow.flows.waking import send

REST_SECONDS = 15.0
_rests_until = 0.0


def wake(unit_id: int) -> None:
    """Have a worker read the unit's trail; a broker that is away costs until the next sweep, never a request.

    Looking for a broker that is away takes as long as its time limit: after one failure this process does not
    look again for a while.
    """
    global _rests_until
    if time.monotonic() >= _rests_until and not send(post_unit, unit_id):
        _rests_until = time.monotonic() + REST_SECONDS
