"""``manage.py verify_trail``: every chain recomputed from the database."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from workflow.audit.verify import WORDS, OutsideHead, Verdict, chained_units, one_view, verify
from workflow.people.models import Unit

BROKEN, NOT_USABLE = 1, 2


class Command(BaseCommand):
    help = (
        "逐条重新计算办理记录的校验链。退出码：0 完好；1 有问题，标准输出给出每个单位第一处问题；2 无法核验。"
        "数据库自身不能发现整条链被重写，请用 --head 与系统外留存的校验值比对。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", metavar="CODE", help="只核验一个单位；不写则核验全部")
        parser.add_argument("--head", metavar="SIZE:HASH", help="外部留存的条数和校验值（须同时写 --unit）")

    def handle(self, *args: Any, unit: str | None, head: str | None, **options: Any) -> None:
        outside = _outside(head, unit)
        try:
            with one_view():
                verdicts = [(u, verify(u.pk, outside=outside)) for u in _units(unit)]
        except DatabaseError as error:
            raise CommandError(
                f"数据库无法读取：{str(error).splitlines()[0]}", returncode=NOT_USABLE
            ) from error
        for checked, verdict in verdicts:
            self.stdout.write(said(checked, verdict))
        if any(verdict.fault for _unit, verdict in verdicts):
            sys.exit(BROKEN)


def said(unit: Unit, verdict: Verdict) -> str:
    """One line: unit code, then the fault's index, entry, code and words, or the chain's size and last hash."""
    fault = verdict.fault
    if fault is None:
        return f"{unit.code}\t{unit.name}\t完好\t{verdict.size} 条\t{verdict.hash}"
    return f"{unit.code}\t{unit.name}\tindex={fault.index}\tid={fault.entry_id}\t{fault.code}\t{WORDS[fault.code]}"


def _units(code: str | None) -> list[Unit]:
    if code is None:
        return list(Unit.objects.filter(pk__in=chained_units()).order_by("pk"))
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        raise CommandError(f"没有编码为“{code}”的单位。", returncode=NOT_USABLE)
    return [unit]


def _outside(head: str | None, unit: str | None) -> OutsideHead | None:
    if head is None:
        return None
    found = re.fullmatch(r"([0-9]+):([0-9a-fA-F]{64})", head)
    if found is None or unit is None:
        raise CommandError(
            "--head 的格式为 条数:校验值（64 位十六进制），并须写明 --unit。", returncode=NOT_USABLE
        )
    return OutsideHead(int(found[1]), found[2].lower())
