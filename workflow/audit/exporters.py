"""The trail as files: JSON Lines that can be verified, CSV that can be read.

A line of JSON Lines is `{"hash":…,"id":…,"index":…,"prev":…,"recorded_at":…,"unit_id":…,` followed by the hashed
body without its opening brace: the body stands in the line byte for byte, and is found again either by cutting
there or by taking those six fields out and writing the rest canonically (`chain.py` has the layout of the hash).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from workflow.audit.chain import ENVELOPE_ONLY
from workflow.audit.models import Entry, Head
from workflow.audit.selectors import Line, lines_of
from workflow.audit.services import Act, write_down
from workflow.people.models import Unit

COLUMNS = (
    "unit", "index", "id", "at", "recorded_at", "action", "step", "actor", "office", "subject", "about", "label",
    "before", "after", "reason", "task", "request", "hash", "prev", "unit_id", "stands_for",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MEDIA_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


def as_jsonl(lines: Iterator[Line]) -> Iterator[bytes]:
    """One envelope per line, UTF-8, each with the body byte for byte as hashed."""
    for line in lines:
        chain = {name: line.envelope[name] for name in sorted(ENVELOPE_ONLY)}
        head = json.dumps(chain, separators=(",", ":"))
        yield f"{head[:-1]},{line.body[1:]}\n".encode()


def as_csv(lines: Iterator[Line]) -> Iterator[bytes]:
    """UTF-8 with BOM, CRLF, a header; text that a spreadsheet would run as a formula gets a ' before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield b"\xef\xbb\xbf" + _taken(buffer)
    for line in lines:
        writer.writerow([_cell(line.envelope.get(name, "")) for name in COLUMNS])
        yield _taken(buffer)


FORMATS: dict[str, Callable[[Iterator[Line]], Iterator[bytes]]] = {"jsonl": as_jsonl, "csv": as_csv}


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def lines_in(unit: Unit, year: int | None) -> Iterator[Line]:
    """The unit's lines in the order of the chain; year keeps the acts of that calendar year in local time.

    index and prev stay the chain's own, so what a year or the reader's scope leaves out shows as gaps.
    """
    for line in lines_of(unit):
        if year is None or _local_year(line.envelope["at"]) == year:
            yield line


def _local_year(instant: str) -> int:
    return localtime(datetime.fromisoformat(instant)).year


def record_export(act: Act, unit: Unit, *, form: str, year: int | None, scope: Sequence[str] = ()) -> Entry:
    """Write down that the unit's trail leaves the system; committed before the first byte is handed out.

    scope: the parts of it that leave, where the reader sees no more.
    """
    head = Head.objects.filter(unit=unit).first()
    return write_down(
        act,
        "trail.export",
        f"unit:{unit.pk}",
        after={"format": form, "year": year, "size": head.size if head else 0}
        | ({"scope": list(scope)} if scope else {}),
    )
