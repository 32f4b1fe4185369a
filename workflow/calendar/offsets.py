"""A deadline as a distance from an anchor ("票决会议前 20 天"), and the day it falls on.

Anchors are names the caller gives dates to: C (the cycle opens), T and T2 (the two sessions), after (the
task before really ended), receipt, window (collection ends), plan (a project's planned completion), year
(any day of the project's year) and closing (any day of the year in which the project closes).
Deadlines counted forward that fall on a rest day move forward; those counted back from a date move back;
the day of a session itself never moves. Dates are days in Asia/Shanghai.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from workflow.calendar.workdays import (
    add_working_days,
    is_published,
    next_working_day,
    previous_working_day,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
SOON = timedelta(days=3)  # how far ahead a deadline is shown as near, everywhere
Anchor = Literal["C", "T", "T2", "after", "receipt", "window", "plan", "year", "closing"]
Unit = Literal["wd", "d", "month"]
Say = Callable[[str], str]

# On the day itself, before it and after it.
ANCHOR_WORDS: dict[str, tuple[str, str, str]] = {
    "C": ("年度工作启动当天", "年度工作启动前 %(length)s", "年度工作启动后 %(length)s"),
    "T": ("票决会议当天", "票决会议前 %(length)s", "票决会议后 %(length)s"),
    "T2": ("评估会议当天", "评估会议前 %(length)s", "评估会议后 %(length)s"),
    "after": ("上一事项办结当天", "上一事项办结前 %(length)s", "上一事项办结后 %(length)s"),
    "receipt": ("收到当天", "收到前 %(length)s", "收到后 %(length)s"),
    "window": ("征集期满当天", "征集期满前 %(length)s", "征集期满后 %(length)s"),
    "plan": ("计划完成日当天", "计划完成日前 %(length)s", "计划完成日后 %(length)s"),
}
UNIT_WORDS: dict[str, tuple[str, str]] = {
    "wd": ("1 个工作日", "%(n)s 个工作日"),
    "d": ("1 天", "%(n)s 天"),
    "month": ("1 个月", "%(n)s 个月"),
}
# By a date of the same year, of the one after it, and of the next.
YEAR_WORDS: dict[str, tuple[str, ...]] = {
    "year": (
        "当年 %(month)s 月 %(day)s 日前",
        "次年 %(month)s 月 %(day)s 日前",
        "第三年 %(month)s 月 %(day)s 日前",
        "第四年 %(month)s 月 %(day)s 日前",
    ),
    "closing": (
        "销号当年 %(month)s 月 %(day)s 日前",
        "销号次年 %(month)s 月 %(day)s 日前",
        "销号后第二年 %(month)s 月 %(day)s 日前",
    ),
}
FIXED_ANCHORS = frozenset(YEAR_WORDS)
SESSION_ANCHORS = frozenset({"C", "T", "T2"})


class AnchorMissing(LookupError):
    """The date a deadline hangs on is not known (yet)."""


@dataclass(frozen=True, slots=True)
class Offset:
    """`days` of `unit` from `anchor`, negative before it.

    For the anchors year and closing the deadline is a calendar date: `month` and `day` of the anchor's
    year plus `years`; `days` then shifts that date. Refuses a fixed date without month and day.
    """

    anchor: Anchor
    days: int = 0
    unit: Unit = "d"
    month: int = 0
    day: int = 0
    years: int = 0

    def __post_init__(self) -> None:
        if self.is_fixed_date and not (1 <= self.month <= 12 and 1 <= self.day <= 31):
            raise ValueError(f"{self.anchor}: a fixed date needs month and day")

    @property
    def is_fixed_date(self) -> bool:
        return self.anchor in FIXED_ANCHORS

    def with_length(self, length: int) -> Offset:
        """The same direction and unit, `length` (≥ 0) long."""
        return replace(self, days=-length if self.days < 0 else length)


@dataclass(frozen=True, slots=True)
class DueDate:
    """The day a task is due; provisional (暂定) while a year it rests on has no published arrangement."""

    on: date
    provisional: bool = False

    @property
    def ends_at(self) -> datetime:
        return ends_at(self.on)


def resolve(offset: Offset, anchors: Mapping[str, date]) -> DueDate:
    """The day `offset` falls on. Raises AnchorMissing when its anchor has no date in `anchors`."""
    if offset.anchor not in anchors:
        raise AnchorMissing(offset.anchor)
    start = _start(offset, anchors[offset.anchor])
    if offset.days == 0 and offset.anchor in SESSION_ANCHORS:
        return DueDate(start)
    on = _moved(offset, start)
    return DueDate(on, provisional=not all(map(is_published, _years_used(offset, start, on))))


def ends_at(day: date) -> datetime:
    """The last instant of the day in Asia/Shanghai: a deadline is kept until then."""
    return datetime.combine(day, time.max, tzinfo=SHANGHAI)


def describe(offset: Offset, say: Say = str) -> str:
    """The offset in words: 票决会议前 20 天; 收到后 5 个工作日; 次年 6 月 30 日前. say: what puts them into a language."""
    if offset.is_fixed_date:
        return _describe_fixed(offset, say)
    on_the_day, before, after = ANCHOR_WORDS[offset.anchor]
    if offset.days == 0:
        return say(on_the_day)
    return say(before if offset.days < 0 else after) % {"length": length_of(offset, say)}


def length_of(offset: Offset, say: Say = str) -> str:
    """How long an offset is: 5 个工作日."""
    one, more = UNIT_WORDS[offset.unit]
    return say(one) if abs(offset.days) == 1 else say(more) % {"n": abs(offset.days)}


def _describe_fixed(offset: Offset, say: Say) -> str:
    told = say(YEAR_WORDS[offset.anchor][offset.years]) % {"month": offset.month, "day": offset.day}
    return told + (say("（顺延 %(length)s）") % {"length": length_of(offset, say)} if offset.days else "")


def _start(offset: Offset, anchor: date) -> date:
    if not offset.is_fixed_date:
        return anchor
    return _clamped(anchor.year + offset.years, offset.month, offset.day)


def _moved(offset: Offset, start: date) -> date:
    if offset.unit == "wd" and offset.days:
        return add_working_days(start, offset.days)
    raw = _add_months(start, offset.days) if offset.unit == "month" else start + timedelta(days=offset.days)
    return previous_working_day(raw) if offset.days < 0 else next_working_day(raw)


def _years_used(offset: Offset, start: date, on: date) -> range:
    """Years whose arrangement the result rests on: all crossed for working days, else the last only."""
    if offset.unit != "wd":
        return range(on.year, on.year + 1)
    return range(min(start.year, on.year), max(start.year, on.year) + 1)


def _add_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return _clamped(day.year + years, month + 1, day.day)


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
