"""When what falls due, and how long the papers of the file are kept (rules.md §9, integrity.md §1.6). Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from workflow.calendar.offsets import Offset, resolve

PERMANENT = "permanent"
# 永久, 30年, 10年: what decides or shows rights; what shows how the work was done; what served the day.
DECISIONS = frozenset(
    {
        "scheme", "minutes", "reply", "bill", "candidate_table", "agenda", "explanation", "method", "tellers", "trackers",
        "tally_report", "vote_decision", "resolution_draft", "resolution", "announcement", "change_notice", "measurement", "account",
        "presidium_report", "erasure_certificate",
    }
)  # fmt: skip
ROUTINE = frozenset({"convening", "readiness", "materials", "training", "visits", "circular", "demo_note"})


def due_after(since: date, months: int) -> date:
    """The first day on which what is kept `months` (≥ 0) after a day may be erased; a working day."""
    return resolve(Offset("after", months, "month"), {"after": since}).on


def kept_since(on: date, months: int) -> date:
    """The first day of the last `months` before a day: what is older has been kept that long."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def class_of(kind: str) -> str:
    """The class of a kind of paper by how long it is kept: "decisions", "business" or "routine"."""
    if kind in DECISIONS:
        return "decisions"
    return "routine" if kind in ROUTINE else "business"


def archived_until(year: int, term: str) -> date | None:
    """The last day of a term counted from the first of January after the file's year; None for 永久.

    term: "permanent", or a number of years.
    """
    return None if term == PERMANENT else date(year + int(term), 12, 31)


def next_number(year: int, given: Iterable[str]) -> str:
    """The next number of a certificate in a unit's series of a year: 2028-3. given: the unit's own so far, any year's."""
    taken = [int(number.partition("-")[2]) for number in given if number.startswith(f"{year}-")]
    return f"{year}-{max(taken, default=0) + 1}"
