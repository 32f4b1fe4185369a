"""``manage.py export_trail``: a unit's trail as a file."""

from __future__ import annotations

import hashlib
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from workflow.administration.conf import operating_user, operator
from workflow.audit.exporters import (
    FORMATS,
    LONGEST_REASON,
    SHORTEST_REASON,
    NotExported,
    count_in,
    record_export,
    record_unmade,
)
from workflow.audit.exporters.extract import extract_of
from workflow.audit.exporters.manifest import ENDING, manifest_of
from workflow.audit.services import Act
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

NOT_USABLE = 2
PROGRESS_EVERY = 10_000


class Command(BaseCommand):
    help = (
        "导出一个单位的办理记录。jsonl：每行一条，与入链的内容逐字节相同，可供独立核验；csv、xlsx：供电子表格阅读；"
        "xes、ocel：供流程挖掘工具分析；pdf：供打印；dossier：年度卷宗（须写 --year）。"
        "按年度或事项导出时，序号（index）和前一条校验值（prev）仍是整条链上的，未导出的记录显示为序号间断。"
        "csv、jsonl 旁边另写一个说明文件（文件名加 .manifest.json），载明用途、条数、校验值、最近一次留存到系统之外的校验码之后的条数。"
        "每次导出本身也记入办理记录，连同运行本命令的操作系统用户和 --reason 写明的用途。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, metavar="CODE", help="乡镇、街道或县的编码")
        parser.add_argument("--year", type=int, help="只要这一年（按办理时间）的记录")
        parser.add_argument(
            "--subject", default="", metavar="REF", help="只要这一事项的记录，如 project:12、cycle:3"
        )
        parser.add_argument("--format", choices=sorted(FORMATS), default="jsonl", dest="form")
        parser.add_argument("--output", required=True, metavar="FILE", help="输出文件；- 为标准输出")
        parser.add_argument("--reason", default="", help="因何导出、交给谁，记入办理记录")

    def handle(self, *args: Any, output: str, reason: str, **options: Any) -> None:
        said = reason.strip()[:LONGEST_REASON]
        if reason and len(said) < SHORTEST_REASON:
            raise CommandError(f"--reason 至少写 {SHORTEST_REASON} 个字。", returncode=NOT_USABLE)
        if not said:
            self.stderr.write(
                f"没有用 --reason 写明导出的用途，办理记录只记操作系统用户“{operating_user()}”。"
            )
        try:
            self._export(
                output, **{name: options[name] for name in ("unit", "year", "subject", "form")}, reason=said
            )
        except NotExported as refused:
            raise CommandError(str(refused), returncode=NOT_USABLE) from refused
        except DatabaseError as error:
            raise CommandError(
                f"数据库无法读取：{str(error).splitlines()[0]}", returncode=NOT_USABLE
            ) from error

    def _export(self, output: str, unit: str, year: int | None, subject: str, form: str, reason: str) -> None:
        with within(SYSTEM):
            exported = tenant_of(unit)
            extract = extract_of(
                exported, year=year, subject=subject, within=lambda: within(SYSTEM), tick=self._tick
            )
            entry = record_export(
                Act(None, operator(), exported, timezone.now()),
                extract,
                form=form,
                reason=reason,
                user=operating_user(),
            )
        self._done, self._size, digest = 0, extract.until, hashlib.sha256()
        try:
            with _opened(output) as target:
                for piece in FORMATS[form].write(extract):
                    target.write(piece)
                    digest.update(piece)
        except (NotExported, CommandError) as why:
            with within(SYSTEM):
                act = Act(None, operator(), exported, timezone.now())
                record_unmade(act, entry.pk, form=form, why=str(why))
            raise
        if FORMATS[form].bare and output != "-":
            with _opened(f"{output}{ENDING}") as beside:
                beside.write(manifest_of(entry, file=Path(output).name, sha256=digest.hexdigest()))
        with within(SYSTEM):
            count = count_in(form, extract)
        left = (
            f"最近一次留存到系统之外的校验码之后有 {extract.after_head} 条。"
            if extract.outside
            else "还没有校验码留存到系统之外。"
        )
        self.stderr.write(f"{exported.name}：共导出 {count} 条。{left}")

    def _tick(self, read: int) -> None:
        self._done += read
        if self._done % PROGRESS_EVERY < read:
            self.stderr.write(f"已读 {self._done} 条（全部 {self._size} 条）")


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
