"""Letters inside the site: delivered by being written in the act's own database."""

from __future__ import annotations

from notifications.models import Channel, Delivery, Status
from workflow.people.models import User

NAME = str(Channel.IN_APP.value)
STATUS_WHEN_WRITTEN = str(Status.SENT.value)


def reaches(person: User) -> bool:
    """Everybody who may sign in."""
    return person.is_active


def deliver(delivery: Delivery) -> None:
    """Nothing is left to do."""
