"""By which ways a person is written to, and when; pure.

Urgencies and channels are known by their names alone. Times are aware and in local time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from workflow.calendar.workdays import is_working_day, next_working_day

IN_APP, EMAIL, SMS = "in_app", "email", "sms"
OUTSIDE = (EMAIL, "wecom", "dingtalk", "feishu", SMS)
AT_ONCE, DAILY, WEEKLY = "at_once", "daily", "weekly"
DIGESTED = (IN_APP, EMAIL)  # a group's robot or a telephone is no place for a list
MORNING = time(8)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Choice:
    """What a person has chosen. ways: channels outside the site by urgency; pace: by urgency, at_once where unnamed.

    quiet: from and until, the latter on the next day where it is earlier; None: no quiet hours. rest_days: nothing
    leaves the site on a day nobody works. urgent_through: urgent letters wait for neither.
    """

    language: str
    ways: Mapping[str, Iterable[str]]
    pace: Mapping[str, str] = field(default_factory=dict)
    quiet: tuple[time, time] | None = None
    rest_days: bool = False
    urgent_through: bool = True


USUAL = Choice(
    language="zh-hans",
    ways={"urgent": OUTSIDE, "normal": OUTSIDE[:-1], "low": OUTSIDE[:-1]},
)


@dataclass(frozen=True)
class Sending:
    """One copy of a letter. not_before: held until then, None: at once; digest: then as a part of a summary."""

    channel: str
    not_before: datetime | None = None
    digest: bool = False


def sendings(
    choice: Choice, urgency: str, at: datetime, *, duty: bool = False, outside: bool = True
) -> list[Sending]:
    """The copies of one letter to one person, inside the site first.

    A letter that is a duty always goes inside the site and by e-mail, at once. outside: whether the letter leaves the
    site at all.
    """
    pace = AT_ONCE if duty else choice.pace.get(urgency, AT_ONCE)
    chosen = set(choice.ways.get(urgency, ())) | ({EMAIL} if duty else set())
    ways = [way for way in OUTSIDE if way in chosen] if outside else []
    if pace != AT_ONCE:
        due = digest_at(pace, at)
        return [Sending(way, due, digest=True) for way in (IN_APP, *ways) if way in DIGESTED]
    waits = not duty and not (urgency == "urgent" and choice.urgent_through)
    held = held_until(choice, at) if waits else None
    return [Sending(IN_APP), *(Sending(way, held) for way in ways)]


def held_until(choice: Choice, at: datetime) -> datetime | None:
    """When a letter written at a time may leave the site; None: now."""
    free = _end_of_quiet(choice, at)
    if choice.rest_days and not is_working_day(free.date()):
        morning = choice.quiet[1] if choice.quiet else MORNING
        free = _at(next_working_day(free.date()), morning, at)
    return free if free > at else None


def digest_at(pace: str, at: datetime) -> datetime:
    """The morning of the next summary: of the next working day, or of the first one of next week."""
    day = at.date() + ONE_DAY
    if pace == WEEKLY:
        day += timedelta(days=(7 - day.weekday()) % 7)
    return _at(next_working_day(day), MORNING, at)


def _end_of_quiet(choice: Choice, at: datetime) -> datetime:
    if choice.quiet is None:
        return at
    start, end = choice.quiet
    now = at.time().replace(tzinfo=None)
    if start <= end:
        return _at(at.date(), end, at) if start <= now < end else at
    if now >= start:
        return _at(at.date() + ONE_DAY, end, at)
    return _at(at.date(), end, at) if now < end else at


def _at(day: date, clock: time, like: datetime) -> datetime:
    return datetime.combine(day, clock, tzinfo=like.tzinfo)
