"""Open deadlines follow the session they hang on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet

from projects.cycles.deadlines import TASK_TIMES
from projects.cycles.due import offset_of
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import rules_for, session_date
from workflow.calendar.offsets import DueDate, Offset, resolve
from workflow.flows.models import Deadline

SESSIONS = {"T": "vote", "T2": "evaluation"}
PLAN = "supervision.plan"  # its term is longer where the Spring Festival falls inside


def moving(cycle: Cycle, **sessions: date) -> list[tuple[Deadline, DueDate]]:
    """The open deadlines of a year that would stand on another day, with that day, in their order.

    sessions: the days its sessions would be held on, by use; those left out stay where they are.
    """
    return [(deadline, due) for deadline, due in _terms(cycle, **sessions) if due.on != deadline.due_on]


def _open(cycle: Cycle) -> QuerySet[Deadline]:
    return Deadline.objects.filter(about=cycle.reference, done_at=None, cancelled=False)


def _terms(cycle: Cycle, **sessions: date) -> Iterator[tuple[Deadline, DueDate]]:
    """The open deadlines that hang on a session, each with the day it would stand on."""
    for deadline in _open(cycle).select_related("task").order_by("due_on", "pk"):
        if not hangs_on_a_session(cycle, deadline.key):
            continue
        flow = deadline.task.flow_task.flow_class
        if due := flow.term(cycle, deadline.key, deadline.opened_on, sessions=sessions):
            yield deadline, due


def coming(cycle: Cycle, **sessions: date) -> list[tuple[str, DueDate, DueDate]]:
    """The steps of a year not begun yet whose term would end on another day: their keys, that day now and then.

    What is done in the session itself is left out: its day is the session's. sessions: as of `moving`.
    """
    rules = rules_for(cycle)
    begun = set(Deadline.objects.filter(about=cycle.reference).values_list("key", flat=True))
    now = {use: session_date(cycle, use) for use in SESSIONS.values()}
    then = now | sessions
    found = []
    for key in TASK_TIMES:
        if key in begun or not _follows(*(offset_of(cycle, rules, key, days) for days in (now, then))):
            continue
        before, after = (_stands(cycle, rules, key, days) for days in (now, then))
        if before.on != after.on:
            found.append((key, before, after))
    return sorted(found, key=lambda one: one[1].on)


def _follows(now: Offset, then: Offset) -> bool:
    """Whether a term moves with the session and is not the session's own day; either way of counting may be the one."""
    return any(
        offset.anchor == "year" or (offset.anchor in SESSIONS and offset.days) for offset in (now, then)
    )


def _stands(cycle: Cycle, rules: Rules, key: str, sessions: dict[str, date]) -> DueDate:
    days = {anchor: sessions[use] for anchor, use in SESSIONS.items()}
    offset = rules.plan_offset(days["T"]) if key == PLAN else offset_of(cycle, rules, key, sessions)
    return resolve(offset, days | {"year": date(cycle.year, 1, 1)})


def recompute(cycle: Cycle) -> int:
    """Work out every open deadline of a cycle again; returns how many moved.

    Provisional ones are held first: one that is being settled by the session's old day is waited for, and worked out by
    the new one.
    """
    list(_open(cycle).filter(provisional=True).order_by("pk").select_for_update().values_list("pk"))
    moved = 0
    for deadline, due in list(_terms(cycle)):
        moved += due.on != deadline.due_on
        if (due.on, due.provisional) != (deadline.due_on, deadline.provisional):
            deadline.due_on, deadline.provisional = due.on, due.provisional
            deadline.save(update_fields=["due_on", "provisional"])
    return moved


def hangs_on_a_session(cycle: Cycle, key: str) -> bool:
    """Whether a task's term is counted from T or T2, and so moves with it; a calendar day does where the year loses it."""
    try:
        return rules_for(cycle).offset(key).anchor in ("T", "T2", "closing", "year")
    except KeyError:
        return False
