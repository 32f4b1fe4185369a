"""CSV that opens in a spreadsheet with its Chinese right, and runs nothing there."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.audit.exporters.cells import COLUMNS, HARMLESS, RISKY
from workflow.audit.exporters.columns import NUMBERS, READ, empty_of, text_of
from workflow.audit.exporters.extract import Extract

# Doubled for the literal, and for the parameters beside it.
_PATTERN = RISKY.replace("'", "''").replace("%", "%%")
_SURE = " OR ".join(f"ascii({{text}}) BETWEEN {first} AND {last}" for first, last in HARMLESS)


def as_csv(extract: Extract) -> Iterator[bytes]:
    """UTF-8 with BOM, CRLF, a header; see `cells.guarded` for what gets a ' before it."""
    yield b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n"
    for rows in extract.copied(", ".join(map(_cell, COLUMNS)), "FORMAT csv", read=READ):
        # The server ends a row with a line feed alone; those inside of a cell stay as they are.
        yield b"".join(part for row in rows for part in (row[:-1], b"\r\n"))


def _cell(name: str) -> str:
    """SQL of one cell: `cells.value_of` of the field, `cells.guarded`."""
    if name in NUMBERS:
        return NUMBERS[name]
    text = text_of(name)
    # What every code and nearly every word begins with needs no pattern, which takes longer than all the rest.
    return (
        f"CASE WHEN {_SURE.format(text=text)} THEN nullif({text}, '{empty_of(name)}') WHEN {text} = '' THEN NULL"
        f" WHEN {text} ~ '{_PATTERN}' THEN '''' || {text} ELSE {text} END"
    )
