"""CSV that opens in a spreadsheet with its Chinese right, and runs nothing there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from workflow.audit.exporters.cells import COLUMNS, guarded, value_of
from workflow.audit.exporters.extract import Extract


def as_csv(extract: Extract) -> Iterator[bytes]:
    """UTF-8 with BOM, CRLF, a header; see `cells.guarded` for what gets a ' before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield b"\xef\xbb\xbf" + _taken(buffer)
    for line in extract.lines():
        cells = (value_of(line.envelope.get(name, "")) for name in COLUMNS)
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in cells])
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
