"""``manage.py backup``: one backup now, and those past their term removed."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from projects.site.backups.making import Afterwards, back_up
from projects.site.backups.programs import Unusable
from projects.site.backups.rotation import Keep
from workflow.administration.conf import operator


class Command(BaseCommand):
    help = (
        "备份数据库、上传的附件和清单（各单位办理记录的条数与校验值、各部分的 SHA-256），只有本系统的用户可读；"
        "做成后按保留份数删去过期的备份。正在进行的电子投票的密封票不进备份。"
        "退出码：0 已做成；1 未做成；2 已做成，但没有登记，或者过期的没有删完。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to",
            type=Path,
            default=settings.BACKUPS_DIR,
            metavar="DIR",
            help="存放目录，默认 PIAOJUE_BACKUPS",
        )
        parser.add_argument(
            "--keep", type=_keep, default=Keep(*settings.BACKUPS_KEPT), metavar="N[,W,M]",
            help="按日保留 N 份、按周 W 份、按月 M 份，默认 PIAOJUE_BACKUP_KEEP（7,4,12）",
        )  # fmt: skip
        parser.add_argument(
            "--with-keys", action="store_true", help="连同签名密钥文件一起备份（默认不含，请另行妥善保管）"
        )

    def handle(self, *args: Any, to: Path, keep: Keep, with_keys: bool, **options: Any) -> None:
        try:
            made, gone = back_up(
                to.absolute(), keep, at=timezone.now(), office=operator(), with_keys=with_keys
            )
        except Unusable as refused:
            raise CommandError(f"没有做成备份：{refused}") from refused
        except Afterwards as failed:
            raise CommandError(str(failed), returncode=2) from failed
        self.stdout.write(f"已备份：{made.folder}")
        self.stdout.write(
            f"大小 {made.size:,} 字节，附件 {made.manifest['files']} 个，清单 SHA-256 {made.digest}"
        )
        for name in gone:
            self.stdout.write(f"已删去过期的备份：{name}")


def _keep(text: str) -> Keep:
    found = re.fullmatch(r"([1-9]\d{0,2})(?:,(\d{1,3}),(\d{1,3}))?", text)
    if found is None:
        raise ArgumentTypeError("应为天数，或者天、周、月三个数，例如 7,4,12")
    return Keep(int(found[1]), int(found[2] or 0), int(found[3] or 0))
