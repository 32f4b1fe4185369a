"""Which entry a new task is told by; pure.

A task does not know the entry of the act that opened it, for the act may write several, before the task and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Written:
    """One entry of a unit's trail. actor: user id or None; task: "key/id", an event's key or ""; on: local day."""

    entry_id: int
    action: str
    actor: int | None
    about: str
    task: str
    at: datetime
    on: date
    recorded_at: datetime

    @property
    def is_the_act(self) -> bool:
        """Whether this is the act's own entry, not one of what the act moved."""
        return bool(self.task) and self.action.removesuffix(".return") == self.task.partition("/")[0]


@dataclass(frozen=True)
class Opened:
    """One task nobody has been told of. by: the user id of who started it, or None; created_at: of its row."""

    task_id: int
    by: int | None
    about: str
    on: date
    created_at: datetime


def entry_that_opened(
    task: Opened, entries: Sequence[Written], *, complete: bool
) -> tuple[Written | None, bool]:
    """The entry to tell a task by, and whether it is surely of the act that opened it.

    entries: at least one, in the order of the chain; complete: the trail ends with them. Of the actor's entries on
    the same matter and day the first that was committed after the task was made; of one act's entries, its own.
    While more entries follow, a task without such an entry waits (None); at the end it is told by the last fitting
    one (clocks disagree) or the last of all, for a letter said loosely is better than none.
    """
    fitting = [e for e in entries if (e.actor, e.about, e.on) == (task.by, task.about, task.on)]
    first = next((e for e in fitting if e.recorded_at >= task.created_at), None)
    if first is None and not complete:
        return None, False
    first = first or (fitting[-1] if fitting else None)
    if first is None:
        return entries[-1], False
    of_one_act = [e for e in fitting if (e.task, e.at) == (first.task, first.at)]
    return next((e for e in of_one_act if e.is_the_act), first), True
