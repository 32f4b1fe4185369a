"""The writes a recipient may make: having read, and how to be written to. No acts, so no entries."""

from __future__ import annotations

from datetime import datetime

from notifications.choosing import Choice
from notifications.models import Delivery, Preference
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


def save_choice(user: User, choice: Choice, at: datetime) -> None:
    """How a person wants to be written to from now on; letters already written go as they were to go."""
    start, end = choice.quiet or (None, None)
    values = {
        "language": choice.language,
        "ways": {urgency: list(ways) for urgency, ways in choice.ways.items()},
        "pace": dict(choice.pace),
        "quiet_from": start,
        "quiet_until": end,
        "rest_days": choice.rest_days,
        "urgent_through": choice.urgent_through,
        "changed_at": at,
    }
    with within(SYSTEM):
        Preference.objects.update_or_create(user=user, defaults=values)
