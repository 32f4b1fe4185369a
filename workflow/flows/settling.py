"""Provisional days are settled once the arrangement of the holidays they rest on is known (放假安排).

The data of the calendar end with the last year the State Council has arranged; what rests on a later one is
provisional. Nothing has to remember where they ended before: what is provisional although its year is arranged by now
is found by that alone, whether the data came with a package or a start was missed.
"""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workflow.audit.services import Act, write_down
from workflow.calendar.offsets import DueDate
from workflow.calendar.workdays import last_published
from workflow.flows.models import Deadline
from workflow.people.isolation import SYSTEM, within

ACTION = "deadline.settle"
log = logging.getLogger(__name__)


def settle_due(at: datetime) -> int:
    """Work out anew every open provisional day whose year is arranged by now; how many were settled or moved.

    Safe twice and in parallel. Each is a transaction of its own; one that fails is logged by its number and keeps
    nobody else's waiting.
    """
    with within(SYSTEM):
        ids = list(_reached().values_list("pk", flat=True))
    return sum(_settled_or_logged(pk, at) for pk in ids)


def _settled_or_logged(task_id: int, at: datetime) -> bool:
    try:
        return settle(task_id, at)
    except Exception:
        log.exception("task:%s: its provisional day was not worked out anew", task_id)
        return False


def settle(task_id: int, at: datetime) -> bool:
    """Work out the day of one task anew, with one entry; False where it stays, is done, or somebody is at it."""
    with within(SYSTEM):
        held = _reached().select_for_update(skip_locked=True, of=("self",)).select_related("task", "unit")
        deadline = held.filter(pk=task_id).first()
        due = _worked_out(deadline) if deadline else None
        if deadline is None or due is None or (due.provisional and due.on == deadline.due_on):
            return False
        _write(deadline, due, at)
        deadline.due_on, deadline.provisional = due.on, due.provisional
        deadline.save(update_fields=["due_on", "provisional"])
        return True


def still_provisional() -> QuerySet[Deadline]:
    """Open tasks whose day rests on holidays nobody has arranged yet, of the units the context reads."""
    return Deadline.objects.filter(provisional=True, done_at=None, cancelled=False)


def _reached() -> QuerySet[Deadline]:
    """Open provisional tasks whose day the data reach.

    A day in the January after is looked at too: the make-up days of the year before it may bring it back into that.
    """
    beyond = date(last_published() + 1, 2, 1)
    return still_provisional().filter(due_on__lt=beyond).order_by("unit_id", "pk")


def _worked_out(deadline: Deadline) -> DueDate | None:
    node, subject = deadline.task.flow_task, deadline.task.process.artifact
    return node.flow_class.due(node, subject, deadline.opened_on) if subject else None


def _write(deadline: Deadline, due: DueDate, at: datetime) -> None:
    write_down(
        Act(None, "system", deadline.unit, at, task=f"settle/{deadline.pk}"),
        ACTION,
        deadline.subject,
        about=deadline.about,
        step=deadline.step,
        before={"due_on": str(deadline.due_on), "provisional": True},
        after={
            "task": deadline.key,
            "task_id": deadline.pk,
            "due_on": str(due.on),
            "provisional": due.provisional,
        },
        reason=_said(deadline.due_on, due),
        label=deadline.label,
    )


def _said(before: date | None, due: DueDate) -> str:
    told = {"old": date_format(before) if before else "", "day": date_format(due.on)}
    if due.on == before:
        return _("放假安排已公布，期限确定为%(day)s。") % told
    if due.provisional:
        return _("放假安排已公布，暂定期限由%(old)s改为%(day)s。") % told
    return _("放假安排已公布，期限由%(old)s（暂定）改为%(day)s。") % told
