"""What the two import commands share: read a workbook, check it whole, import all or nothing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from projects.management.commands.seat_table import unit_of
from projects.management.ready import NOT_USABLE, tables_there
from workflow.administration import conf, imports, invitations, sheets
from workflow.administration.accounts import Slip, WrittenTo
from workflow.audit.services import Act
from workflow.people.isolation import SYSTEM, within

WRONG = 1


class ImportCommand(BaseCommand):
    """Exit status: 0 imported, or with --check nothing wrong; 1 rows with errors, printed one by one, nothing imported; 2 not usable."""

    kind: ClassVar[imports.Kind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="按模板填写的 .xlsx")
        parser.add_argument("--check", action="store_true", help="只逐行检查，不导入")
        parser.add_argument(
            "--county", required=True, metavar="CODE", help="所属县的编码；只能导入它管理范围内的单位"
        )

    def handle(self, *args: Any, file: str, county: str, check: bool, **options: Any) -> None:
        raw = self._read(file)
        try:
            with tables_there(), within(SYSTEM):
                scope = unit_of(county)
                act = Act(None, conf.operator(), scope, timezone.now())
                if check:
                    self._refuse_wrong(imports.checked(self.kind, raw, scope, act.on))
                    self.stderr.write(f"{len(raw)} 行全部正确，没有导入。")
                    return
                new = imports.run(self.kind, raw, act, scope)
        except imports.ImportRefused as refused:
            self._explain(refused.rows)
            sys.exit(WRONG)
        self._tell(new)
        self.stderr.write(f"已导入 {len(raw)} 行。")

    def _tell(self, new: Sequence[Slip | WrittenTo]) -> None:
        """Slips on standard output, alone; beside it who was written to, or why nobody was."""
        slips = [one for one in new if isinstance(one, Slip)]
        written = [one for one in new if isinstance(one, WrittenTo)]
        for slip in slips:
            self.stdout.write(said(slip))
        for one in written:
            self.stderr.write(f"已写信：{one.user.name}\t{one.user.username}\t{one.user.email}")
        if written:
            self.stderr.write("要改为打印登录单的，在“人员”页面为本人重置密码，信中的链接随之作废。")
        elif not invitations.can_write() and any(slip.user.email for slip in slips):
            self.stderr.write("本系统没有设置邮件服务器，不能写信，填写了邮箱的人员也打印登录单。")

    def _read(self, file: str) -> list[dict[str, str]]:
        try:
            with Path(file).open("rb") as opened:
                return sheets.read(opened, self.kind.columns, required=self.kind.required)
        except OSError as error:
            raise CommandError(f"无法读取 {file}：{error.strerror}", returncode=NOT_USABLE) from error
        except sheets.Unreadable as error:
            raise CommandError(str(error), returncode=NOT_USABLE) from error

    def _refuse_wrong(self, rows: list[imports.Row]) -> None:
        if any(row.errors for row in rows):
            raise imports.ImportRefused(rows)

    def _explain(self, rows: list[imports.Row]) -> None:
        for row in rows:
            if row.errors:
                self.stdout.write(f"第 {row.line} 行：{''.join(row.errors)}")
        self.stderr.write("没有导入任何内容。")


def said(slip: Slip) -> str:
    """A one-time sign-in slip as one line of tab-separated text."""
    return "\t".join((slip.user.name, "；".join(slip.offices), slip.user.username, slip.password))
