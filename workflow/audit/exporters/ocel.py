"""OCEL 2.0 (JSON): events are entries; objects are the records they are on, the years, the offices and the persons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from workflow.audit.exporters.cells import value_of
from workflow.audit.exporters.extract import Extract
from workflow.audit.selectors import Line

ATTRIBUTES = (
    "index", "id", "hash", "prev", "recorded_at", "unit_id", "unit", "step", "label", "before", "after", "reason",
    "task", "request", "stands_for",
)  # fmt: skip
WHOLE = frozenset({"index", "id", "unit_id", "step"})
OFFICE, PERSON, TRAIL = "office", "person", "trail"
STANDING = ("size", "outside", "after_head")
EPOCH = "1970-01-01T00:00:00Z"  # what holds for the whole file
REFERENCE = re.compile(r"[a-z_]+:\d+")


def as_ocel(extract: Extract) -> Iterator[bytes]:
    """One JSON document, UTF-8, its events in the order of the chain; what they are related to is told after them."""
    objects: dict[str, str] = {}
    actions: set[str] = set()
    yield b'{"events":['
    yield from _joined(_event(line, objects, actions) for line in extract.lines())
    yield b'],"objects":['
    told = [
        {"id": one, "type": objects[one], "attributes": [], "relationships": []} for one in sorted(objects)
    ]
    yield from _joined([*told, _trail(extract)])
    kinds: list[dict[str, Any]] = [{"name": kind, "attributes": []} for kind in sorted(set(objects.values()))]
    kinds.append({"name": TRAIL, "attributes": [{"name": name, "type": "integer"} for name in STANDING]})
    yield b'],"objectTypes":' + _json(kinds)
    yield (
        b',"eventTypes":' + _json([{"name": one, "attributes": _types()} for one in sorted(actions)]) + b"}\n"
    )


def _trail(extract: Extract) -> dict[str, Any]:
    """The trail itself, an object no event is of: how much of it there is and how much stands after the last outside head."""
    values = (extract.until, extract.outside, extract.after_head)
    return {
        "id": f"{TRAIL}:{extract.unit.code}",
        "type": TRAIL,
        "attributes": [
            {"name": name, "time": EPOCH, "value": value}
            for name, value in zip(STANDING, values, strict=True)
        ],
        "relationships": [],
    }


def _types() -> list[dict[str, str]]:
    return [{"name": name, "type": "integer" if name in WHOLE else "string"} for name in ATTRIBUTES]


def _event(line: Line, objects: dict[str, str], actions: set[str]) -> dict[str, Any]:
    """One event; what it is and what it is related to is added to what the document has to explain."""
    envelope = line.envelope
    values = ((name, value_of(envelope.get(name, ""))) for name in ATTRIBUTES)
    related = list(_related(envelope))
    objects.update((one, kind) for one, kind, _said in related)
    actions.add(envelope["action"])
    return {
        "id": f"entry:{envelope['id']}",
        "type": envelope["action"],
        "time": envelope["at"],
        "attributes": [{"name": name, "value": value} for name, value in values if value not in (None, "")],
        "relationships": [{"objectId": one, "qualifier": said} for one, _kind, said in related],
    }


def _related(envelope: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The objects of an event: id, kind, and what they are to it."""
    for said in ("subject", "about"):
        if envelope[said]:
            yield envelope[said], envelope[said].partition(":")[0], said
    if envelope["office"]:
        yield f"{OFFICE}:{envelope['office']}@{envelope['unit']}", OFFICE, "office"
    if envelope["actor"]:
        yield f"{PERSON}:{envelope['actor']}", PERSON, "actor"
    # A record named under its own kind: the question an act asked, the project a change is of.
    for kind, value in envelope["after"].items():
        if isinstance(value, str) and REFERENCE.fullmatch(value) and value.startswith(f"{kind}:"):
            yield value, kind, "after"


def _joined(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for number, row in enumerate(rows):
        yield (b",\n" if number else b"\n") + _json(row)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
