"""How duties stand, how the six steps went against their plan, and which acts are one line of the account.

Pure: no clock, no database, no words. Days are days; the day it is comes in as `today`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise


@dataclass(frozen=True)
class Turn:
    """One task that came to somebody. due_on: None without a term; provisional: its day rests on unknown holidays.

    done_on: None while it is open.
    """

    due_on: date | None
    done_on: date | None = None
    provisional: bool = False

    def days_late(self, today: date) -> int:
        """How many days after its day it was done, or is open by now; nobody can have missed a provisional day."""
        if self.due_on is None or self.provisional:
            return 0
        return max(0, ((self.done_on or today) - self.due_on).days)


@dataclass(frozen=True)
class Standing:
    """How some turns stand together. late: done after their day; overdue: open past it; worst: most days of any of them.

    due_from, due_until: the first and the last day due, None where none has a day.
    """

    total: int
    done: int
    late: int
    overdue: int
    worst: int
    due_from: date | None
    due_until: date | None


def standing_of(turns: Sequence[Turn], today: date) -> Standing:
    """The sums over some turns; none of them is an empty standing."""
    days = sorted(turn.due_on for turn in turns if turn.due_on)
    done = [turn for turn in turns if turn.done_on]
    behind = [turn for turn in turns if turn.done_on is None and turn.days_late(today)]
    return Standing(
        total=len(turns),
        done=len(done),
        late=sum(turn.days_late(today) > 0 for turn in done),
        overdue=len(behind),
        worst=max((turn.days_late(today) for turn in turns), default=0),
        due_from=days[0] if days else None,
        due_until=days[-1] if days else None,
    )


class Progress(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Planned:
    """When a step is to begin and to end; provisional: a day of it rests on unknown holidays."""

    since: date
    until: date
    provisional: bool = False


@dataclass(frozen=True)
class Stretch:
    """One of the six steps: as planned, and as it went. began, ended: None while it has not.

    stopped: the year was ended in this step or before it.
    """

    step: int
    planned: Planned
    began: date | None = None
    ended: date | None = None
    stopped: bool = False

    @property
    def progress(self) -> Progress:
        if self.stopped:
            return Progress.STOPPED
        if self.ended:
            return Progress.DONE
        return Progress.RUNNING if self.began else Progress.WAITING

    def days_over(self, today: date) -> int:
        """Days its end lies after the planned one (negative: before it); of one that has not ended, days past it by now.

        Of one that was stopped none.
        """
        if self.stopped:
            return 0
        if self.ended:
            return (self.ended - self.planned.until).days
        return max(0, (today - self.planned.until).days)


def road(
    plan: Mapping[int, Planned],
    began: Mapping[int, date],
    closed: date | None,
    stopped: date | None = None,
) -> list[Stretch]:
    """The steps in order. began: step → the day the year came to it; a step ends when the next begins, the last at `closed`.

    stopped: the day the year was ended before its vote; the step it stood in ends there, and none after it comes.
    A year that goes on to a later step has ended all before it, whatever is known of when they began.
    """
    steps = sorted(plan)
    ends = {step: began.get(following) for step, following in pairwise(steps)}
    ends[steps[-1]] = closed
    later: date | None = None
    for step in reversed(steps):
        later = ends[step] = ends[step] or later
    if stopped is None:
        return [Stretch(step, plan[step], began.get(step), ends[step]) for step in steps]
    return [
        Stretch(step, plan[step], began.get(step), ends[step])
        if ends[step]
        else Stretch(step, plan[step], began.get(step), stopped if step in began else None, stopped=True)
        for step in steps
    ]


@dataclass(frozen=True)
class Trace:
    """One act of the trail, not yet told in words. number: its entry's; step: 0 for what belongs to none; alike: the act,
    the person and the office."""

    number: int
    step: int
    on: date
    alike: tuple[str, ...]


def together(traces: Iterable[Trace]) -> list[tuple[Trace, ...]]:
    """Acts as lines of the account, by step and in the order of the trail: the same act of the same person on one day,
    on however many records, is one line; no entry's number is lost or told twice."""
    found: dict[tuple[int, date, tuple[str, ...]], list[Trace]] = {}
    for trace in sorted(traces, key=lambda one: one.number):
        found.setdefault((trace.step, trace.on, trace.alike), []).append(trace)
    return sorted(map(tuple, found.values()), key=lambda line: (line[0].step, line[0].number))
