"""The ways a letter takes. Each is a module with a name, whom it reaches, and `deliver`."""

from __future__ import annotations

from typing import Protocol

from notifications.channels import email, in_app
from notifications.channels.errors import NotDelivered
from notifications.models import Delivery
from workflow.people.models import User

__all__ = ["NotDelivered", "Way", "channel"]


class Way(Protocol):
    """STATUS_WHEN_WRITTEN: what a new letter of this channel starts as.

    deliver raises NotDelivered where the letter has surely not left, so that it may be tried again; any other
    exception leaves open whether it has.
    """

    NAME: str
    STATUS_WHEN_WRITTEN: str

    def reaches(self, person: User) -> bool: ...
    def deliver(self, delivery: Delivery) -> None: ...


_ways: dict[str, Way] = {way.NAME: way for way in (in_app, email)}


def channel(name: str) -> Way:
    """The channel of a name; KeyError for an unknown one."""
    return _ways[name]
