"""Doing an open task by its key, as whoever's turn it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from projects.cycles.models import Cycle
from projects.cycles.papers import make_paper
from projects.demo.cast import Township
from workflow.audit.models import Entry
from workflow.flows.models import Deadline
from workflow.flows.services import complete
from workflow.people.models import User

SHANGHAI = ZoneInfo("Asia/Shanghai")
_curtain: ContextVar[datetime] = ContextVar("piaojue_curtain")

# What goes on for long: says before each of its parts when it begins, and plays it when asked for the next.
Strand = Iterator[datetime]


class CurtainFallen(Exception):
    """The play has come to the moment it stops at; what would come later is left to real people."""


@contextmanager
def curtain(at: datetime) -> Iterator[None]:
    """Play a block up to `at`; the first act after it ends the block quietly."""
    token = _curtain.set(at)
    try:
        yield
    except CurtainFallen:
        pass
    finally:
        _curtain.reset(token)


class Beside:
    """What goes on in a township beside what is being played: each part begins before the first act later than it.

    So the trail has one year's building and the next year's collection in the order of time.
    """

    def __init__(self) -> None:
        self._strands: list[tuple[datetime, Strand]] = []

    def add(self, strand: Strand) -> None:
        """From now on this goes on too."""
        self._go_on(strand)

    def catch_up(self, at: datetime) -> None:
        """Play every part that begins by then, the earliest first."""
        while self._strands and min(self._strands, key=_begins)[0] <= at:
            self._next()

    def play_out(self) -> None:
        """Play everything to its end, or to the curtain."""
        while self._strands:
            self._next()

    def _next(self) -> None:
        earliest = min(self._strands, key=_begins)
        self._strands.remove(earliest)
        self._go_on(earliest[1])

    def _go_on(self, strand: Strand) -> None:
        # Its own acts must not make it catch up with itself.
        token = _beside.set(None)
        try:
            self._strands.append((next(strand), strand))
        except (StopIteration, CurtainFallen):
            pass  # it has come to its end, or to where real people go on
        finally:
            _beside.reset(token)


def _begins(one: tuple[datetime, Strand]) -> datetime:
    return one[0]


_beside: ContextVar[Beside | None] = ContextVar("piaojue_beside", default=None)


@contextmanager
def going_on(beside: Beside) -> Iterator[None]:
    """Play a block while other things go on beside it."""
    token = _beside.set(beside)
    try:
        yield
    finally:
        _beside.reset(token)


def moment(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """An instant of a day in local time, at which something is done now; CurtainFallen after the curtain."""
    at = planned(day, hour, minute)
    if (falls := _curtain.get(None)) and at > falls:
        raise CurtainFallen
    if beside := _beside.get():
        beside.catch_up(at)
    return by_now(at)


def planned(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """An instant of a day in local time, whether it is reached or not."""
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def by_now(at: datetime) -> datetime:
    """When it is really done: what is planned for the rest of this very day is done by now, and nothing later than it is."""
    real = datetime.now(SHANGHAI)
    return min(at, real) if at.date() == real.date() else at


def open_tasks(cycle: Cycle, key: str, **filters: Any) -> list[Deadline]:
    """The open tasks of a key in a cycle, in the order they were opened."""
    return list(
        Deadline.objects.filter(about=cycle.reference, key=key, done_at=None, cancelled=False, **filters)
        .select_related("seat")
        .order_by("pk")
    )


def do_task(
    cycle: Cycle,
    key: str,
    actor: User,
    day: date,
    *,
    hour: int = 9,
    filters: dict[str, Any] | None = None,
    **data: Any,
) -> Entry:
    """Complete the one open task of a key, in person where it asks for that; LookupError when it is not exactly one."""
    at = moment(day, hour)
    tasks = open_tasks(cycle, key, **(filters or {}))
    if len(tasks) != 1:
        raise LookupError(f"{key}: {len(tasks)} open tasks")
    return complete(tasks[0].task_id, actor=actor, data=data, at=at, reauthenticated=True)


def meeting(
    members: list[User], day: date, *, agree: bool = True, minutes: str = "", reason: str = ""
) -> dict[str, Any]:
    """A full meeting's data: all members attend and vote alike."""
    n = len(members)
    return {
        "held_on": day.isoformat(),
        "attended": [str(user.pk) for user in members],
        "votes_for": n if agree else 0,
        "votes_against": 0 if agree else n,
        "votes_abstain": 0,
        "minutes": minutes or "会议听取汇报，经充分讨论，形成一致意见。",
        "return_reason": "" if agree else reason or "资金安排和责任单位未写明，请补充后再报。",
    }


def say_what_is_generated(town: Township, cycle: Cycle, day: date, words: str) -> None:
    """A paper on the year's file, for anybody to read: which of its figures are printed and which are generated."""
    clerk = town.act("clerk", moment(day))
    make_paper(clerk, cycle, "demo_note", "演示数据说明", body=words, step=1, publish=True)


def close_session(town: Township, day: date, *, hour: int = 17) -> None:
    """The chair closes the session that is open, unless something is left to be done at it."""
    closing = Deadline.objects.filter(
        unit=town.unit, key="supervision.close_session", done_at=None, cancelled=False
    )
    for deadline in closing.select_related("task__process"):
        at = moment(day, hour)
        if not deadline.task.flow_task.obstacles(deadline.task.process.artifact, at):
            complete(deadline.task_id, actor=town.of("chair"), data={}, at=at)


def assembly(
    n: int, present: int, day: date, *, votes_for: int | None = None, minutes: str = ""
) -> dict[str, Any]:
    """A congress decision by numbers; by default everyone present agrees."""
    agreed = present if votes_for is None else votes_for
    return {
        "held_on": day.isoformat(),
        "present_number": present,
        "votes_for": agreed,
        "votes_against": 0,
        "votes_abstain": present - agreed,
        "minutes": minutes or "大会以全体代表的过半数通过。",
    }
