"""The base of every flow of a year: deadlines from the frozen rulebook and the sessions' dates."""

from __future__ import annotations

from datetime import date
from typing import Any

from projects.cycles.deadlines import DEADLINES
from projects.cycles.due import due_date
from projects.cycles.models import Cycle
from projects.cycles.selectors import cycle_of, session_date
from workflow.calendar.offsets import DueDate
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
        return cls.term(cycle, node.key, opened_on, plan=getattr(subject, "ends_by", None))

    @classmethod
    def term(cls, cycle: Cycle, key: str, opened_on: date, **more: Any) -> DueDate | None:
        """When a task of this flow is due, by its key. more: `plan` and `sessions`, as `due_date` takes them."""
        due = due_date(cycle, key, opened_on, t2=lambda: cls.later_t2(cycle), **more)
        return _kept(cycle, key, due, opened_on) if due else None

    @classmethod
    def later_t2(cls, cycle: Cycle) -> date | None:
        """The day this flow's tasks count from in place of T2; None while that is the evaluation session's."""
        return None

    @classmethod
    def year_of(cls, subject: Any) -> int | None:
        cycle = cycle_of(subject)
        return cycle.year if cycle else None


def _kept(cycle: Cycle, key: str, due: DueDate, opened_on: date) -> DueDate:
    """A clock that starts late starts when the task became possible; a date of the calendar stays what it is.

    A task opened after such a date is late from the start, unless the date had passed before the year's vote.
    """
    if DEADLINES[key].is_fixed_date and due.on >= session_date(cycle, "vote"):
        return due
    return DueDate(max(due.on, opened_on), due.provisional)
