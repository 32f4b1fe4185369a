"""``manage.py check_text``: whether a text is the one an entry of the trail commits to."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from workflow.audit.models import Entry, Salt
from workflow.audit.selectors import says
from workflow.people.isolation import SYSTEM, within

DIFFERENT, NOT_USABLE = 1, 2


class Command(BaseCommand):
    help = (
        "核对一段文字是不是某条办理记录所固定的原文（长文字在记录中只留加盐校验值）。"
        "退出码：0 一致；1 不一致；2 无法核对（没有这条记录、文件不可读，或盐已随原文删除）。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("entry", type=int, metavar="ID", help="办理记录编号（导出文件中的 id）")
        parser.add_argument("path", metavar="FIELD", help="字段名，例如 minutes")
        parser.add_argument("file", type=Path, metavar="FILE", help="原文（UTF-8），逐字符比对")

    def handle(self, *args: Any, entry: int, path: str, file: Path, **options: Any) -> None:
        try:
            text = file.read_bytes().decode()
            with within(SYSTEM):
                found = Entry.objects.filter(pk=entry).first()
                same = found is not None and says(found, path, text)
                opened = Salt.objects.filter(pk=entry).exists()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"文件无法读取：{file}", returncode=NOT_USABLE) from error
        except DatabaseError as error:
            raise CommandError(
                f"数据库无法读取：{str(error).splitlines()[0]}", returncode=NOT_USABLE
            ) from error
        if found is None:
            raise CommandError(f"没有编号为 {entry} 的办理记录。", returncode=NOT_USABLE)
        if not same and not opened:
            raise CommandError("文字不一致，或者这条记录的盐已经删除，无法核对。", returncode=NOT_USABLE)
        self.stdout.write("一致" if same else "不一致")
        if not same:
            sys.exit(DIFFERENT)
