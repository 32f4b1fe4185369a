"""Reads that are entries themselves: whoever is shown somebody's personal data (integrity.md §1.3)."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down

PERSONAL = "personal.read"


def personal_data_shown(act: Act, subject: str, about: str) -> None:
    """Write down that personal data kept with a record was shown; once a day for each person and record."""
    personal_data_of_many({subject: (act, about)})


def personal_data_of_many(shown: Mapping[str, tuple[Act, str]]) -> None:
    """The same of several records on one page, by one person. shown: subject → the act in its unit, what it belongs to."""
    if not shown:
        return
    act = next(act for act, _about in shown.values())
    today = timezone.localtime(act.at).replace(hour=0, minute=0, second=0, microsecond=0)
    told = Entry.objects.filter(subject__in=list(shown), action=PERSONAL, actor=act.actor, at__gte=today)
    known = set(told.values_list("subject", flat=True))
    # In the order of units, or two such pages could wait for each other's heads.
    for subject, (one, about) in sorted(shown.items(), key=lambda pair: pair[1][0].unit.pk):
        if subject not in known:
            write_down(one, PERSONAL, subject, about=about)
