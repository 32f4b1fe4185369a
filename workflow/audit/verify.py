"""Recomputing a unit's chain from the database, and saying in words where it stops being whole (`checking.py`)."""

from __future__ import annotations

import os
import sys
from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from workflow.audit import standalone
from workflow.audit.beside import can_be_shared, followed_beside, readers
from workflow.audit.chain import GENESIS, Break
from workflow.audit.checking import Asked, OutsideHead, Part, Verdict, asked_by, joined
from workflow.audit.models import Head
from workflow.audit.stretches import LEAST, MOST, Stretch, follow
from workflow.people.isolation import SYSTEM, apply

WORDS: dict[str, Any] = {
    "gap": _("序号不连续：此前的记录缺失，或者序号重复"),
    "prev": _("没有接上前一条记录的校验值"),
    "hash": _("记录内容与入链时的校验值不符"),
    "no_entry": _("链上有这一条，记录本身已不存在"),
    "no_leaf": _("记录存在，但没有入链"),
    "unit": _("记录与入链的单位不一致"),
    "columns": _("办理时间、办理人、办理事项或者对象与入链的内容不一致"),
    "head": _("链尾登记的条数或校验值与实际不符"),
    "outside": _("与留存的校验值不一致"),
    "signature": _("留存的校验值签名不成立"),
    "cosignature": _("留存的县级签名不成立"),
    "stamp": _("时间戳不成立"),
}


# Leaves of a stretch: a power of two, so that its tree is a subtree of the whole.
STRETCH, MOST_PROCESSES = 2**16, 8
_COUNT = "SELECT count(*) FROM workflow_leaf WHERE unit_id = %s"
# The least of all, not the first that is met: for that one every leaf would be looked up by itself.
_UNCHAINED = """
    SELECT min(e.id) FROM workflow_entry e
    WHERE e.unit_id = %s AND NOT EXISTS (SELECT FROM workflow_leaf l WHERE l.entry_id = e.id)
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
    """Recompute one unit's chain inside `one_view()`; the verdict names the first fault by index.

    A long one by a process per core.
    """
    end = Head.objects.filter(unit_id=unit_id).first()
    registered = (end.size, bytes(end.hash)) if end else (0, GENESIS)
    with closing(_parts(_stretches(unit_id, asked_by(outside)))) as parts:
        verdict = joined(unit_id, parts, outside=outside, registered=registered)
    if verdict.fault:
        return verdict
    with connection.cursor() as cursor:
        cursor.execute(_UNCHAINED, [unit_id])
        unchained = cursor.fetchone()[0]
    return replace(verdict, fault=Break(unit_id, 0, unchained, "no_leaf")) if unchained else verdict


def _stretches(unit_id: int, asked: Asked) -> list[Stretch]:
    """The whole chain in stretches, whatever indexes its leaves may have been given."""
    with connection.cursor() as cursor:
        # The leaves there are, not what their indexes or the registered end say there ought to be.
        cursor.execute(_COUNT, [unit_id])
        count = cursor.fetchone()[0]
    ends, sizes = [LEAST - 1, *range(STRETCH, count, STRETCH), MOST], asked.sizes
    return [
        Stretch(unit_id, after + 1, last, replace(asked, sizes=_between(sizes, after, last)))
        for after, last in pairwise(ends)
    ]


def _between(sizes: Sequence[int], after: int, last: int) -> Sequence[int]:
    return sizes[bisect_right(sizes, after) : bisect_right(sizes, last)]


def _parts(stretches: Sequence[Stretch]) -> Generator[Part]:
    wanted = min(_cores(), len(stretches), MOST_PROCESSES)
    if wanted > 1 and can_be_shared():
        with readers(wanted) as processes:
            if processes:
                yield from followed_beside(stretches, processes)
                return
    for stretch in stretches:
        with connection.wrap_database_errors:
            part = follow(connection.connection, stretch)
        yield part


def _cores() -> int:
    """How many this process may use; all there are where the system does not tell (macOS)."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


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
