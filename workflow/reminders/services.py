"""Writing reminders and reports of overdue tasks into the trail; the post office makes letters of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import localdate

from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within
from workflow.reminders.policy import Policies
from workflow.reminders.rules import Policy, Reminder, Report, reminder_on, reports_on

ACTION, REPORT = "deadline.remind", "deadline.escalate"
MANY = 1000
FARTHEST = 30  # days ahead anything may be due, whatever a policy says


def remind_due(at: datetime) -> int:
    """Write what is due today: a reminder of an open task, a report of one that stays overdue; how many were written.

    Safe twice and in parallel: a task's row is locked while what is due of it is looked for and written.
    """
    with within(SYSTEM):
        policies, ids = Policies(), []
        for some in _batched(_soon_or_late(at).iterator(MANY), MANY):
            due = [(d, list(_due_today(d, policies.of(d.about), localdate(at)))) for d in some]
            ids += _unwritten([(d, own) for d, own in due if own], at)
    return sum(remind(task_id, at) for task_id in ids)


def _batched(rows: Iterable[Deadline], size: int) -> Iterator[list[Deadline]]:
    """The rows in lists of at most `size`."""
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some


def _unwritten(due: list[tuple[Deadline, list[Reminder | Report]]], at: datetime) -> list[int]:
    """The tasks of which something due does not stand in the trail yet: a task long overdue is not locked every time."""
    marks = {_told(d, one, at)[1]: d.pk for d, own in due for one in own}
    written = Entry.objects.filter(subject__in={d.subject for d, _own in due}, task__in=list(marks))
    for mark in written.values_list("task", flat=True):
        marks.pop(mark, None)
    return list(dict.fromkeys(marks.values()))


def remind(task_id: int, at: datetime) -> int:
    """Write what is due of one task; 0 where nothing is, it has been written, or somebody is at it."""
    with within(SYSTEM):
        held = _soon_or_late(at).select_for_update(skip_locked=True, of=("self",))
        deadline = held.filter(pk=task_id).first()
        if deadline is None:
            return 0
        due = list(_due_today(deadline, Policies().of(deadline.about), localdate(at)))
        return sum(_write_once(deadline, one, at) for one in due)


def reports_of(deadline: Deadline) -> list[Entry]:
    """To whom a task was reported because it stayed overdue, the first first."""
    found = Entry.objects.filter(subject=deadline.subject, action=REPORT)
    return list(found.filter(task__startswith=f"escalate/{deadline.pk}/").order_by("pk"))


def _soon_or_late(at: datetime) -> QuerySet[Deadline]:
    """Open tasks whose day has come near or has passed, with what the entry needs."""
    horizon = localdate(at) + timedelta(days=FARTHEST)
    return (
        Deadline.objects.filter(done_at=None, cancelled=False, due_on__lte=horizon)
        .select_related("unit__parent", "seat")
        .order_by("unit_id", "pk")
    )


def _due_today(deadline: Deadline, policy: Policy, today: date) -> Iterator[Reminder | Report]:
    if deadline.due_on is None:
        return
    reminder = reminder_on(
        today, deadline.due_on, deadline.opened_on, policy.cadence, provisional=deadline.provisional
    )
    if reminder is not None:
        yield reminder
    yield from reports_on(today, deadline.due_on, deadline.office, policy, provisional=deadline.provisional)


def _write_once(deadline: Deadline, due: Reminder | Report, at: datetime) -> bool:
    """One entry, unless it stands in the trail already or would be told to nobody."""
    action, mark, told = _told(deadline, due, at)
    if told is None or Entry.objects.filter(subject=deadline.subject, action=action, task=mark).exists():
        return False
    write_down(
        Act(None, "system", deadline.unit, at, task=mark),
        action,
        deadline.subject,
        about=deadline.about,
        step=deadline.step,
        after={
            "task": deadline.key,
            "task_id": deadline.pk,
            "due_on": str(deadline.due_on),
            "days": due.days,
            **told,
        },
        label=deadline.label,
    )
    return True


def _told(deadline: Deadline, due: Reminder | Report, at: datetime) -> tuple[str, str, dict[str, Any] | None]:
    """Action, what names it in the trail, and whom it is told to; the day of a deadline that was moved counts anew."""
    if isinstance(due, Reminder):
        own = {"office": deadline.office, "seat": deadline.seat.code, "when": due.when}
        return ACTION, f"remind/{deadline.pk}/{localdate(at)}", own
    mark = f"escalate/{deadline.pk}/{due.level}/{deadline.due_on}"
    seat = deadline.unit if due.level == "next" else deadline.unit.parent
    if seat is None:
        return REPORT, mark, None
    return (
        REPORT,
        mark,
        {"office": due.office, "seat": seat.code, "to": "", "level": due.level, "of": deadline.office},
    )
