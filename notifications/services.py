"""The only writes a recipient may make: having read. No act, so no entry."""

from __future__ import annotations

from datetime import datetime

from notifications.models import Delivery
from notifications.selectors import letters_of
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User


def open_letter(user: User, number: int, at: datetime) -> Delivery | None:
    """One of the person's own letters, read from now on; None for anybody else's. The first reading's time stays."""
    # A letter may come from another township than the one acted in, whose rows this request may not write.
    with within(SYSTEM):
        letter = letters_of(user).filter(pk=number).first()
        if letter is not None and letter.read_at is None:
            letter.read_at = at
            letter.save(update_fields=["read_at"])
        return letter


def mark_all_read(user: User, at: datetime) -> int:
    """All of the person's letters are read; how many were not."""
    with within(SYSTEM):
        return letters_of(user).filter(read_at=None).update(read_at=at)
