"""``manage.py rulebook``: every rule a unit lives by, with its range, default, grade and basis."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand

from projects.cycles.rulebook import GRADES, Row, Rules
from projects.cycles.selectors import rules_for, rules_in_force
from projects.management.commands.seat_table import PERIOD_HELP, cycle_for, township_of
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit


class Command(BaseCommand):
    help = "规则手册：一个单位现行的（或某一年度固定的）每条规则，及其可设范围、默认值、依据的效力和出处。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, metavar="CODE", help="乡镇或街道的编码")
        parser.add_argument("--year", type=int, help="项目年度：该年度启动时固定的规则；不写则为现行规则")
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
            rows = _rules(township_of(unit), year, period).describe()
        self.stdout.write(_json(rows) if as_json else table(rows))


def _rules(unit: Unit, year: int | None, period: str | None) -> Rules:
    """The rules in force, or those a year runs by."""
    if year is None and period is None:
        return rules_in_force(unit)
    cycle = cycle_for(unit, year, period)
    return rules_for(cycle) if cycle else rules_in_force(unit)


def _json(rows: list[Row]) -> str:
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2)


def table(rows: list[Row]) -> str:
    """The rows under the headings of their groups, one Markdown table each."""
    parts = []
    for title, group in groupby(rows, key=lambda row: row.group_title):
        lines = [
            f"## {title}",
            "| 规则 | 现行 | 默认 | 可设范围 | 效力 | 依据 |",
            "|---|---|---|---|---|---|",
        ]
        parts.append("\n".join(lines + [_line(row) for row in group]))
    return "\n\n".join(parts)


def _line(row: Row) -> str:
    value = f"{row.text}（已改）" if row.changed else row.text
    cells = (row.title, value, row.default, row.range, GRADES[row.grade], row.basis)
    return "| " + " | ".join(str(cell).replace("|", "／") for cell in cells) + " |"
