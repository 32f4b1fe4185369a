"""Where a unit's chain stops being whole: the one verifier, over rows from wherever they come. Pure.

What the rows alone cannot show is a chain rewritten whole, its end included. For that heads kept outside (printed,
countersigned, taken from the feed) are compared with what the rows give at the same size.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from workflow.audit.chain import GENESIS, Break, Link, leaf_of, link_hash, stamp
from workflow.audit.merkle import Peaks

_decoded = json.JSONDecoder().decode


@dataclass(frozen=True)
class OutsideHead:
    """A head kept outside the system: how many leaves the chain had, its hash then and the Merkle root (hexadecimal).

    Either hash may be empty where it was not kept.
    """

    size: int
    hash: str
    root: str = ""


@dataclass(frozen=True)
class Verdict:
    """A unit's chain: how many leaves were recomputed, the last hash, and the first fault or None.

    agreed: the size of the largest outside head before the fault that the rows agree with, 0 for none; what was
    changed stands after it.
    """

    unit_id: int
    size: int
    hash: str
    fault: Break | None
    agreed: int = 0


class Row(NamedTuple):
    """A leaf with what stands beside it. body, entry_unit, at, actor: the entry's own columns; body None without entry."""

    link: Link
    body: str | None
    entry_unit: int | None
    at: datetime | None
    actor: str


def check_rows(
    unit_id: int,
    rows: Iterable[Row],
    *,
    outside: Sequence[OutsideHead] = (),
    registered: tuple[int, bytes] | None = None,
) -> Verdict:
    """Recompute a chain from its first leaf. registered: the size and hash its end is registered with, (0, 32 zero bytes) for none.

    The fault is the first one: "gap", "no_entry", "unit", "prev", "hash", "columns" at a leaf; "outside" at the leaf of
    a head kept outside; "head" and "outside" after the last leaf.
    """
    kept = _by_size(outside)
    peaks, last_root = Peaks(), max((head.size for head in outside if head.root), default=0)
    prev, index, last_id, agreed = GENESIS, 0, 0, 0
    for row in rows:
        leaf = leaf_of(row.link)
        code = _fault(row, leaf, unit_id, prev, index + 1)
        if index < last_root and not code:
            peaks.add(leaf)
        if kept and not code:
            code = _outside_fault(row.link, kept.get(row.link.index, ()), peaks)
        if code:
            fault = Break(unit_id, row.link.index, row.link.entry_id, code)
            return Verdict(unit_id, index, prev.hex(), fault, agreed)
        prev, index, last_id = row.link.hash, row.link.index, row.link.entry_id
        agreed = index if index in kept else agreed
    end = _end_fault(unit_id, prev, index, last_id, kept, registered)
    return Verdict(unit_id, index, prev.hex(), end, agreed)


def _by_size(outside: Sequence[OutsideHead]) -> dict[int, list[OutsideHead]]:
    found: dict[int, list[OutsideHead]] = {}
    for head in outside:
        found.setdefault(head.size, []).append(head)
    return found


def _fault(row: Row, leaf: bytes, unit_id: int, prev: bytes, index: int) -> str:
    link = row.link
    if link.index != index:
        return "gap"
    if row.body is None:
        return "no_entry"
    if row.entry_unit != link.unit_id or link.unit_id != unit_id:
        return "unit"
    if link.prev != prev:
        return "prev"
    if link_hash(prev, leaf) != link.hash:
        return "hash"
    return "" if _columns_agree(row) else "columns"


def _columns_agree(row: Row) -> bool:
    """at and actor are columns of their own, beside the hashed body; whoever writes one by hand may leave them out of it."""
    body = _decoded(row.link.body)
    told = (body.get("at"), body.get("actor")) if isinstance(body, dict) else ()
    return row.at is not None and (stamp(row.at), row.actor) == told


def _outside_fault(link: Link, heads: Sequence[OutsideHead], peaks: Peaks) -> str:
    for head in heads:
        if head.hash and head.hash != link.hash.hex():
            return "outside"
        if head.root and head.root != peaks.root().hex():
            return "outside"
    return ""


def _end_fault(
    unit_id: int,
    last: bytes,
    size: int,
    last_id: int,
    kept: Mapping[int, list[OutsideHead]],
    registered: tuple[int, bytes] | None,
) -> Break | None:
    if registered is not None and registered != (size, last):
        return Break(unit_id, registered[0], last_id, "head")
    if kept and max(kept) > size:
        return Break(unit_id, max(kept), last_id, "outside")
    return None
