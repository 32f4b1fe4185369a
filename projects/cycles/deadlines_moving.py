"""Open deadlines follow the session they hang on."""

from __future__ import annotations

from datetime import date

from projects.cycles.models import Cycle
from projects.cycles.selectors import rules_for
from workflow.calendar.offsets import DueDate
from workflow.flows.models import Deadline


def moving(cycle: Cycle, **sessions: date) -> list[tuple[Deadline, DueDate]]:
    """The open deadlines of a year that would stand on another day, with that day, in their order.

    sessions: the days its sessions would be held on, by use; those left out stay where they are.
    """
    held = Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False)
    found = []
    for deadline in held.select_related("task").order_by("due_on", "pk"):
        if not hangs_on_a_session(cycle, deadline.key):
            continue
        flow = deadline.task.flow_task.flow_class
        due = flow.term(cycle, deadline.key, deadline.opened_on, sessions=sessions)
        if due and due.on != deadline.due_on:
            found.append((deadline, due))
    return found


def recompute(cycle: Cycle) -> int:
    """Work out every open deadline of a cycle again; returns how many moved."""
    moved = moving(cycle)
    for deadline, due in moved:
        deadline.due_on, deadline.provisional = due.on, due.provisional
        deadline.save(update_fields=["due_on", "provisional"])
    return len(moved)


def hangs_on_a_session(cycle: Cycle, key: str) -> bool:
    """Whether a task's term is counted from T or T2, and so moves with it."""
    try:
        return rules_for(cycle).offset(key).anchor in ("T", "T2", "closing")
    except KeyError:
        return False
