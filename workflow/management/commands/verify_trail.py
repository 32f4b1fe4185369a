"""``manage.py verify_trail``: every chain recomputed from the database."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from workflow.audit.chain import stamp
from workflow.audit.checking import OutsideHead, Verdict
from workflow.audit.heads import FORMAT, TOGETHER
from workflow.audit.nightly import Checked, check
from workflow.audit.stamping import Stamped
from workflow.audit.verify import WORDS, chained_units, forged_heads, one_view
from workflow.people.models import Unit

BROKEN, NOT_USABLE = 1, 2


class Command(BaseCommand):
    help = (
        "逐条重新计算办理记录的校验链，并与系统内保存的每个校验值及其签名、时间戳比对。"
        "退出码：0 完好；1 有问题，标准输出给出每个单位第一处问题；"
        "2 无法核验，包括可信证书读不到、不认得时间戳签发人。"
        "链和系统内的校验值若一并被改，数据库自身不能发现，请用 --head 或 --heads 与系统外留存的校验值比对。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", metavar="CODE", help="只核验一个单位；不写则核验全部")
        parser.add_argument("--head", metavar="SIZE:HASH", help="外部留存的条数和校验值（须同时写 --unit）")

        parser.add_argument(
            "--heads", metavar="FILE", help="外部留存的校验值文件（heads.json），连同其中的签名一并核验"
        )

    def handle(
        self, *args: Any, unit: str | None, head: str | None, heads: str | None, **options: Any
    ) -> None:
        given, feeds = _outside(head, unit), feeds_in(heads) if heads else []
        if len(feeds) == 1:
            unit = unit or str(feeds[0]["unit"])
        feeds = _of_the_unit(feeds, unit)
        outside: dict[str, list[OutsideHead]] = {}
        for feed in feeds:
            heads_of = [OutsideHead(one["size"], one["hash"], one["root"]) for one in feed["heads"]]
            outside.setdefault(str(feed["unit"]), []).extend(heads_of)
        forged = [f"{feed['unit']}\t{line}" for feed in feeds for line in forged_heads(feed)]
        try:
            with one_view():
                checked = [(one, check(one, given + outside.get(one.code, []))) for one in _units(unit)]
        except DatabaseError as error:
            raise CommandError(
                f"数据库无法读取：{str(error).splitlines()[0]}", returncode=NOT_USABLE
            ) from error
        for one, found in checked:
            self.stdout.write(said(one, found.verdict))
            for line in (*said_of_kept(one, found), *said_of_stamps(one, found.stamps)):
                self.stdout.write(line)
        for line in forged:
            self.stdout.write(line)
        broken = forged or any(found.fault for _unit, found in checked)
        untold = any(found.stamps.untold for _unit, found in checked)
        if broken or untold:
            sys.exit(BROKEN if broken else NOT_USABLE)


def said(unit: Unit, verdict: Verdict) -> str:
    """One line: unit code, then the fault's index, entry, code and words, or the chain's size and last hash."""
    fault = verdict.fault
    if fault is None:
        return f"{unit.code}\t{unit.name}\t完好\t{verdict.size} 条\t{verdict.hash}"
    line = f"{unit.code}\t{unit.name}\tindex={fault.index}\tid={fault.entry_id}\t{fault.code}\t{WORDS[fault.code]}"
    between = (
        f"（改动发生在第{verdict.agreed + 1}条至第{fault.index}条之间）" if fault.code == "outside" else ""
    )
    return f"{line}{between}"


def said_of_kept(unit: Unit, found: Checked) -> list[str]:
    """A line for each head the database keeps whose signatures do not hold."""
    return [f"{unit.code}\t系统内保存的校验值（{size} 条）\t{why}" for size, why in found.forged]


def said_of_stamps(unit: Unit, stamps: Stamped) -> list[str]:
    """What the time-stamp server stands for, and a line for each of its stamps that does not hold or cannot be told."""
    lines = [f"{unit.code}\t时间戳不成立\t{fault}" for fault in stamps.faults]
    lines += [
        f"{unit.code}\t时间戳无法核验（可信证书见 PIAOJUE_TSA_CA_FILE）\t{why}" for why in stamps.untold
    ]
    if last := stamps.last:
        at = stamp(last.stamp.at)
        lines.append(
            f"{unit.code}\t时间戳\t{len(stamps.heads)} 个\t{at} 由{last.stamp.by}证明已有 {last.size} 条"
        )
    return lines


def _units(code: str | None) -> list[Unit]:
    if code is None:
        return list(Unit.objects.filter(pk__in=chained_units()).order_by("pk"))
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        raise CommandError(f"没有编码为“{code}”的单位。", returncode=NOT_USABLE)
    return [unit]


def _outside(head: str | None, unit: str | None) -> list[OutsideHead]:
    if head is None:
        return []
    found = re.fullmatch(r"([0-9]+):([0-9a-fA-F]{64})", head)
    if found is None or unit is None:
        raise CommandError(
            "--head 的格式为 条数:校验值（64 位十六进制），并须写明 --unit。", returncode=NOT_USABLE
        )
    return [OutsideHead(int(found[1]), found[2].lower())]


def _of_the_unit(feeds: list[dict[str, Any]], unit: str | None) -> list[dict[str, Any]]:
    """Those of the unit that is asked for, all where none is; the command ends where there are feeds and none is of it."""
    found = [feed for feed in feeds if unit in (None, feed["unit"])]
    if feeds and not found:
        told = "、".join(str(feed["unit"]) for feed in feeds)
        raise CommandError(f"校验值文件属于 {told}，不是 {unit}。", returncode=NOT_USABLE)
    return found


def feeds_in(path: str) -> list[dict[str, Any]]:
    """The feeds in a file of heads, of one unit or of several together; the command ends where it is none."""
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
        feeds = [dict(feed) for feed in (told["units"] if told["format"] == TOGETHER else [told])]
        for feed in feeds:
            if feed["format"] != FORMAT:
                raise ValueError(feed["format"])
            [(one["size"], one["hash"], one["root"], one["signature"]) for one in feed["heads"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path} 不是校验值文件（heads.json）。", returncode=NOT_USABLE) from error
    return feeds
