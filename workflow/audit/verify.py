"""Recomputing a unit's chain from the database, and saying in words where it stops being whole.

What the database alone cannot show: a chain rewritten whole, head included. For that a head kept outside
(printed, countersigned) is compared with the hash the chain has at the same index.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from workflow.audit.chain import GENESIS, Break, Link, leaf_bytes, link_hash, stamp
from workflow.audit.models import Head
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
    "outside": _("与外部留存的校验值不一致"),
}


@dataclass(frozen=True)
class OutsideHead:
    """A head kept outside the system: how many leaves the chain had, and its hash then (hexadecimal)."""

    size: int
    hash: str


@dataclass(frozen=True)
class Verdict:
    """A unit's chain: how many leaves were recomputed, the last hash, and the first fault or None."""

    unit_id: int
    size: int
    hash: str
    fault: Break | None


@dataclass(frozen=True)
class _Row:
    link: Link
    body: str | None
    entry_unit: int | None
    at: datetime | None
    actor: str


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


def verify(unit_id: int, *, outside: OutsideHead | None = None) -> Verdict:
    """Recompute one unit's chain inside `one_view()`; the verdict names the first fault by index."""
    prev, index, last_id = GENESIS, 0, 0
    for row in _rows(unit_id):
        code = _fault(row, prev, index + 1) or _outside_fault(row.link, outside)
        if code:
            fault = Break(unit_id, row.link.index, row.link.entry_id, code)
            return Verdict(unit_id, index, prev.hex(), fault)
        prev, index, last_id = row.link.hash, row.link.index, row.link.entry_id
    return Verdict(unit_id, index, prev.hex(), _end_fault(unit_id, prev, index, last_id, outside))


def _rows(unit_id: int) -> Iterator[_Row]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS, [unit_id])
        for row in cursor:
            link = Link(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), bytes(row[6]))
            yield _Row(link, *row[7:])


def _fault(row: _Row, prev: bytes, index: int) -> str:
    link = row.link
    if link.index != index:
        return "gap"
    if row.body is None:
        return "no_entry"
    if row.entry_unit != link.unit_id:
        return "unit"
    if link.prev != prev:
        return "prev"
    leaf = leaf_bytes(link.unit_id, link.index, link.entry_id, stamp(link.recorded_at), link.body)
    if link_hash(prev, leaf) != link.hash:
        return "hash"
    return "" if _columns_agree(row) else "columns"


def _columns_agree(row: _Row) -> bool:
    """at and actor are columns of their own, beside the hashed body."""
    body = json.loads(row.link.body)
    return row.at is not None and stamp(row.at) == body["at"] and row.actor == body["actor"]


def _outside_fault(link: Link, outside: OutsideHead | None) -> str:
    return "outside" if outside and link.index == outside.size and link.hash.hex() != outside.hash else ""


def _end_fault(
    unit_id: int, last: bytes, size: int, last_id: int, outside: OutsideHead | None
) -> Break | None:
    head = Head.objects.filter(unit_id=unit_id).first()
    registered = (head.size, bytes(head.hash)) if head else (0, GENESIS)
    if registered != (size, last):
        return Break(unit_id, registered[0], last_id, "head")
    if outside and outside.size > size:
        return Break(unit_id, outside.size, last_id, "outside")
    with connection.cursor() as cursor:
        cursor.execute(_UNCHAINED, [unit_id])
        found = cursor.fetchone()
    return Break(unit_id, 0, found[0], "no_leaf") if found else None
