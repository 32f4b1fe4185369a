"""Reads of the trail; row-level security narrows every one of them to the viewer's units."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from workflow.audit.chain import Link, stamp
from workflow.audit.commitments import is_of
from workflow.audit.models import Entry, Salt
from workflow.people.models import Unit


def history_of(subject: str) -> QuerySet[Entry]:
    """Everything done on one record ("proposal:12") or inside it ("cycle:3"), newest first."""
    return (
        (Entry.objects.filter(subject=subject) | Entry.objects.filter(about=subject))
        .select_related("actor", "unit")
        .order_by("-id")
    )


def says(entry: Entry, path: str, text: str) -> bool:
    """Whether this is the text an act was handed in with. path: where it stands in the entry's `after` ("minutes").

    False too where the text was long and the salt has been erased with its record.
    """
    value: Any = json.loads(entry.body)["after"]
    for part in path.split("."):
        inside = isinstance(value, list) and part.isdigit() and int(part) < len(value)
        value = value[int(part)] if inside else value.get(part) if isinstance(value, dict) else None
    kept = Salt.objects.filter(pk=entry.pk).first()
    return is_of(value, path, text, bytes(kept.value) if kept else None)


@dataclass(frozen=True)
class Line:
    """An entry as exported: its place in the chain with the body byte-exact, and the envelope read from it."""

    link: Link

    @property
    def body(self) -> str:
        return self.link.body

    @cached_property
    def envelope(self) -> dict[str, Any]:
        """The body's fields plus what the chain adds: index, id, recorded_at, prev, hash, unit_id."""
        link = self.link
        return json.loads(link.body) | {
            "index": link.index,
            "id": link.entry_id,
            "recorded_at": stamp(link.recorded_at),
            "hash": link.hash.hex(),
            "prev": link.prev.hex(),
            "unit_id": link.unit_id,
        }


_CHAIN = """
    SELECT l.unit_id, l.index, l.entry_id, l.recorded_at, e.body, l.prev, l.hash
    FROM workflow_leaf l JOIN workflow_entry e ON e.id = l.entry_id
    WHERE l.unit_id = %s ORDER BY l.index
"""


def links_of(unit_id: int) -> Iterator[Link]:
    """The unit's chain from its first leaf, streamed; needs a transaction (a server-side cursor)."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_CHAIN, [unit_id])
        for row in cursor:
            yield Link(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), bytes(row[6]))


def lines_of(unit: Unit) -> Iterator[Line]:
    """The unit's entries as envelopes, in the order of the chain."""
    return map(Line, links_of(unit.pk))
