"""``manage.py seat_table``: who does what, when, and on what ground."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localdate

from projects.cycles.models import Cycle
from projects.cycles.numerals import numeral
from projects.cycles.selectors import cycles_of
from projects.cycles.steps import STEPS
from projects.lifecycle.seat_table import SeatRow, as_json, rows_of
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import HALLS, Unit

NOT_USABLE = 2
PERIOD_HELP = "一年分几个时段的，写时段名称，如“下半年”；与 --year 同用"
HEAD = ("环节", "事项", "职务", "办理人", "期限", "依据", "可退回至")


class Command(BaseCommand):
    help = "座位表：每个环节的每件事由谁办、何时办、依据什么、可以退回给谁。由流程本身生成。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, metavar="CODE", help="乡镇或街道的编码")
        parser.add_argument(
            "--year", type=int, help="项目年度；不写则取最近一个年度，没有年度时期限用文字表示"
        )
        parser.add_argument("--period", metavar="LABEL", help=PERIOD_HELP)
        parser.add_argument("--json", action="store_true", dest="as_json", help="以 JSON 输出")

    def handle(
        self,
        *args: Any,
        unit: str,
        year: int | None = None,
        period: str | None = None,
        as_json: bool = False,
        **options: Any,
    ) -> None:
        with within(SYSTEM):
            township = township_of(unit)
            rows = rows_of(township, cycle_for(township, year, period), localdate())
        self.stdout.write(_json(rows) if as_json else table(rows))


def unit_of(code: str) -> Unit:
    """The unit a code names; exit status 2 when there is none."""
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        raise CommandError(f"没有编码为“{code}”的单位。", returncode=NOT_USABLE)
    return unit


def township_of(code: str) -> Unit:
    """The township or subdistrict a code names; exit status 2 when there is none."""
    unit = unit_of(code)
    if unit.kind not in HALLS:
        raise CommandError(f"“{unit.name}”不是乡镇或街道。", returncode=NOT_USABLE)
    return unit


def cycle_for(unit: Unit, year: int | None, period: str | None = None) -> Cycle | None:
    """The cycle of a year and period, or the latest one; exit status 2 where they name none, or more than one.

    A year with one cycle needs no period; of several, the one for the whole year does not either.
    """
    if year is None:
        if period is not None:
            raise CommandError("用 --period 时请同时用 --year 指明年度。", returncode=NOT_USABLE)
        return cycles_of(unit).first()
    found = {cycle.period: cycle for cycle in cycles_of(unit).filter(year=year)}
    if not found:
        raise CommandError(f"{unit.name}没有 {year} 年度的工作。", returncode=NOT_USABLE)
    wanted = next(iter(found)) if period is None and len(found) == 1 else period or ""
    if wanted not in found:
        named = "、".join(f"“{label}”" for label in sorted(found))
        raise CommandError(
            f"{unit.name} {year} 年度分时段，请用 --period 指明：{named}。", returncode=NOT_USABLE
        )
    return found[wanted]


def _json(rows: list[SeatRow]) -> str:
    return json.dumps(as_json(rows), ensure_ascii=False, indent=2)


def table(rows: list[SeatRow]) -> str:
    """The rows as a Markdown table."""
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    return "\n".join(lines + [_line(_cells(row)) for row in rows])


def _line(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "／").replace("\n", " ") for cell in cells) + " |"


def _cells(row: SeatRow) -> tuple[str, ...]:
    who = (
        f"{row.office_title}（{row.body}）" if row.body and row.body != row.office_title else row.office_title
    )
    return (
        "各环节" if row.any_step else f"{numeral(row.step)} {STEPS[row.step]}",
        f"{row.title}（主动办理）" if row.event else row.title,
        who,
        "、".join(row.holder) or "（空缺）",
        row.deadline + ("（暂定）" if row.provisional else ""),
        row.basis,
        "、".join(target["title"] for target in row.returns_to) or "—",
    )
