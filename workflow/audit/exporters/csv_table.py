"""CSV that opens in a spreadsheet with its Chinese right, and runs nothing there."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.audit.exporters.cells import COLUMNS, HARMLESS, IN_A_DAY, IN_A_HASH, RISKY
from workflow.audit.exporters.columns import HASHES, MOMENTS, NUMBERS, READ, empty_of, text_of
from workflow.audit.exporters.extract import Extract

# Doubled for the literal, and for the parameters beside it.
_PATTERN = RISKY.replace("'", "''").replace("%", "%%")
_SURE = " OR ".join(f"ascii({{text}}) BETWEEN {first} AND {last}" for first, last in HARMLESS)
_DAY = f"ascii({{text}}) BETWEEN {ord('0')} AND {ord('9')} AND strpos({{text}}, '{IN_A_DAY}') > 0"


def as_csv(extract: Extract) -> Iterator[bytes]:
    """UTF-8 with BOM, CRLF, a header; see `cells.guarded` for what gets a ' before it."""
    yield b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n"
    for rows in extract.copied(", ".join(map(_cell, COLUMNS)), "FORMAT csv", read=READ):
        # The server ends a row with a line feed alone; those inside of a cell stay as they are.
        yield b"\r\n".join([row[:-1] for row in rows]) + b"\r\n"


def _cell(name: str) -> str:
    """SQL of one cell: `cells.value_of` of the field, `cells.guarded`.

    The pattern takes longer than all the rest, and what is worked out is worked out wherever it is named: so what every
    code, nearly every word, every day and nearly every hash begins with or has in it is looked for first.
    """
    if name in NUMBERS:
        return NUMBERS[name]
    text = text_of(name)
    if name in MOMENTS:
        return text
    if name in HASHES:
        return f"CASE WHEN strpos({text}, '{IN_A_HASH}') > 0 THEN {text} ELSE {_guarded(text)} END"
    sure = f"nullif({text}, '{empty}')" if (empty := empty_of(name)) else text
    return (
        f"CASE WHEN {_SURE.format(text=text)} THEN {sure} WHEN {text} = '' THEN NULL"
        f" WHEN {_DAY.format(text=text)} THEN {text} ELSE {_guarded(text)} END"
    )


def _guarded(text: str) -> str:
    """SQL of `cells.guarded`."""
    return f"CASE WHEN {text} ~ '{_PATTERN}' THEN '''' || {text} ELSE {text} END"
