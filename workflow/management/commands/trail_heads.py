"""``manage.py trail_heads``: a unit's signed heads as a file, and proofs under one of them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workflow.audit.chain import Link, stamp
from workflow.audit.exporters.jsonl import line_of
from workflow.audit.heads import feed_of, last_head, leaf_hashes, seal_moment
from workflow.audit.merkle import consistency_proof, inclusion_proof
from workflow.audit.models import Leaf, TreeHead
from workflow.management.commands.export_trail import tenant_of
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

NOT_USABLE = 2


class Command(BaseCommand):
    help = (
        "输出一个单位办理记录的签名校验值（JSON），供系统外留存；--entry 另附该条记录的包含证明，"
        "--since 另附从该条数到最近一次签名的一致性证明。证明用 python3 verify.py proof 文件名 核验，只需 Python。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, metavar="CODE")
        parser.add_argument("--after", type=int, default=0, metavar="N", help="只要 N 条之后的校验值")
        parser.add_argument("--entry", type=int, metavar="ID", help="证明这条记录（编号）在内")
        parser.add_argument(
            "--since", type=int, metavar="SIZE", help="证明最近的校验值延续了这个条数时的记录"
        )
        parser.add_argument("--now", action="store_true", help="先为现在的记录签一次")

    def handle(self, *args: Any, unit: str, now: bool, **options: Any) -> None:
        with within(SYSTEM):
            held = tenant_of(unit)
        if now:
            seal_moment(held.pk, "asked")
        with within(SYSTEM):
            feed = feed_of(held, after=options["after"])
            if options["entry"] or options["since"]:
                feed["proof"] = _proof(held, options["entry"], options["since"])
            feed["made_at"] = stamp(timezone.now())
        self.stdout.write(json.dumps(feed, ensure_ascii=False, indent=1))


def _proof(unit: Unit, entry: int | None, since: int | None) -> dict[str, Any]:
    head = last_head(unit.pk)
    if head is None:
        raise CommandError("这个单位还没有签名的校验值。", returncode=NOT_USABLE)
    hashes = leaf_hashes(unit.pk, head.size)
    found: dict[str, Any] = {"size": head.size, "root": bytes(head.root).hex()}
    if entry:
        leaves = Leaf.objects.select_related("entry").filter(unit=unit, index__lte=head.size)
        leaf = leaves.filter(entry_id=entry).first()
        if leaf is None:
            raise CommandError(f"最近一次签名之前没有编号为 {entry} 的记录。", returncode=NOT_USABLE)
        found |= {
            "line": _line(leaf),
            "index": leaf.index - 1,
            "inclusion": [one.hex() for one in inclusion_proof(hashes, leaf.index - 1)],
        }
    if since:
        older = TreeHead.objects.filter(unit=unit, size=since).first()
        if older is None:
            raise CommandError(f"没有条数为 {since} 的校验值。", returncode=NOT_USABLE)
        found |= {
            "older": since,
            "older_root": bytes(older.root).hex(),
            "consistency": [one.hex() for one in consistency_proof(hashes, since)],
        }
    return found


def _line(leaf: Leaf) -> str:
    """The entry as an export has it: what the proof is about, for whoever holds no export."""
    return line_of(
        Link(
            leaf.unit_id,
            leaf.index,
            leaf.entry_id,
            leaf.recorded_at,
            leaf.entry.body,
            bytes(leaf.prev),
            bytes(leaf.hash),
        )
    )
