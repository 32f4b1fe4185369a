"""What stands in a cell of the county's lists, papers and workbooks: texts, numbers, days, sums, shares.

A page and a paper say it in words (`said`), a workbook keeps what it is with a format that says the same (`written`), so that
it can be sorted and added up there. A text is written as text alone: nothing it holds is ever a formula or a link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from projects.cycles.shares import share
from workflow.flows.money import FEN_PER_WAN, FEN_PER_YUAN, money, wan
from workflow.people.saying import in_chinese

NOTHING = "—"


@dataclass(frozen=True)
class Share:
    """A part of a whole: a paper says it in whole per cent, a workbook keeps what it really is."""

    part: int
    whole: int

    @property
    def exact(self) -> float:
        return self.part / self.whole


@dataclass(frozen=True)
class Fen:
    """A sum of money."""

    fen: int


@dataclass(frozen=True)
class Term:
    """The day something is due; provisional: it rests on holidays nobody has arranged yet."""

    day: date
    provisional: bool = False


@dataclass(frozen=True)
class Days:
    """A number of days that is told either way. before, after: how it is said above and below zero, with %(days)s; at: at zero."""

    days: int
    before: str
    after: str
    at: str


Cell = str | int | float | date | Share | Fen | Term | Days | None


def left(days: int) -> Days:
    """How many days something open has left, below zero past its day."""
    return Days(days, _("剩 %(days)s 天"), _("超期 %(days)s 天"), _("今日到期"))


def early(days: int) -> Days:
    """How many days before its day something was done, below zero after it."""
    return Days(days, _("提前 %(days)s 天"), _("逾期 %(days)s 天"), _("按期"))


def said(cell: Cell) -> str:
    """A cell in words, in the language of the moment. A float is a sum in 万元 under a head that says so."""
    match cell:
        case None:
            return NOTHING
        case Share():
            return f"{share(cell.part, cell.whole)}%"
        case Fen():
            return wan(cell.fen)
        case Term():
            day = date_format(cell.day)
            return _("%(day)s（暂定）") % {"day": day} if cell.provisional else day
        case Days():
            told = cell.before if cell.days > 0 else cell.after if cell.days else cell.at
            return told % {"days": abs(cell.days)} if cell.days else told
        case date():
            return date_format(cell)
        case float():
            return money(round(cell * FEN_PER_WAN), FEN_PER_WAN)
    return str(cell)


class Formats:
    """The formats of one workbook, each made once. add: of the workbook, from its properties."""

    def __init__(self, add: Callable[[dict[str, Any]], Any]) -> None:
        self._add = add
        self._made: dict[str, Any] = {}

    def of(self, words: str) -> Any:
        """The format that shows a number so."""
        if words not in self._made:
            self._made[words] = self._add({"num_format": words, "align": "left"})
        return self._made[words]


def written(sheet: Any, line: int, at: int, cell: Cell, formats: Formats) -> None:
    """Write a cell into a worksheet as what it is."""
    match cell:
        case Share():
            sheet.write_number(line, at, cell.exact, formats.of("0%"))
        case Fen():
            per, unit = (
                (FEN_PER_WAN, "万元") if in_chinese() else (FEN_PER_YUAN, _("%(sum)s 元") % {"sum": ""})
            )
            sheet.write_number(line, at, cell.fen / per, formats.of(f'General" {unit.strip()}"'))
        case Term():
            behind = _("%(day)s（暂定）") % {"day": ""} if cell.provisional else ""
            sheet.write_datetime(line, at, cell.day, formats.of(_day_shown(behind)))
        case Days():
            either = (_around(cell.before), _around(cell.after), f'"{cell.at}"')
            sheet.write_number(line, at, cell.days, formats.of(";".join(either)))
        case date():
            sheet.write_datetime(line, at, cell, formats.of(_day_shown("")))
        case int() | float():
            sheet.write_number(line, at, cell)
        case _:
            sheet.write_string(line, at, said(cell))


def _day_shown(behind: str) -> str:
    shown = 'yyyy"年"m"月"d"日"' if in_chinese() else "yyyy-mm-dd"
    return f'{shown}"{behind.strip()}"' if behind else shown


def _around(words: str) -> str:
    """Words around a number as a format of a workbook has them."""
    before, _number, after = words.partition("%(days)s")
    return "".join((f'"{before}"' if before else "", "0", f'"{after}"' if after else ""))
