"""Open deadlines follow the session they hang on."""

from __future__ import annotations

from projects.cycles.flows import due_date
from projects.cycles.models import Cycle
from workflow.flows.models import Deadline


def recompute(cycle: Cycle) -> int:
    """Work out every open deadline of a cycle again; returns how many moved."""
    moved = 0
    for deadline in Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False):
        if not hangs_on_a_session(cycle, deadline.key):
            continue
        due = due_date(cycle, deadline.key, deadline.opened_on)
        if due and max(due.on, deadline.opened_on) != deadline.due_on:
            deadline.due_on, deadline.provisional = max(due.on, deadline.opened_on), due.provisional
            deadline.save(update_fields=["due_on", "provisional"])
            moved += 1
    return moved


def hangs_on_a_session(cycle: Cycle, key: str) -> bool:
    """Whether a task's term is counted from T or T2, and so moves with it."""
    try:
        return cycle.rules.offset(key).anchor in ("T", "T2", "closing")
    except KeyError:
        return False
