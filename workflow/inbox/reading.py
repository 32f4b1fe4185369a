"""Reads that are entries themselves: whoever is shown somebody's personal data (integrity.md §1.3).

An entry says what was shown and of whom, by codes and numbers; what it said stands in no entry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down

PERSONAL = "personal.read"


@dataclass(frozen=True)
class PersonalData:
    """What a page shows of people. kind: a code (`telling.call_codes` of "kind.data" says what it is called).

    of: "kind:id" of the records it is kept with, which say whose it is.
    """

    kind: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Showing:
    """Personal data shown with a record. act: in the record's unit; subject, label, about: as an entry has them."""

    act: Act
    subject: str
    label: str
    about: str
    data: PersonalData


def personal_data_shown(shown: Sequence[Showing]) -> None:
    """Write down what one person is shown on one page; the same with a record once a day, whatever is more again."""
    if not shown:
        return
    told = _told_today(shown)
    # In the order of units, or two such pages could wait for each other's heads.
    for one in sorted(shown, key=lambda showing: showing.act.unit.pk):
        fresh = [of for of in one.data.of if (one.subject, one.data.kind, of) not in told]
        if fresh:
            after = {"data": one.data.kind, "of": fresh}
            write_down(one.act, PERSONAL, one.subject, about=one.about, after=after, label=one.label)


def _told_today(shown: Sequence[Showing]) -> set[tuple[str, str, str]]:
    """Subject, kind and record of what the trail has of this person and this day already."""
    act = shown[0].act
    today = timezone.localtime(act.at).replace(hour=0, minute=0, second=0, microsecond=0)
    subjects = [one.subject for one in shown]
    told = Entry.objects.filter(subject__in=subjects, action=PERSONAL, actor=act.actor, at__gte=today)
    said = ((subject, json.loads(body)["after"]) for subject, body in told.values_list("subject", "body"))
    return {(subject, after["data"], of) for subject, after in said for of in after["of"]}
