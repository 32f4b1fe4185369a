"""Which backups are kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Keep:
    """For how many days, weeks and months the last backup of each is kept, counted back from the newest one."""

    days: int
    weeks: int = 0
    months: int = 0

    def of(self, made: Iterable[tuple[str, date]]) -> set[str]:
        """The names to keep. made: name and local day of each, the names in the order they were made."""
        found = sorted(made)
        if not found:
            return set()
        newest = found[-1][1]
        spans: tuple[tuple[int, Callable[[date], int]], ...] = (
            (self.days, date.toordinal),
            (self.weeks, _week),
            (self.months, _month),
        )
        kept = {found[-1][0]}
        for count, number in spans:
            last = {number(day): name for name, day in found if number(newest) - number(day) < count}
            kept |= set(last.values())
        return kept


def _week(day: date) -> int:
    return (day.toordinal() - 1) // 7  # Monday first


def _month(day: date) -> int:
    return day.year * 12 + day.month
