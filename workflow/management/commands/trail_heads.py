"""``manage.py trail_heads``: a unit's signed heads as a file, and proofs under one of them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workflow.audit.chain import stamp
from workflow.audit.heads import feed_of, feeds_written, last_head, seal_moment
from workflow.audit.proofs import NotProved, proof_under
from workflow.management.commands.export_trail import tenant_of
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit
from workflow.people.selectors import tenants_below

NOT_USABLE = 2


class Command(BaseCommand):
    help = (
        "输出一个单位办理记录的签名校验值（JSON），供系统外留存；--entry 另附该条记录的包含证明，"
        "--since 另附从该条数到最近一次签名的一致性证明；--below 把下级各单位的校验值合为一个文件。"
        "证明用 python3 verify.py proof 文件名 核验，只需 Python。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, metavar="CODE")
        parser.add_argument("--after", type=int, default=0, metavar="N", help="只要 N 条之后的校验值")
        parser.add_argument("--entry", type=int, metavar="ID", help="证明这条记录（编号）在内")
        parser.add_argument(
            "--since", type=int, metavar="SIZE", help="证明最近的校验值延续了这个条数时的记录"
        )
        parser.add_argument(
            "--below", action="store_true", help="本单位和下级各单位的校验值合为一个文件，供县级留存"
        )
        parser.add_argument("--now", action="store_true", help="先为现在的记录签一次")

    def handle(self, *args: Any, unit: str, now: bool, **options: Any) -> None:
        with within(SYSTEM):
            held = tenant_of(unit)
        if now:
            seal_moment(held.pk, "asked")
        with within(SYSTEM):
            if options["below"]:
                for piece in feeds_written(held, tenants_below(held)):
                    self.stdout.write(piece.decode(), ending="")
                return
            feed = feed_of(held, after=options["after"])
            if options["entry"] or options["since"]:
                feed["proof"] = _proof(held, options["entry"], options["since"])
            feed["made_at"] = stamp(timezone.now())
        self.stdout.write(json.dumps(feed, ensure_ascii=False, indent=1))


def _proof(unit: Unit, entry: int | None, since: int | None) -> dict[str, Any]:
    head = last_head(unit.pk)
    if head is None:
        raise CommandError("这个单位还没有签名的校验值。", returncode=NOT_USABLE)
    try:
        return proof_under(head, entry=entry, since=since)
    except NotProved as missing:
        raise CommandError(str(missing), returncode=NOT_USABLE) from missing
