"""Which reminder of a task is due on a day, and to whom a task that stays overdue is reported; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

When = Literal["before", "on", "after"]
Level = Literal["next", "above"]


@dataclass(frozen=True)
class Cadence:
    """Days on which a task is reminded of. before, after: days from the deadline; then every `again` days."""

    before: tuple[int, ...] = (3,)
    after: tuple[int, ...] = (1, 3, 7)
    again: int = 7


CADENCE = Cadence()


@dataclass(frozen=True)
class Policy:
    """How a year's tasks are reminded of and, where they stay overdue, reported.

    next_after, above_after: days after the deadline from which the office above the task's own, and the office
    `above` at the unit above, are told; 0: never. next_office: by the task's office; an office that is not named
    answers to nobody in its township.
    """

    cadence: Cadence = CADENCE
    next_after: int = 0
    above_after: int = 0
    next_office: Mapping[str, str] = field(default_factory=dict)
    above: str = ""

    @property
    def earliest(self) -> int:
        """How many days ahead of a deadline something may be due."""
        return max(self.cadence.before, default=0)


@dataclass(frozen=True)
class Reminder:
    """when: before, on or after the day it is due; days: how many, 0 on the day itself, never negative."""

    when: When
    days: int


@dataclass(frozen=True)
class Report:
    """One telling of a task that stays overdue. office: to whom; level: the office above, or the unit above."""

    level: Level
    office: str
    days: int


def reminder_on(
    today: date, due_on: date, opened_on: date, cadence: Cadence = CADENCE, *, provisional: bool = False
) -> Reminder | None:
    """The reminder due today; None on a day without one.

    None on the day the task opened, for its holders have just been told; None after a provisional date, which
    nobody can have missed. A reminder of a day that has passed is not made up for.
    """
    if today <= opened_on:
        return None
    days = (due_on - today).days
    if days > 0:
        return Reminder("before", days) if days in cadence.before else None
    if days == 0:
        return Reminder("on", 0)
    late = -days
    return Reminder("after", late) if not provisional and _reminds_late(late, cadence) else None


def reports_on(
    today: date, due_on: date, office: str, policy: Policy, *, provisional: bool = False
) -> list[Report]:
    """Whom a task has to have been reported to by today, the nearest first; each is told once.

    Unlike a reminder, a report of a day that has passed is made up for. Nothing is reported of a provisional date.
    """
    late = (today - due_on) // timedelta(days=1)
    if provisional or late <= 0:
        return []
    found = []
    above = policy.next_office.get(office, "")
    if above and 0 < policy.next_after <= late:
        found.append(Report("next", above, late))
    if policy.above and 0 < policy.above_after <= late:
        found.append(Report("above", policy.above, late))
    return found


def _reminds_late(late: int, cadence: Cadence) -> bool:
    last = max(cadence.after, default=0)
    return late in cadence.after or (late > last and (late - last) % cadence.again == 0)
