"""The base of every flow of a year: deadlines from the frozen rulebook and the sessions' dates."""

from __future__ import annotations

from datetime import date
from typing import Any

from projects.cycles.models import Cycle
from projects.cycles.selectors import cycle_of, session_date
from workflow.calendar.offsets import AnchorMissing, DueDate, resolve
from workflow.flows.base import OfficeFlow
from workflow.flows.nodes import OfficeView


class YearlyFlow(OfficeFlow):
    """A flow inside a township's year. Its tasks' terms are the rulebook's, by their keys."""

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """The task's deadline; a clock that starts late starts when the task became possible (steps.md, Dates)."""
        cycle = cycle_of(subject)
        if cycle is None:
            return None
        due = due_date(cycle, node.key, opened_on, plan=getattr(subject, "finish_by", None))
        return DueDate(max(due.on, opened_on), due.provisional) if due else None

    @classmethod
    def year_of(cls, subject: Any) -> int | None:
        cycle = cycle_of(subject)
        return cycle.year if cycle else None


def due_date(cycle: Cycle, key: str, opened_on: date, *, plan: date | None = None) -> DueDate | None:
    """When the task `key` of a cycle is due, if it opened on a day; None when the rulebook gives it no term."""
    rules = cycle.rules
    try:
        offset = (
            rules.plan_offset(session_date(cycle, "vote")) if key == "supervision.plan" else rules.offset(key)
        )
        return resolve(offset, anchors_of(cycle, opened_on, plan=plan))
    except (KeyError, AnchorMissing):
        return None


def anchors_of(cycle: Cycle, opened_on: date, *, plan: date | None = None) -> dict[str, date]:
    """The dates a cycle's deadlines hang on: planned sessions until the real ones are fixed."""
    anchors = {
        "C": cycle.opens_on,
        "T": session_date(cycle, "vote"),
        "T2": session_date(cycle, "evaluation"),
        "after": opened_on,
        "receipt": opened_on,
        "year": date(cycle.year, 1, 1),
        "closing": date(session_date(cycle, "evaluation").year, 1, 1),
    }
    if cycle.window_to:
        anchors["window"] = cycle.window_to
    if plan:
        anchors["plan"] = plan
    return anchors
