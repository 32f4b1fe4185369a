"""Writing reminders into the trail; the post office makes letters of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.timezone import localdate

from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within
from workflow.reminders.rules import CADENCE, Reminder, reminder_on

ACTION = "deadline.remind"


def remind_due(at: datetime) -> int:
    """Write one `deadline.remind` for every open task that is to be reminded of today; how many were written.

    Safe twice and in parallel: a task's row is locked while its reminder of the day is looked for and written.
    """
    with within(SYSTEM):
        ids = list(_soon_or_late(at).values_list("pk", flat=True))
    return sum(remind(task_id, at) for task_id in ids)


def remind(task_id: int, at: datetime) -> bool:
    """Write today's reminder of one task; False where none is due, it has been written, or somebody is at it."""
    with within(SYSTEM):
        deadline = (
            _soon_or_late(at).select_for_update(skip_locked=True, of=("self",)).filter(pk=task_id).first()
        )
        reminder = _due_today(deadline, at) if deadline else None
        if deadline is None or reminder is None or _written(deadline, at):
            return False
        _write(deadline, reminder, at)
        return True


def _soon_or_late(at: datetime) -> QuerySet[Deadline]:
    """Open tasks whose day has come near or has passed, with what the entry needs."""
    horizon = localdate(at) + timedelta(days=CADENCE.earliest)
    return (
        Deadline.objects.filter(done_at=None, cancelled=False, due_on__lte=horizon)
        .select_related("unit", "seat")
        .order_by("unit_id", "pk")
    )


def _due_today(deadline: Deadline, at: datetime) -> Reminder | None:
    if deadline.due_on is None:
        return None
    return reminder_on(localdate(at), deadline.due_on, deadline.opened_on, provisional=deadline.provisional)


def _mark(deadline: Deadline, at: datetime) -> str:
    """What names a task's reminder of a day in the trail."""
    return f"remind/{deadline.pk}/{localdate(at)}"


def _written(deadline: Deadline, at: datetime) -> bool:
    return Entry.objects.filter(subject=deadline.subject, action=ACTION, task=_mark(deadline, at)).exists()


def _write(deadline: Deadline, reminder: Reminder, at: datetime) -> None:
    write_down(
        Act(None, "system", deadline.unit, at, task=_mark(deadline, at)),
        ACTION,
        deadline.subject,
        about=deadline.about,
        step=deadline.step,
        after={
            "task": deadline.key,
            "task_id": deadline.pk,
            "office": deadline.office,
            "seat": deadline.seat.code,
            "due_on": str(deadline.due_on),
            "when": reminder.when,
            "days": reminder.days,
        },
        label=deadline.label,
    )
