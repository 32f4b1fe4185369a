"""Moving T or T2: which may still be moved, what would not hold, and what moves with it (steps.md, Dates)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format

from projects.cycles.deadlines import TASK_TIMES
from projects.cycles.deadlines_moving import coming, moving
from projects.cycles.feasibility import Outlook, outlook
from projects.cycles.models import BEFORE_THE_VOTE, OVER, Cycle, CycleSession, CycleState, SessionState
from projects.cycles.selectors import rules_for, session_date, session_of, years_at
from projects.cycles.services import move_session
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.forms import Foreseen
from workflow.flows.services import Outcome
from workflow.people.saying import said as _
from workflow.people.wording import worded

VOTE, EVALUATION = str(CycleSession.Use.VOTE), str(CycleSession.Use.EVALUATION)
BEFORE_THE_LIST = (CycleState.PREPARING, CycleState.COLLECTING, CycleState.SELECTING)


def movable(cycle: Cycle, state: str) -> list[str]:
    """The uses ("vote", "evaluation") whose session stands in a state and is still ahead; planned where none is fixed."""
    found = []
    for use in (VOTE, EVALUATION):
        session = session_of(cycle, use)
        ahead = cycle.state in BEFORE_THE_VOTE if use == VOTE else cycle.state not in OVER
        if ahead and (session.state if session else SessionState.PLANNED) == state:
            found.append(use)
    return found


def obstacles_to_moving(cycle: Cycle, at: datetime) -> list[str]:
    """The chair moves what has only been planned; a published day is the presidium's to change."""
    if movable(cycle, SessionState.PLANNED):
        return []
    return [_("会期已由主席团公布或者会议已经举行；已公布、尚未举行的，由主席团决定改期。")]


def faults_of_move(cycle: Cycle, use: str, held_on: date, on: date) -> list[str]:
    """Why a session cannot be moved to a day, for any year it serves; empty means it can."""
    if held_on <= on:
        return [_("会议日期须晚于今天。")]
    before = session_date(cycle, use)
    if held_on == before:
        return [_("与原定日期相同。")]
    return [
        reason.text
        for year, its in years_at(cycle, use)
        for reason in _outlook(year, its, held_on).obstacles
        if reason.code != "chain_too_long" or _makes_too_short(year, its, held_on < before)
    ]


def _makes_too_short(year: Cycle, use: str, earlier: bool) -> bool:
    """Whether the chain of step 2 is still ahead and the move takes time from it; a later day only helps."""
    return use == VOTE and earlier and year.state in BEFORE_THE_LIST


def _outlook(year: Cycle, use: str, held_on: date) -> Outlook:
    # What is only planned has to hold too: the table keeps T2 after T.
    t = held_on if use == VOTE else max(session_date(year, VOTE), year.planned_t)
    t2 = held_on if use == EVALUATION else min(session_date(year, EVALUATION), year.planned_t2)
    return outlook(year.opens_on, t, t2, rules_for(year))


def told_of_move(cycle: Cycle, use: str, held_on: date) -> list[str]:
    """What a move brings with it beside the deadlines: how many of which years move, and what to mind."""
    return [line for year, its in years_at(cycle, use) for line in _told(year, its, held_on)]


def _told(year: Cycle, use: str, held_on: date) -> Iterator[str]:
    n = len(moving(year, **{use: held_on})) + len(coming(year, **{use: held_on}))
    yield _("%(year)s：%(n)s 项期限随之变动。") % {"year": year, "n": n}
    if use == VOTE and year.state in BEFORE_THE_LIST:
        yield from _outlook(year, use, held_on).sentences()


def table_of_move(cycle: Cycle, use: str, held_on: date, *, doing: str = "") -> Foreseen | None:
    """Every deadline that a move would put on another day, old and new, begun ones first; None where none would be.

    doing: the key of the task that moves the session by being done; its own deadline is no longer of interest.
    """
    years = years_at(cycle, use)
    lines = [(year, line) for year, its in years for line in _lines(year, its, held_on, doing)]
    if not lines:
        return None
    heads = _("事项"), _("办理情况"), _("原定期限"), _("改动后的期限")
    title = _("%(n)s 项期限随之改动") % {"n": len(lines)}
    if len(years) == 1:
        return Foreseen(title, heads, tuple(line for _year, line in lines))
    told = tuple((line[0], str(year), *line[1:]) for year, line in lines)
    return Foreseen(title, (heads[0], _("年度"), *heads[1:]), told)


def _lines(year: Cycle, use: str, held_on: date, doing: str) -> Iterator[tuple[str, ...]]:
    for deadline, due in moving(year, **{use: held_on}):
        if deadline.key != doing:
            title = worded(deadline.task.flow_task.task_title, year.unit)
            old = _day(deadline.due_on, deadline.provisional)
            yield title, _("办理中"), old, _day(due.on, due.provisional)
    for key, before, after in coming(year, **{use: held_on}):
        days = (_day(due.on, due.provisional) for due in (before, after))
        yield worded(TASK_TIMES[key].title, year.unit), _("未开始"), *days


def _day(day: date | None, provisional: bool) -> str:
    if day is None:
        return _("未定期限")
    told = date_format(day, "DATE_FORMAT")
    return _("%(day)s（暂定）") % {"day": told} if provisional else told


def move(act: Act, cycle: Cycle, *, use: str, new_day: date, reason: str) -> Outcome:
    """调整会期: the session's day for every year it serves; refused where one of them could not hold."""
    if faults := faults_of_move(cycle, use, new_day, act.on):
        raise Refused(*faults)
    moved = move_session(act, cycle, use=use, held_on=new_day, reason=reason)
    return Outcome(after={"moved": moved}, reason=reason)


def choices_of(cycle: Cycle, uses: list[str]) -> list[tuple[str, Any]]:
    """The sessions that may be moved, each with the day it stands on."""
    titles = {VOTE: _("票决会期（现为 %(day)s）"), EVALUATION: _("评估会期（现为 %(day)s）")}
    return [
        (use, titles[use] % {"day": date_format(session_date(cycle, use), "DATE_FORMAT")}) for use in uses
    ]
