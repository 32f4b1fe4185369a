"""Ways of reading a unit's trail, in a process of its own; the peak of memory is a way's own where it is the only one.

Reads {"ways", "unit", "rounds"} from the input, writes {way: [{"seconds", "bytes", "peak_mb", "apart_mb"}, …]}, the ways
taken in turn: the peak is what the process held at most beyond what it held before it began, apart what the largest of
those it started held (a printed trail is laid out by processes of their own).
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflow.audit.checking import OutsideHead

STATUS, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# The same rows as they are stored, and the same columns as the table has them.
STORED = "l.unit_id, l.index, l.entry_id, l.recorded_at, e.body, l.prev, l.hash"
FIELDS = """
    b.unit, l.index, l.entry_id, b.at, l.recorded_at, b.action, b.step, b.actor, b.office, b.subject, b.about, b.label,
    b.before, b.after, b.reason, b.task, b.request, encode(l.hash, 'hex'), encode(l.prev, 'hex'), l.unit_id, b.stands_for
"""
FROM = "FROM workflow_leaf l JOIN workflow_entry e ON e.id = l.entry_id"
READ = """CROSS JOIN LATERAL json_to_record(e.body::json) AS b (
    unit text, at text, action text, step int, actor text, office text, subject text, about text, label text, before json,
    after json, reason text, task text, request text, stands_for text)"""

ADDITIONS = 20_000_000


def held(name: str) -> float:
    """MB of VmRSS or VmHWM."""
    found = re.search(rf"{name}:\s+(\d+)", STATUS.read_text())
    return int(found[1]) / 1024 if found else 0.0


def copied(columns: str, joined: str) -> Callable[[int], Iterator[bytes]]:
    """The limit: what the server itself writes."""

    def read(unit: int) -> Iterator[bytes]:
        from django.db import connection

        query = f"COPY (SELECT {columns} {FROM} {joined} WHERE l.unit_id = {unit} ORDER BY l.index) TO STDOUT (FORMAT csv)"
        with connection.cursor() as cursor, cursor.copy(query) as copy:
            yield from copy

    return read


def exported(form: str) -> Callable[[int], Iterator[bytes]]:
    def read(unit: int) -> Iterator[bytes]:
        import projects.evaluation.trail_formats  # noqa: F401  (the printed one)
        from workflow.audit.exporters import FORMATS
        from workflow.audit.exporters.extract import extract_of
        from workflow.people.models import Unit

        return FORMATS[form].write(extract_of(Unit.objects.get(pk=unit)))

    return read


def by_openpyxl(unit: int) -> Iterator[bytes]:
    """The peer of the workbook: the same cells by openpyxl's own way for large files."""
    import tempfile

    from openpyxl import Workbook

    from workflow.audit.exporters.cells import COLUMNS, value_of
    from workflow.audit.exporters.extract import extract_of
    from workflow.people.models import Unit

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in extract_of(Unit.objects.get(pk=unit)).lines():
        sheet.append([value_of(line.envelope.get(name, "")) for name in COLUMNS])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        yield bytes(file.tell())


@cache
def head_of(unit: int) -> OutsideHead:
    """A head over the whole trail, as somebody kept it outside: made before anything is measured."""
    from workflow.audit.checking import OutsideHead
    from workflow.audit.heads import grown
    from workflow.audit.models import Head

    end = Head.objects.get(unit_id=unit)
    root = grown(unit, None, end.size, bytes(end.hash)).root()
    return OutsideHead(end.size, bytes(end.hash).hex(), root.hex())


def counted(unit: int) -> Iterator[bytes]:
    """What the machine does in a second, whatever else it has to do: so many additions by Python alone."""
    total = 0
    for number in range(ADDITIONS):
        total += number
    yield b""


def verified(unit: int) -> Iterator[bytes]:
    """Every hash of the chain and the Merkle tree over all of it, compared with that head."""
    from workflow.audit.verify import verify

    verdict = verify(unit, outside=[head_of(unit)])
    if verdict.fault:
        raise SystemExit(f"not whole: {verdict.fault}")
    yield bytes(verdict.size)


WAYS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "COPY of the rows as stored": copied(STORED, ""),
    "COPY of the table's columns": copied(FIELDS, READ),
    "openpyxl": by_openpyxl,
    "additions": counted,
    "verify": verified,
    **{form: exported(form) for form in ("jsonl", "csv", "xlsx", "xes", "ocel", "pdf")},
}


def measured(way: str, unit: int) -> dict[str, float]:
    PEAK.write_text("5")
    before, begun = held("VmRSS"), time.perf_counter()
    size = sum(map(len, WAYS[way](unit)))
    seconds = time.perf_counter() - begun
    apart = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "seconds": seconds,
        "bytes": size,
        "peak_mb": round(held("VmHWM") - before, 1),
        "apart_mb": round(apart, 1),
    }


def run(ways: list[str], unit: int, rounds: int) -> dict[str, list[dict[str, float]]]:
    from workflow.audit.verify import one_view
    from workflow.people.isolation import SYSTEM, within

    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    # What is printed carries a head that is signed on the way.
    with within(SYSTEM) if "pdf" in ways else one_view():
        # The connection and what is loaded with it are no part of the measurement.
        sum(map(len, WAYS["COPY of the rows as stored"](0)))
        if "verify" in ways:
            head_of(unit)
        for _ in range(rounds):
            for way in ways:
                found[way].append(measured(way, unit))
    return found


if __name__ == "__main__":
    import django

    django.setup()
    json.dump(run(**json.load(sys.stdin)), sys.stdout)
