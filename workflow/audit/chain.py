"""The chain's bytes, so that anybody can write a verifier. Pure.

    body  = RFC 8785 canonical JSON of the entry's fields (everything of the exported envelope except
            index, id, recorded_at, hash and prev)
    leaf  = UTF-8 of "piaojue-leaf-v1\\n" unit "\\n" index "\\n" id "\\n" recorded_at "\\n" body
    hash  = SHA-256( prev ‖ leaf )          prev of index 1 = 32 zero bytes

unit is the unit's number in the database (envelope field `unit_id`), index counts from 1 without gaps, id is the
entry's number, recorded_at is the database's time in UTC as YYYY-MM-DDTHH:MM:SS.ffffffZ. Hashes are printed in
lower-case hexadecimal. The algorithm is named by the version in the first line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import rfc8785

VERSION = "piaojue-leaf-v1"
GENESIS = bytes(32)
# Filled in as bytes: a million leaves are put together to verify a trail, and their texts need not be read for it.
LEAF = VERSION.encode() + b"\n%d\n%d\n%d\n%b\n%b"


class Link(NamedTuple):
    """One row of the chain as stored. hash and prev are 32 bytes; recorded_at is aware."""

    unit_id: int
    index: int  # type: ignore[assignment]  # the place in the chain, as the column is called
    entry_id: int
    recorded_at: datetime
    body: str
    prev: bytes
    hash: bytes


@dataclass(frozen=True)
class Break:
    """Where a chain stops being whole: the entry's id and index, and a stable reason code."""

    unit_id: int
    index: int
    entry_id: int
    code: str


def canonical(fields: Mapping[str, Any]) -> str:
    """The body's text: RFC 8785. Raises on values JSON cannot hold exactly (NaN, integers beyond 2^53)."""
    return rfc8785.dumps(dict(fields)).decode()


def stamp(at: datetime) -> str:
    """An instant as it stands in a leaf: UTC, microseconds, Z."""
    return utc_stamp(at.astimezone(UTC).replace(tzinfo=None))


def utc_stamp(at: datetime) -> str:
    """The same of a time that is UTC already and names no zone: a third of the work, twice for every entry verified."""
    return at.isoformat("T", "microseconds") + "Z"


def leaf_bytes(unit_id: int, index: int, entry_id: int, recorded_at: str, body: str) -> bytes:
    """The bytes of one leaf; recorded_at as `stamp` gives it."""
    return LEAF % (unit_id, index, entry_id, recorded_at.encode(), body.encode())


def leaf_of(link: Link) -> bytes:
    """The bytes of a stored row's leaf."""
    return leaf_bytes(link.unit_id, link.index, link.entry_id, stamp(link.recorded_at), link.body)


def link_hash(prev: bytes, leaf: bytes) -> bytes:
    """SHA-256 over the previous hash and the leaf."""
    return hashlib.sha256(prev + leaf).digest()
