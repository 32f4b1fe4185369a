"""``manage.py restore_drill``: whether a backup could be relied on, tried out in a server of its own."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from projects.site.backups.drilling import Drill, drill, record
from projects.site.backups.programs import Unusable, in_one_line
from projects.site.backups.telling import backup_named
from workflow.administration.conf import operator
from workflow.management.commands.verify_trail import feeds_in

FAULTY, NOT_USABLE = 1, 2


class Command(BaseCommand):
    help = (
        "恢复演练：把备份恢复到新建的、用后即删的数据目录和数据库里，不动现用的系统；逐条核验全部办理记录，"
        "与清单、各表行数、现用系统的校验值、时间戳和 --heads 给出的系统外留存的校验值比对，结果记入办理记录。"
        "退出码：0 完好；1 有问题；2 无法演练。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "backup", metavar="BACKUP", help="备份的目录，或 PIAOJUE_BACKUPS 下的名称；latest 为最近一份"
        )
        parser.add_argument(
            "--heads", action="append", default=[], metavar="FILE", help="外部留存的校验值文件，可写多次"
        )

    def handle(self, *args: Any, backup: str, heads: list[str], **options: Any) -> None:
        feeds = [feed for path in heads for feed in feeds_in(path)]
        try:
            done = drill(backup_named(backup), feeds)
        except Unusable as refused:
            raise CommandError(f"无法演练：{refused}", returncode=NOT_USABLE) from refused
        for line in report(done):
            self.stdout.write(line)
        if done.known.reachable:
            try:
                with in_one_line():
                    record(done, at=timezone.now(), office=operator())
            except Unusable as refused:
                raise CommandError(f"演练结果没有记入办理记录：{refused}", returncode=NOT_USABLE) from refused
            self.stdout.write("演练结果已记入办理记录。")
        else:
            self.stdout.write(
                "现用的数据库无法读取，演练结果没有记入办理记录，请在系统恢复使用后重新演练一次。"
            )
        if done.faults:
            sys.exit(FAULTY)


def report(done: Drill) -> list[str]:
    """What a drill found, for the operator."""
    at = done.backup.manifest["made_at"]
    registered = "清单与办理记录登记的一致。" if done.known.registered == done.backup.digest else ""
    lines = [
        f"恢复演练：{done.backup.name}（{at} 的备份）",
        f"数据库：{done.tables} 张表 {done.rows} 行；附件：{done.files} 个。{registered}",
        f"办理记录：{len(done.chains)} 个单位 {done.entries} 条，逐条核验，与备份自己的清单比对。",
        *_compared(done),
        f"备份之后又有 {done.since} 条记录，恢复这份备份会失去它们。"
        if done.since
        else "备份之后没有新的记录。",
    ]
    if votes := done.backup.manifest["open_votes"]:
        lines.append(f"备份时有 {len(votes)} 项表决正在投票，其电子票不在备份内，恢复后须重新投票。")
    if votes := done.backup.manifest.get("votes_without_keyings"):
        lines.append(
            f"备份时有 {len(votes)} 项纸质票与电子票（按键）并用的表决正在计票，纸质票的录入数字不在备份内，"
            "计票尚未相符的，恢复后须重新录入。"
        )
    lines += [f"问题：{fault}" for fault in done.faults]
    minutes, seconds = divmod(round(done.seconds), 60)
    lines.append(
        f"用时 {minutes} 分 {seconds} 秒。结论：{'有问题，这份备份不可靠。' if done.faults else '完好，可以恢复。'}"
    )
    return lines


def _compared(done: Drill) -> list[str]:
    """With what else the trails were compared; what is out of this system's reach stands apart from what is not."""
    lines = [f"与现用系统的校验值 {done.own} 个比对。"] if done.own else []
    if done.stamps:
        lines.append(f"与时间戳服务器签发的时间戳 {done.stamps} 个比对。")
    if done.untold:
        lines.append(f"时间戳 {done.untold} 个无法核验（可信证书见 PIAOJUE_TSA_CA_FILE）。")
    if done.heads:
        lines.append(f"与系统外留存的校验值 {done.heads} 个比对。")
    else:
        lines.append("与系统外留存的校验值：没有可比的（未用 --heads 提供，或者都晚于这份备份）。")
    if not done.heads and not done.stamps:
        lines.append("备份和现用系统若一并被改，这次演练不能发现。")
    return lines
