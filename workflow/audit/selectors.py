"""Reads of the trail; row-level security narrows every one of them to the viewer's units."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from workflow.audit.chain import Link, stamp
from workflow.audit.commitments import is_of
from workflow.audit.models import Entry, Salt

AT_A_TIME = 2_000  # rows


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


def streamed(statement: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, so many at a time; needs a transaction (a server-side cursor).

    Left to itself the cursor asks for a hundred: ten thousand questions for a million rows.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, values)
        while rows := cursor.fetchmany(AT_A_TIME):
            yield from rows
