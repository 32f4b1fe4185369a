"""When a task of a year is due, and how long it may take: its frozen rulebook and the days of its sessions."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.translation import gettext

from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import closing_day, cycle_of, rules_for, rules_in_force, session_date
from workflow.calendar.offsets import AnchorMissing, DueDate, Offset, length_of, resolve
from workflow.machines.models import Record


def length_told(key: str, subject: Any) -> str:
    """How long a task may take by the rulebook that holds for a record or a township, in words."""
    cycle = cycle_of(subject) if isinstance(subject, Record) else None
    rules = rules_for(cycle) if cycle else rules_in_force(subject.unit)
    return length_of(offset_of(cycle, rules, key), gettext)


# What is asked for sooner after the vote than this part of the way to the evaluation has nothing to look at yet.
TOO_SOON = 5
# So many days before T2 where the year has no such day: the report before the hearing it is for.
INSTEAD = {"supervision.give_report": 60, "supervision.special_report": 45}
INSTEAD_OF_OTHERS = 15
# Both on their days or neither: a report is given for the hearing that follows it, and it is the hearing that may be too soon.
TOGETHER = ("supervision.give_report", "supervision.special_report")


def offset_of(
    cycle: Cycle | None, rules: Rules, key: str, sessions: Mapping[str, date] | None = None
) -> Offset:
    """A task's offset in a cycle's rulebook, with a calendar day of the year where that cycle has it.

    31 August and 31 December lie between vote and evaluation, the archive's 30 June after it. In the common year, from a
    winter's vote to the next winter's evaluation, that is the offset as it stands; a cycle of half a year or one voted on in
    December (rules.md §3.2) has them in another year, or not at all: then it is so many days before T2, and never before
    the middle of the way there. sessions: as of `due_date`; the days of the sessions called, else the planned ones.
    """
    offset = rules.offset(key)
    if cycle is None or offset.anchor != "year":
        return offset
    days = sessions or {}
    t2 = days["evaluation"] if "evaluation" in days else session_date(cycle, "evaluation")
    if offset.years:
        later = t2.year if _on(offset, t2.year) > t2 else t2.year + 1
        return replace(offset, years=later - cycle.year)
    pair = [rules.offset(one) for one in (TOGETHER if key in TOGETHER else (key,))]
    pair = [one for one in pair if one.anchor == "year"]
    before = t2.year if _on(pair[-1], t2.year) < t2 else t2.year - 1
    t = days["vote"] if "vote" in days else session_date(cycle, "vote")
    first_day, last_day = _on(pair[0], before), _on(pair[-1], before)
    if last_day < t + (t2 - t) / TOO_SOON or not t < first_day <= last_day:
        half = max((t2 - t).days // 2, 1)
        return Offset("T2", -min(INSTEAD.get(key, INSTEAD_OF_OTHERS), half))
    return replace(offset, years=before - cycle.year)


def _on(offset: Offset, year: int) -> date:
    return date(year, offset.month, min(offset.day, monthrange(year, offset.month)[1]))


def due_date(
    cycle: Cycle,
    key: str,
    opened_on: date,
    *,
    plan: date | None = None,
    t2: Callable[[], date | None] | None = None,
    sessions: Mapping[str, date] | None = None,
) -> DueDate | None:
    """When the task `key` of a cycle is due, if it opened on a day; None when the rulebook gives it no term.

    t2: looks up the day its measurement is held, where that is no longer the year's evaluation session's.
    Before the cycle is opened its rulebook is not frozen yet: the one in force counts, as in the seat table.
    sessions: days to count with instead of the session's own, by use ("vote", "evaluation").
    """
    rules = rules_for(cycle)
    try:
        anchors = anchors_of(cycle, opened_on, plan=plan, t2=t2, sessions=sessions)
        offset = (
            rules.plan_offset(anchors["T"])
            if key == "supervision.plan"
            else offset_of(cycle, rules, key, sessions)
        )
        return resolve(offset, anchors)
    except (KeyError, AnchorMissing):
        return None


def anchors_of(
    cycle: Cycle,
    opened_on: date,
    *,
    plan: date | None = None,
    t2: Callable[[], date | None] | None = None,
    sessions: Mapping[str, date] | None = None,
) -> Mapping[str, date]:
    """The dates a cycle's deadlines hang on: planned sessions until the real ones are fixed; looked up when asked."""
    moved = sessions or {}

    def session_on(use: str) -> date:
        return moved[use] if use in moved else session_date(cycle, use)

    return _Anchors(
        {
            "C": lambda: cycle.opens_on,
            "T": lambda: session_on("vote"),
            "T2": lambda: (t2() if t2 else None) or session_on("evaluation"),
            "after": lambda: opened_on,
            "receipt": lambda: opened_on,
            "window": lambda: cycle.window_to,
            "plan": lambda: plan,
            "year": lambda: date(cycle.year, 1, 1),
            "closing": lambda: moved.get("evaluation") or closing_day(cycle),
        }
    )


class _Anchors(Mapping[str, date]):
    """Dates worked out on first use: most deadlines hang on one anchor, and two of them cost a query."""

    def __init__(self, ways: dict[str, Callable[[], date | None]]) -> None:
        self._ways, self._known = ways, dict[str, date | None]()

    def __getitem__(self, anchor: str) -> date:
        if anchor not in self._known:
            self._known[anchor] = self._ways[anchor]()
        found = self._known[anchor]
        if found is None:
            raise KeyError(anchor)
        return found

    def __iter__(self) -> Iterator[str]:
        return (anchor for anchor in self._ways if anchor in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
