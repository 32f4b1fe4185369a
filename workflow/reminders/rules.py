"""Which reminder of a task is due on a day; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

When = Literal["before", "on", "after"]


@dataclass(frozen=True)
class Cadence:
    """Days on which a task is reminded of. before, after: days from the deadline; then every `again` days."""

    before: tuple[int, ...] = (3,)
    after: tuple[int, ...] = (1, 3, 7)
    again: int = 7

    @property
    def earliest(self) -> int:
        """How many days ahead a reminder may be due."""
        return max(self.before, default=0)


CADENCE = Cadence()


@dataclass(frozen=True)
class Reminder:
    """when: before, on or after the day it is due; days: how many, 0 on the day itself, never negative."""

    when: When
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


def _reminds_late(late: int, cadence: Cadence) -> bool:
    last = max(cadence.after, default=0)
    return late in cadence.after or (late > last and (late - last) % cadence.again == 0)
