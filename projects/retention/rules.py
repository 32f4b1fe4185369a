"""When what is kept of people falls due, and how certificates are numbered (integrity.md §1.6). Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from workflow.calendar.offsets import Offset, resolve


def due_after(since: date, months: int) -> date:
    """The first day on which what is kept `months` (≥ 0) after a day may be erased; a working day."""
    return resolve(Offset("after", months, "month"), {"after": since}).on


def kept_since(on: date, months: int) -> date:
    """The first day of the last `months` before a day: what is older has been kept that long."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def next_number(year: int, given: Iterable[str]) -> str:
    """The next number of a certificate in a unit's series of a year: 2028-3. given: the unit's own so far, any year's."""
    taken = [int(number.partition("-")[2]) for number in given if number.startswith(f"{year}-")]
    return f"{year}-{max(taken, default=0) + 1}"
