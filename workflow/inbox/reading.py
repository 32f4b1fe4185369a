"""Reads that are entries themselves: whoever is shown somebody's personal data (integrity.md §1.3)."""

from __future__ import annotations

from django.utils import timezone

from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down

PERSONAL = "personal.read"


def personal_data_shown(act: Act, subject: str, about: str) -> None:
    """Write down that personal data kept with a record was shown; once a day for each person and record."""
    today = timezone.localtime(act.at).replace(hour=0, minute=0, second=0, microsecond=0)
    shown = Entry.objects.filter(subject=subject, action=PERSONAL, actor=act.actor, at__gte=today)
    if not shown.exists():
        write_down(act, PERSONAL, subject, about=about)
