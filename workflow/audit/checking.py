"""Where a unit's chain stops being whole: the one verifier, over rows from wherever they come. Pure.

A chain is checked in parts, each as it follows from the leaf before it, and the parts are joined in their order: so they
may be checked beside one another, and what is found is what one after the other would find.

What the rows alone cannot show is a chain rewritten whole, its end included. For that heads kept outside (printed,
countersigned, taken from the feed) are compared with what the rows give at the same size.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import SchemaValidator, ValidationError, core_schema

from workflow.audit.chain import GENESIS, LEAF, Break, link_hash, utc_stamp
from workflow.audit.merkle import Peaks, leaf_hash

AT_A_TIME = 4_096  # hashes that wait to be taken into the tree
TOLD = ("at", "actor", "action", "subject", "about", "task")  # what stands in columns of an entry too
_TEXT = core_schema.typed_dict_field(core_schema.str_schema(strict=True))
_quickly = SchemaValidator(core_schema.typed_dict_schema(dict.fromkeys(TOLD, _TEXT))).validate_json
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
    """A leaf with what stands beside it, as it is read: a million of them are, to verify a trail.

    recorded_at, at: UTC, without a zone. body (UTF-8), entry_unit, at, action, subject, about, task: the entry's own columns,
    None without an entry; actor: the name of its user, empty for none.
    """

    unit_id: int
    index: int  # type: ignore[assignment]  # the place in the chain, as the column is called
    entry_id: int
    recorded_at: datetime
    prev: bytes
    hash: bytes
    body: bytes | None
    entry_unit: int | None
    at: datetime | None
    actor: str
    action: str | None
    subject: str | None
    about: str | None
    task: str | None


class End(NamedTuple):
    """How far a chain was followed: the index, hash and entry of the last leaf; as it stands here, of none."""

    index: int = 0  # type: ignore[assignment]
    hash: bytes = GENESIS
    entry_id: int = 0


class Stop(NamedTuple):
    """A leaf up to which heads were kept. root: of the leaves of its part alone, up to it."""

    index: int  # type: ignore[assignment]
    entry_id: int
    prev: bytes
    hash: bytes
    root: bytes


@dataclass(frozen=True)
class Asked:
    """Up to which leaves heads were kept, in their order, and up to which with a root: those after it need no place in a tree."""

    sizes: Sequence[int] = ()
    rooted: int = 0


@dataclass
class Part:
    """What came of following a part of a chain: its end, before the first fault where there is one; peaks: of its own leaves."""

    end: End
    fault: Break | None = None
    stops: list[Stop] = field(default_factory=list)
    peaks: Peaks = field(default_factory=Peaks)


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
    whole = followed(unit_id, rows, End(), asked_by(outside))
    return joined(unit_id, [whole], outside=outside, registered=registered)


def asked_by(outside: Sequence[OutsideHead]) -> Asked:
    """What these heads ask of the leaves."""
    sizes = sorted({head.size for head in outside})
    return Asked(sizes, max((head.size for head in outside if head.root), default=0))


def followed(unit_id: int, rows: Iterable[Row], start: End, asked: Asked) -> Part:
    """Recompute a part of a chain, from the leaf after `start` to the last of the rows or the first fault."""
    part, sizes, hashes = Part(start), frozenset(asked.sizes), list[bytes]()
    index, prev, entry_id = start
    for row in rows:
        leaf = LEAF % (
            row.unit_id,
            row.index,
            row.entry_id,
            utc_stamp(row.recorded_at).encode(),
            row.body or b"",
        )
        code = _fault(row, leaf, unit_id, prev, index + 1)
        if code:
            part.fault = Break(unit_id, row.index, row.entry_id, code)
            break
        index, prev, entry_id = row.index, row.hash, row.entry_id
        if index <= asked.rooted:
            hashes.append(leaf_hash(leaf))
        if index in sizes or len(hashes) == AT_A_TIME:
            part.peaks.extend(hashes)
            hashes.clear()
        if index in sizes:
            part.stops.append(Stop(index, entry_id, row.prev, prev, part.peaks.root()))
    part.peaks.extend(hashes)
    part.end = End(index, prev, entry_id)
    return part


def joined(
    unit_id: int,
    parts: Iterable[Part],
    *,
    outside: Sequence[OutsideHead] = (),
    registered: tuple[int, bytes] | None = None,
) -> Verdict:
    """The verdict on a chain whose parts follow one another; `check_rows` says which.

    Each but the last holds the same number of leaves, a power of two: what is a subtree in it is one in the whole.
    """
    kept, peaks, end, agreed = _by_size(outside), Peaks(), End(), 0
    for part in parts:
        for stop in part.stops:
            if any(_disagrees(head, stop, peaks) for head in kept[stop.index]):
                fault = Break(unit_id, stop.index, stop.entry_id, "outside")
                return Verdict(unit_id, stop.index - 1, stop.prev.hex(), fault, agreed)
            agreed = stop.index
        end = part.end
        if part.fault:
            return Verdict(unit_id, end.index, end.hash.hex(), part.fault, agreed)
        peaks.join(part.peaks)
    return Verdict(unit_id, end.index, end.hash.hex(), _end_fault(unit_id, end, kept, registered), agreed)


def _by_size(outside: Sequence[OutsideHead]) -> dict[int, list[OutsideHead]]:
    found: dict[int, list[OutsideHead]] = {}
    for head in outside:
        found.setdefault(head.size, []).append(head)
    return found


def _fault(row: Row, leaf: bytes, unit_id: int, prev: bytes, index: int) -> str:
    if row.index != index:
        return "gap"
    if row.body is None:
        return "no_entry"
    if row.entry_unit != row.unit_id or row.unit_id != unit_id:
        return "unit"
    if row.prev != prev:
        return "prev"
    if link_hash(prev, leaf) != row.hash:
        return "hash"
    return "" if _columns_agree(row, row.body) else "columns"


def _columns_agree(row: Row, body: bytes) -> bool:
    """Whether every column pages ask by says what the hashed body says.

    at and actor are columns of their own; whoever writes one by hand may leave them out of the body. The others the
    database reads from it (`models.Entry`), until its owner takes that from a column.
    """
    if row.at is None:
        return False
    return told(body) == {
        "at": utc_stamp(row.at), "actor": row.actor, "action": row.action, "subject": row.subject, "about": row.about,
        "task": row.task,
    }  # fmt: skip


def told(body: bytes) -> dict[str, Any]:
    """What an entry's body says under the names of TOLD, None where it does not say; empty for what is no object."""
    try:
        found: dict[str, Any] = _quickly(body)
    except ValidationError:
        # No texts, or something in it that JSON's own reader takes where this one does not (half of a pair of surrogates).
        found = _slowly(body)
    return found


def _slowly(body: bytes) -> dict[str, Any]:
    try:
        said = _decoded(body.decode())
    except ValueError:
        said = None
    return {name: said.get(name) for name in TOLD} if isinstance(said, dict) else {}


def _disagrees(head: OutsideHead, stop: Stop, before: Peaks) -> bool:
    """Whether a head is not of the leaves up to the stop. before: the tree of the parts before."""
    if head.hash and head.hash != stop.hash.hex():
        return True
    return bool(head.root) and head.root != before.root_before(stop.root).hex()


def _end_fault(
    unit_id: int, end: End, kept: Mapping[int, list[OutsideHead]], registered: tuple[int, bytes] | None
) -> Break | None:
    if registered is not None and registered != (end.index, end.hash):
        return Break(unit_id, registered[0], end.entry_id, "head")
    if kept and max(kept) > end.index:
        return Break(unit_id, max(kept), end.entry_id, "outside")
    return None
