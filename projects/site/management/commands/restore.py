"""``manage.py restore``: a backup put in place of what was lost."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from projects.site.backups.making import Backup
from projects.site.backups.programs import Unusable
from projects.site.backups.restoring import Checked, restore
from projects.site.backups.telling import backup_named
from workflow.administration.conf import operator
from workflow.audit.verify import WORDS
from workflow.management.commands.verify_trail import feeds_in

FAULTY, NOT_USABLE = 1, 2


class Command(BaseCommand):
    help = (
        "把备份恢复到空的数据库和空的附件目录（不空即拒绝），升级到本程序的版本，核验全部办理记录，"
        "并在每个单位的办理记录里写明从哪份备份恢复、缺哪些记录。退出码：0 已恢复且完好；1 已恢复但核验有问题；2 没有恢复，或者没有恢复完。"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "backup", metavar="BACKUP", help="备份的目录，或 PIAOJUE_BACKUPS 下的名称；latest 为最近一份"
        )
        parser.add_argument(
            "--heads", action="append", default=[], metavar="FILE",
            help="外部留存的校验值文件，可写多次；其中比备份新的，写明缺了多少条",
        )  # fmt: skip
        parser.add_argument("--reason", required=True, help="为什么恢复，记入办理记录")

    def handle(self, *args: Any, backup: str, heads: list[str], reason: str, **options: Any) -> None:
        if not reason.strip():
            raise CommandError("请用 --reason 写明恢复的原因。", returncode=NOT_USABLE)
        feeds = [feed for path in heads for feed in feeds_in(path)]
        try:
            found = backup_named(backup)
            checked = restore(found, feeds, at=timezone.now(), office=operator(), reason=reason.strip())
        except Unusable as refused:
            raise CommandError(f"没有恢复：{refused}", returncode=NOT_USABLE) from refused
        for line in report(found, checked):
            self.stdout.write(line)
        if not all(one.whole for one in checked):
            sys.exit(FAULTY)


def report(backup: Backup, checked: list[Checked]) -> list[str]:
    """What was put back, what is known to be missing, and what is left to do."""
    entries = sum(one.verdict.size for one in checked)
    lines = [
        f"已从 {backup.name}（{backup.manifest['made_at']}）恢复 {len(checked)} 个单位的办理记录 {entries} 条。"
    ]
    for one in checked:
        if fault := one.verdict.fault:
            lines.append(f"问题：{one.code} 第{fault.index}条（编号{fault.entry_id}）：{WORDS[fault.code]}")
        lines += [f"问题：{one.code} 校验值文件不可信：{line}" for line in one.forged]
        if one.missing:
            lines.append(
                f"缺失：{one.code}{one.name} 备份时{one.expected}条，外部留存的校验值有{one.expected + one.missing}条，缺{one.missing}条。"
            )
    if votes := backup.manifest["open_votes"]:
        lines.append(f"备份时有 {len(votes)} 项表决正在投票，其电子票不在备份内：请主席团决定重新投票。")
    if votes := backup.manifest.get("votes_without_keyings"):
        lines.append(
            f"备份时有 {len(votes)} 项纸质票与电子票（按键）并用的表决正在计票，纸质票的录入数字不在备份内："
            "计票尚未相符的，由计票人重新录入；已经相符的，由总监票人、监票人签字。"
        )
    lines.append(
        f"备份（{backup.manifest['made_at']}）之后清除过的个人信息、销毁过的选票，又随备份恢复："
        "请凭数据清除证明、选票销毁记录，重新清除、销毁。各单位恢复后的最后一份证明，编号见办理记录。"
    )
    lines.append(
        "请放回原来的 SECRET_KEY 和签名密钥；签名密钥已丢失的，用 manage.py trail_keys --adopt 登记新的。"
    )
    lines.append(
        "各单位的办理记录里已写明这次恢复。备份之后发出过的通知可能再发一次；备份之后的记录请按纸质材料补办。"
    )
    return lines
