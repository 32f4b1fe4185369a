"""Letters inside the site: delivered by being written in the act's own database."""

from __future__ import annotations

from collections.abc import Mapping

from notifications.models import Channel, Delivery, Status

NAME = str(Channel.IN_APP.value)
STATUS_WHEN_WRITTEN = str(Status.SENT.value)
needs_address = False


def offered() -> bool:
    return True


def deliver(delivery: Delivery, address: Mapping[str, str]) -> None:
    """Nothing is left to do."""
