"""Recomputing a unit's chain from the database, and saying in words where it stops being whole (`checking.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from workflow.audit import standalone
from workflow.audit.chain import GENESIS, Break, Link
from workflow.audit.checking import OutsideHead, Row, Verdict, check_rows
from workflow.audit.models import Head
from workflow.audit.selectors import streamed
from workflow.people.isolation import SYSTEM, apply

WORDS: dict[str, Any] = {
    "gap": _("序号不连续：此前的记录缺失，或者序号重复"),
    "prev": _("没有接上前一条记录的校验值"),
    "hash": _("记录内容与入链时的校验值不符"),
    "no_entry": _("链上有这一条，记录本身已不存在"),
    "no_leaf": _("记录存在，但没有入链"),
    "unit": _("记录与入链的单位不一致"),
    "columns": _("办理时间或办理人与入链的内容不一致"),
    "head": _("链尾登记的条数或校验值与实际不符"),
    "outside": _("与留存的校验值不一致"),
    "signature": _("留存的校验值签名不成立"),
    "cosignature": _("留存的县级签名不成立"),
    "stamp": _("时间戳不成立"),
}


_ROWS = """
    SELECT l.unit_id, l.index, l.entry_id, l.recorded_at, coalesce(e.body, ''), l.prev, l.hash,
           e.body, e.unit_id, e.at, coalesce(u.username, '')
    FROM workflow_leaf l
    LEFT JOIN workflow_entry e ON e.id = l.entry_id
    LEFT JOIN workflow_user u ON u.id = e.actor_id
    WHERE l.unit_id = %s ORDER BY l.index
"""
_UNCHAINED = """
    SELECT e.id FROM workflow_entry e LEFT JOIN workflow_leaf l ON l.entry_id = e.id
    WHERE e.unit_id = %s AND l.entry_id IS NULL ORDER BY e.id LIMIT 1
"""
_UNITS = "SELECT unit_id FROM workflow_head UNION SELECT unit_id FROM workflow_leaf UNION SELECT unit_id FROM workflow_entry ORDER BY 1"


@contextmanager
def one_view() -> Iterator[None]:
    """The whole database as of one instant: acts committed meanwhile must not look like faults."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        apply(SYSTEM)
        yield


def chained_units() -> list[int]:
    """The ids of the units that have a trail."""
    with connection.cursor() as cursor:
        cursor.execute(_UNITS)
        return [row[0] for row in cursor.fetchall()]


def verify(unit_id: int, *, outside: Sequence[OutsideHead] = ()) -> Verdict:
    """Recompute one unit's chain inside `one_view()`; the verdict names the first fault by index."""
    end = Head.objects.filter(unit_id=unit_id).first()
    registered = (end.size, bytes(end.hash)) if end else (0, GENESIS)
    verdict = check_rows(unit_id, rows_of(unit_id), outside=outside, registered=registered)
    if verdict.fault:
        return verdict
    with connection.cursor() as cursor:
        cursor.execute(_UNCHAINED, [unit_id])
        found = cursor.fetchone()
    return replace(verdict, fault=Break(unit_id, 0, found[0], "no_leaf")) if found else verdict


def rows_of(unit_id: int) -> Iterator[Row]:
    """The unit's leaves in the order of the chain, each with its entry, streamed; needs a transaction."""
    for row in streamed(_ROWS, [unit_id]):
        yield Row(Link._make(row[:7]), *row[7:])


def forged_heads(feed: dict[str, Any]) -> list[str]:
    """What is wrong with the signatures in a feed of heads kept outside, a sentence each; by `standalone.py`'s own eyes."""
    return [
        f"{head['at']}\t{head['size']}\t{said}"
        for head, said in zip(feed["heads"], faults_by_head(feed), strict=True)
        if said
    ]


def faults_by_head(feed: dict[str, Any]) -> list[str]:
    """The same for each of its heads in their order, empty where nothing is wrong."""
    return [standalone.head_fault(feed, head) for head in feed["heads"]]
