"""What the post office knows of whom it writes to: choices and addresses, read once for a whole batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Length

from notifications.channels import channel
from notifications.channels.errors import NotDelivered
from notifications.choosing import USUAL, Choice
from notifications.models import Address, Channel, Delivery, Preference, Wording
from notifications.sealing import CannotOpen, opened
from workflow.people.models import User

RANKS = {"urgent": 2, "normal": 1, "low": 0}


@dataclass(frozen=True)
class Desk:
    """choices: by user id; reached: (user id, channel) with an entered address; groups: those of the units asked for.

    wordings: letters in a unit's own words, by letter and language; of several units the lowest.
    """

    choices: dict[int, Choice]
    reached: set[tuple[int, str]]
    groups: list[Address]
    wordings: dict[tuple[str, str], Wording]

    @classmethod
    def of(cls, people: Iterable[int], units: Iterable[int]) -> Desk:
        """Three reads. Needs the system's context."""
        ids, here = set(people), set(units)
        found = list(Address.objects.filter(Q(user__in=ids) | Q(unit__in=here)).order_by("pk"))
        worded = Wording.objects.filter(unit__in=here).order_by(Length("unit__path"))
        return cls(
            choices={p.user_id: choice_of(p) for p in Preference.objects.filter(user__in=ids)},
            reached={(a.user_id, a.channel) for a in found if a.user_id},
            groups=[a for a in found if a.unit_id and channel(a.channel).offered()],
            wordings={(w.letter, w.language): w for w in worded},
        )

    def choice(self, person: User) -> Choice:
        return self.choices.get(person.pk, USUAL)

    def reaches(self, person: User, name: str) -> bool:
        """Whether a channel leads to a person who may sign in."""
        way = channel(name)
        if not person.is_active or not way.offered():
            return False
        if not way.needs_address:
            return True
        return bool(person.email) if name == Channel.EMAIL else (person.pk, name) in self.reached

    def groups_of(self, units: Iterable[int], urgency: str, at: datetime) -> list[Address]:
        """The groups of these units that want to hear of a letter of this urgency.

        at: when the act was done; what is older than a group's robot is no news to it.
        """
        wanted = set(units)
        wide = [a for a in self.groups if a.unit_id in wanted and a.changed_at <= at]
        return [a for a in wide if RANKS[urgency] >= RANKS[a.least]]


def choice_of(preference: Preference) -> Choice:
    """A row as a pure value."""
    hours = preference.quiet_from, preference.quiet_until
    return Choice(
        language=preference.language,
        ways=preference.ways,
        pace=preference.pace,
        quiet=(hours[0], hours[1]) if hours[0] is not None and hours[1] is not None else None,
        rest_days=preference.rest_days,
        urgent_through=preference.urgent_through,
    )


def address_of(delivery: Delivery) -> dict[str, str]:
    """Where a letter goes now. NotDelivered: nowhere any more. Needs the system's context."""
    if not channel(delivery.channel).needs_address:
        return {}
    if delivery.channel == Channel.EMAIL:
        mailbox = delivery.recipient.email if delivery.recipient else ""
        if not mailbox:
            raise NotDelivered("no address")
        return {"token": mailbox}
    row = Address.objects.filter(
        channel=delivery.channel, user=delivery.recipient, unit=delivery.group
    ).first()
    if row is None:
        raise NotDelivered("no address")
    try:
        return opened(row.sealed)
    except CannotOpen as error:
        raise NotDelivered("address sealed under another key") from error
