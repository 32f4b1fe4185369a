"""``manage.py rulebook``: every rule a unit lives by, with its range, default, grade and basis."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand

from projects.cycles.rulebook import GRADES, Row
from projects.cycles.selectors import rules_in_force
from projects.management.commands.seat_table import township_of
from workflow.people.isolation import SYSTEM, within


class Command(BaseCommand):
    help = "规则手册：一个单位现行的每条规则，及其可设范围、默认值、依据的效力和出处。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, metavar="CODE", help="乡镇或街道的编码")
        parser.add_argument("--json", action="store_true", dest="as_json", help="以 JSON 输出")

    def handle(self, *args: Any, unit: str, as_json: bool, **options: Any) -> None:
        with within(SYSTEM):
            rows = rules_in_force(township_of(unit)).describe()
        self.stdout.write(_json(rows) if as_json else table(rows))


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
