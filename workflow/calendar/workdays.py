"""Working days of mainland China, make-up working days (调休) included.

The yearly arrangement of the State Council comes with the `holidays` package. It is published in the
autumn of the year before; until then only the statutory days and the weekends of a year are known, and
`is_published` says so, that dates resting on such a year can be shown as provisional (暂定).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from holidays.countries import CN

ONE_DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    """True for an ordinary weekday and for a weekend day worked in exchange for a holiday."""
    return day in _working_days(day.year)


def is_published(year: int) -> bool:
    """True when the data hold the official arrangement (放假安排) of the year."""
    return year in _published_years()


def last_published() -> int:
    """The last year whose official arrangement the data hold; what rests on a later one is provisional."""
    return max(_published_years())


def next_working_day(day: date) -> date:
    """The day itself when it is worked, else the first working day after it."""
    return day if is_working_day(day) else next(_walk(day, 1))


def previous_working_day(day: date) -> date:
    """The day itself when it is worked, else the last working day before it."""
    return day if is_working_day(day) else next(_walk(day, -1))


def add_working_days(day: date, n: int) -> date:
    """The n-th working day after `day` (before it when n is negative); `day` itself is not counted.

    n = 0 gives `next_working_day(day)`. The result is always a working day.
    """
    if n == 0:
        return next_working_day(day)
    walk = _walk(day, 1 if n > 0 else -1)
    for _ in range(abs(n) - 1):
        next(walk)
    return next(walk)


def working_days_between(start: date, end: date) -> int:
    """Working days after `start` up to and including `end`; negative when `end` lies before `start`.

    `working_days_between(d, add_working_days(d, n)) == n` for every n except 0 on a rest day.
    """
    step = 1 if end >= start else -1
    days = (start + timedelta(days=step * i) for i in range(1, abs((end - start).days) + 1))
    return step * sum(map(is_working_day, days))


def spring_festival(year: int) -> date | None:
    """The first day of the lunar year that begins in `year`; None outside the range of the data."""
    named = (day for day, name in _entity(year).items() if day.year == year and "Spring Festival" in name)
    return min(named, default=None)


def _walk(day: date, step: int) -> Iterator[date]:
    """The working days after `day` (step 1) or before it (step -1), nearest first."""
    while True:
        day += step * ONE_DAY
        if is_working_day(day):
            yield day


@lru_cache(maxsize=256)
def _working_days(year: int) -> frozenset[date]:
    rest = _entity(year)
    first = date(year, 1, 1)
    days = (first + timedelta(days=i) for i in range(366 if _is_leap(year) else 365))
    return frozenset(day for day in days if rest.is_working_day(day))


@lru_cache(maxsize=256)
def _entity(year: int) -> CN:
    # A make-up day in December may stand in the arrangement of the year after, so both years are read.
    # English is one of the languages the package ships; names are used only to find the Spring Festival.
    return CN(years=(year, year + 1), expand=False, language="en_US")


@lru_cache(maxsize=1)
def _published_years() -> frozenset[int]:
    return frozenset(CN(expand=False).special_public_holidays)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
