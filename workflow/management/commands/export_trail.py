"""``manage.py export_trail``: a unit's trail as a file."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from workflow.audit.exporters import FORMATS, lines_in, record_export
from workflow.audit.models import Head
from workflow.audit.services import Act
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

NOT_USABLE = 2
PROGRESS_EVERY = 5000


class Command(BaseCommand):
    help = (
        "导出一个单位的办理记录。jsonl：每行一条，与入链的内容逐字节相同，可供独立核验；csv：供电子表格阅读。"
        "按年度导出时，序号（index）和前一条校验值（prev）仍是整条链上的，未导出的年份显示为序号间断。"
        "每次导出本身也记入办理记录。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, metavar="CODE", help="乡镇、街道或县的编码")
        parser.add_argument("--year", type=int, help="只要这一年（按办理时间）的记录")
        parser.add_argument("--format", choices=sorted(FORMATS), default="jsonl", dest="form")
        parser.add_argument("--output", required=True, metavar="FILE", help="输出文件；- 为标准输出")

    def handle(self, *args: Any, unit: str, year: int | None, form: str, output: str, **options: Any) -> None:
        try:
            self._export(unit, year, form, output)
        except DatabaseError as error:
            raise CommandError(
                f"数据库无法读取：{str(error).splitlines()[0]}", returncode=NOT_USABLE
            ) from error

    def _export(self, unit: str, year: int | None, form: str, output: str) -> None:
        with within(SYSTEM):
            exported = tenant_of(unit)
            operator = getattr(settings, "TRAIL_OPERATOR", "operator")
            record_export(Act(None, operator, exported, timezone.now()), exported, form=form, year=year)
        with _opened(output) as target, within(SYSTEM):
            self._write(target, exported, year, form)

    def _write(self, target: BinaryIO, unit: Unit, year: int | None, form: str) -> None:
        head = Head.objects.filter(unit=unit).first()
        done = 0

        def counted() -> Iterator[Any]:
            nonlocal done
            for done, line in enumerate(lines_in(unit, year), 1):
                yield line
                if done % PROGRESS_EVERY == 0:
                    self.stderr.write(f"已导出 {done} 条（全部 {head.size if head else 0} 条）")

        for chunk in FORMATS[form](counted()):
            target.write(chunk)
        self.stderr.write(f"{unit.name}：共导出 {done} 条。")


def tenant_of(code: str) -> Unit:
    """The unit with a trail of its own that a code names; exit status 2 for any other."""
    unit = Unit.objects.select_related("tenant").filter(code=code).first()
    if unit is None:
        raise CommandError(f"没有编码为“{code}”的单位。", returncode=NOT_USABLE)
    if not unit.is_tenant:
        home = f"，请用 {unit.tenant.code}（{unit.tenant.name}）" if unit.tenant else ""
        raise CommandError(f"“{unit.name}”的记录在所属乡镇的记录里{home}。", returncode=NOT_USABLE)
    return unit


@contextmanager
def _opened(output: str) -> Iterator[BinaryIO]:
    """A file that takes its name only when it is complete."""
    if output == "-":
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError as error:
            # Whoever read us has seen enough; the interpreter must not stumble over the pipe again at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise CommandError("输出中断，未全部写出。", returncode=NOT_USABLE) from error
        return
    path = Path(output)
    partial = path.with_name(f"{path.name}.part")
    try:
        with partial.open("wb") as target:
            yield target
        partial.replace(path)
    except OSError as error:
        raise CommandError(f"无法写入 {output}：{error.strerror}", returncode=NOT_USABLE) from error
    finally:
        partial.unlink(missing_ok=True)
