"""CSV that opens in a spreadsheet with its Chinese right, and runs nothing there."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.audit.exporters.cells import COLUMNS, RISKY
from workflow.audit.exporters.extract import STAMP, Extract

_NUMBERS = {"index": "l.index", "id": "l.entry_id", "unit_id": "l.unit_id", "step": "b.step"}
_TEXTS = {"recorded_at": STAMP, "hash": "encode(l.hash, 'hex')", "prev": "encode(l.prev, 'hex')"}
_OF_THE_CHAIN = {"index", "id", "unit_id", *_TEXTS}
_READ = ", ".join(
    f"{name} {'int' if name in _NUMBERS else 'text'}" for name in COLUMNS if name not in _OF_THE_CHAIN
)
# Doubled for the literal, and for the parameters beside it.
_PATTERN = RISKY.replace("'", "''").replace("%", "%%")


def as_csv(extract: Extract) -> Iterator[bytes]:
    """UTF-8 with BOM, CRLF, a header; see `cells.guarded` for what gets a ' before it."""
    yield b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n"
    read = f"CROSS JOIN LATERAL json_to_record(e.body::json) AS b ({_READ})"
    for rows in extract.copied(", ".join(map(_cell, COLUMNS)), "FORMAT csv", read=read):
        # The server ends a row with a line feed alone; those inside of a cell stay as they are.
        yield b"".join(part for row in rows for part in (row[:-1], b"\r\n"))


def _cell(name: str) -> str:
    """SQL of one cell: `cells.value_of` of the field, `cells.guarded`."""
    if name in _NUMBERS:
        return _NUMBERS[name]
    text, empty = _TEXTS.get(name, f"b.{name}"), "{}" if name in ("before", "after") else ""
    return f"CASE WHEN {text} ~ '{_PATTERN}' THEN '''' || {text} ELSE nullif({text}, '{empty}') END"
