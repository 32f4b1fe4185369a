"""Summaries: the letters that wait for one are bound into it in one transaction, then it is sent like any other."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from itertools import groupby

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.channels import channel
from notifications.links import link_to_digest
from notifications.models import Delivery, Status
from workflow.flows.waking import send
from workflow.people.isolation import SYSTEM, within

MOST_PEOPLE = 2000
LETTER = "digest"


def bind_due(at: datetime) -> int:
    """Bind every summary whose morning has come; how many. Safe twice and in parallel.

    A letter is bound where it waited until now; those of one person and channel make one summary.
    """
    bound = 0
    for person, name in _due(at):
        with within(SYSTEM):
            bound += _bind(person, name, at)
    return bound


def _due(at: datetime) -> list[tuple[int, str]]:
    with within(SYSTEM):
        held = Delivery.objects.filter(status=Status.HELD, not_before__lte=at)
        pairs = held.values_list("recipient_id", "channel").distinct().order_by("recipient_id", "channel")
        return [(person, name) for person, name in pairs[:MOST_PEOPLE] if person is not None]


def _bind(person: int, name: str, at: datetime) -> int:
    """One person's summary of one channel; 0 where another worker has just bound it."""
    held = Delivery.objects.select_for_update(of=("self",)).filter(
        recipient_id=person, channel=name, status=Status.HELD, not_before__lte=at
    )
    parts = list(held.select_related("unit").order_by("unit_id", "pk"))
    if not parts:
        return 0
    newest = max(parts, key=lambda part: part.entry_id)
    with translation.override(newest.language):
        summary = Delivery(
            unit=newest.unit,
            entry_id=newest.entry_id,
            recipient_id=person,
            channel=name,
            urgency=newest.urgency,
            letter=LETTER,
            language=newest.language,
            title=_title(len(parts)),
            body=_body(parts),
            status=channel(name).STATUS_WHEN_WRITTEN,
            created_at=at,
            changed_at=at,
            digest=True,
        )
    summary.save()
    summary.link = link_to_digest(summary.pk)
    summary.save(update_fields=["link"])
    Delivery.objects.filter(pk__in=[part.pk for part in parts]).update(
        status=Status.CARRIED, carried_by=summary, changed_at=at
    )
    if summary.status == Status.QUEUED:
        from notifications.tasks import send_queued

        transaction.on_commit(partial(send, send_queued), robust=True)
    return 1


def _title(count: int) -> str:
    return ngettext("消息摘要：%(n)s 条", "消息摘要：%(n)s 条", count) % {"n": count}


def _body(parts: list[Delivery]) -> str:
    """The titles, by unit."""
    lines: list[str] = []
    for unit, its in groupby(parts, key=lambda part: part.unit):
        lines.append(_("%(unit)s：") % {"unit": unit.name})
        lines += [f"· {part.title}" for part in its]
    return "\n".join(lines)
