"""What the two import commands share: read a workbook, check it whole, import all or nothing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from projects.management.commands.seat_table import unit_of
from workflow.administration import conf, imports, sheets
from workflow.administration.accounts import Slip
from workflow.audit.services import Act
from workflow.people.isolation import SYSTEM, within

WRONG, NOT_USABLE = 1, 2


class ImportCommand(BaseCommand):
    """Exit status: 0 imported; 1 rows with errors, printed one by one, nothing imported; 2 not usable."""

    kind: ClassVar[imports.Kind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="按模板填写的 .xlsx")
        parser.add_argument(
            "--county", required=True, metavar="CODE", help="所属县的编码；只能导入它管理范围内的单位"
        )

    def handle(self, *args: Any, file: str, county: str, **options: Any) -> None:
        raw = self._read(file)
        try:
            with within(SYSTEM):
                scope = unit_of(county)
                act = Act(None, conf.operator(), scope, timezone.now())
                slips = imports.run(self.kind, raw, act, scope)
        except imports.ImportRefused as refused:
            self._explain(refused.rows)
            sys.exit(WRONG)
        for slip in slips:
            self.stdout.write(said(slip))
        self.stderr.write(f"已导入 {len(raw)} 行。")

    def _read(self, file: str) -> list[dict[str, str]]:
        try:
            with Path(file).open("rb") as opened:
                return sheets.read(opened, self.kind.columns, required=self.kind.required)
        except OSError as error:
            raise CommandError(f"无法读取 {file}：{error.strerror}", returncode=NOT_USABLE) from error
        except sheets.Unreadable as error:
            raise CommandError(str(error), returncode=NOT_USABLE) from error

    def _explain(self, rows: list[imports.Row]) -> None:
        for row in rows:
            if row.errors:
                self.stdout.write(f"第 {row.line} 行：{''.join(row.errors)}")
        self.stderr.write("没有导入任何内容。")


def said(slip: Slip) -> str:
    """A one-time sign-in slip as one line of tab-separated text."""
    return "\t".join((slip.user.name, "；".join(slip.offices), slip.user.username, slip.password))
