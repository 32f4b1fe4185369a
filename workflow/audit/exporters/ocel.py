"""OCEL 2.0 (JSON): events are entries; objects are the records they are on, the years, the offices and the persons."""

from __future__ import annotations

import json
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
OFFICE, PERSON = "office", "person"


def as_ocel(extract: Extract) -> Iterator[bytes]:
    """One JSON document, UTF-8, its events in the order of the chain."""
    named = {reference for (reference,) in extract.distinct("subject") + extract.distinct("about")}
    records = sorted(named - {""})
    seats, people = _seats(extract)
    objects = [(one, one.partition(":")[0]) for one in records]
    objects += [(one, OFFICE) for one in seats] + [(one, PERSON) for one in people]
    kinds = sorted({kind for _one, kind in objects})
    yield b'{"objectTypes":' + _json([{"name": kind, "attributes": []} for kind in kinds])
    actions = [action for (action,) in extract.distinct("action")]
    yield b',"eventTypes":' + _json([{"name": action, "attributes": _types()} for action in actions])
    yield b',"objects":['
    yield from _joined(
        {"id": one, "type": kind, "attributes": [], "relationships": []} for one, kind in objects
    )
    yield b'],"events":['
    yield from _joined(_event(line) for line in extract.lines())
    yield b"]}\n"


def _seats(extract: Extract) -> tuple[list[str], list[str]]:
    """The offices and persons that acted, by the ids their objects get."""
    found = extract.distinct("body::jsonb ->> 'office'", "body::jsonb ->> 'actor'")
    seats = sorted({f"{OFFICE}:{office}@{extract.unit.code}" for office, _actor in found if office})
    return seats, sorted({f"{PERSON}:{actor}" for _office, actor in found if actor})


def _types() -> list[dict[str, str]]:
    return [{"name": name, "type": "integer" if name in WHOLE else "string"} for name in ATTRIBUTES]


def _event(line: Line) -> dict[str, Any]:
    envelope = line.envelope
    values = ((name, value_of(envelope.get(name, ""))) for name in ATTRIBUTES)
    related = [
        (envelope["subject"], "subject"),
        (envelope["about"], "about"),
        (envelope["office"] and f"{OFFICE}:{envelope['office']}@{envelope['unit']}", "office"),
        (envelope["actor"] and f"{PERSON}:{envelope['actor']}", "actor"),
    ]
    return {
        "id": f"entry:{envelope['id']}",
        "type": envelope["action"],
        "time": envelope["at"],
        "attributes": [{"name": name, "value": value} for name, value in values if value not in (None, "")],
        "relationships": [{"objectId": one, "qualifier": said} for one, said in related if one],
    }


def _joined(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for number, row in enumerate(rows):
        yield (b",\n" if number else b"\n") + _json(row)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
