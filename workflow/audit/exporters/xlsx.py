"""XLSX: every text written as text, no formula and no link.

The server reads the columns out and this puts a sheet's markup round them, a chunk of rows at a time: no cell becomes a
value of Python's own. What else a workbook consists of is xlsxwriter's.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from workflow.audit.exporters.cells import COLUMNS
from workflow.audit.exporters.columns import NUMBERS, READ, empty_of, text_of
from workflow.audit.exporters.extract import Extract

ROWS_A_SHEET = 1_000_000
# Bytes of markup after which another sheet begins: from 2 GiB on a part needs a kind of zip not every program reads.
LARGE_SHEET = 1_600_000_000
LONGEST_CELL = 32_767
CUT = "……（单元格放不下，全文见 jsonl 格式）"
BLOCK = 1 << 16
FAST = 1  # of zlib's levels
TABLE, EXPLAINED = "办理记录{}", "说明"
PART = "xl/worksheets/sheet{}.xml"

# What people write: longer than a cell holds, perhaps, or with blanks at its ends.
_WRITTEN = frozenset({"label", "before", "after", "reason"})
_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">'
    b'<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_FOOT = b"</sheetData></worksheet>"

# What XML cannot hold, and what Excel would read as standing for it.
_RARE = re.compile(rb"[\x00-\x08\x0b-\x1f]|\xef\xbf[\xbe\xbf]|_(?=x[0-9a-fA-F]{4}_)")
_CONTROLS = bytes({*range(32)} - set(b"\t\n"))
# What the server writes after a backslash, which stands in its text nowhere else.
_SAID = re.compile(rb"\\(.)")
_MEANT = {b"n": b"\n", b"t": b"\t", b"r": b"_x000D_", b"b": b"_x0008_", b"f": b"_x000C_", b"v": b"_x000B_"}


def as_xlsx(extract: Extract) -> Iterator[bytes]:
    """One sheet for each million entries, the columns of the CSV under the same header; behind them one that explains."""
    with tempfile.TemporaryFile() as file:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=FAST) as book:
            sheets = 0
            for sheets, pieces in groupby(_pieces(extract), itemgetter(0)):
                with book.open(PART.format(sheets), "w") as sheet:
                    sheet.write(_HEAD + _markup(["\t".join(COLUMNS).encode() + b"\n"], 1))
                    _pack(sheet, (piece for _sheet, piece in pieces))
                    sheet.write(_FOOT)
            _complete(book, sheets, extract)
        file.seek(0)
        yield from iter(lambda: file.read(BLOCK), b"")


def _pack(sheet: IO[bytes], pieces: Iterator[bytes]) -> None:
    """Write them into a part of the workbook: each is compressed on a thread of its own while the next is being made."""
    with ThreadPoolExecutor(1) as beside:
        last: Future[int] | None = None
        for piece in pieces:
            if last:
                last.result()
            last = beside.submit(sheet.write, piece)
        if last:
            last.result()


def _pieces(extract: Extract) -> Iterator[tuple[int, bytes]]:
    """The markup of the entries' rows, each piece with the number of its sheet; the first sheet is there without any."""
    sheet, filled, size = 1, 0, 0
    yield sheet, b""
    for rows in extract.copied(", ".join(map(_cell, COLUMNS)), "FORMAT text, NULL ''", read=READ):
        while rows:
            if filled >= ROWS_A_SHEET or size >= LARGE_SHEET:
                sheet, filled, size = sheet + 1, 0, 0
            here, rows = rows[: ROWS_A_SHEET - filled], rows[ROWS_A_SHEET - filled :]
            piece = _markup(here, filled + 2)
            filled, size = filled + len(here), size + len(piece)
            yield sheet, piece


def _cell(name: str) -> str:
    """SQL of one cell: `cells.value_of` of the field, cut where no cell could hold it."""
    if name in NUMBERS:
        return NUMBERS[name]
    text = text_of(name)
    if name not in _WRITTEN:
        return text
    # A spreadsheet counts in UTF-16: a character beyond the first plane is two.
    units = rf"char_length({text}) + char_length(regexp_replace({text}, '[^\U00010000-\U0010ffff]', '', 'g'))"
    return (
        f"CASE WHEN octet_length({text}) > {LONGEST_CELL} AND {units} > {LONGEST_CELL}"
        f" THEN left({text}, {LONGEST_CELL // 2 - len(CUT)}) || '{CUT}' ELSE nullif({text}, '{empty_of(name)}') END"
    )


@lru_cache(1024)
def _row_of(filled: tuple[bool, ...], *, header: bool) -> bytes:
    """The markup of a row in which these columns are filled: with # for its number and %b for the content of each."""
    cells = (
        _cell_of(column, "" if header else name) for column, name in enumerate(COLUMNS) if filled[column]
    )
    return b'<row r="#">%b</row>' % b"".join(cells)


def _cell_of(column: int, name: str) -> bytes:
    place = xl_col_to_name(column).encode()
    if name in NUMBERS:
        return b'<c r="%b#"><v>%%b</v></c>' % place
    kept = b' xml:space="preserve"' if name in _WRITTEN else b""
    return b'<c r="%b#" t="inlineStr"><is><t%b>%%b</t></is></c>' % (place, kept)


def _markup(rows: Sequence[bytes], first: int) -> bytes:
    """Rows as the server writes them (tabs between, a line feed behind) as rows of a sheet, from number `first` on."""
    text = b"".join(rows).replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    if b"_x" in text or b"\xef\xbf" in text or len(text.translate(None, _CONTROLS)) != len(text):
        text = _RARE.sub(_escaped, text)
    marked = []
    for number, row in enumerate(text.split(b"\n")[:-1], first):
        cells = row.split(b"\t")
        markup = _row_of(tuple(map(bool, cells)), header=first == 1)
        marked.append(markup.replace(b"#", b"%d" % number) % tuple(filter(None, cells)))
    text = b"".join(marked)
    return _SAID.sub(lambda said: _MEANT.get(said[1], said[1]), text) if b"\\" in text else text


def _escaped(found: re.Match[bytes]) -> bytes:
    """A character as Excel writes one that stands for another: its UTF-16 number between underscores."""
    return b"_x%04X_" % ord(found[0].decode())


def _complete(book: ZipFile, sheets: int, extract: Extract) -> None:
    """Put in the other parts of a workbook with so many sheets of entries.

    On a sheet of its own behind them: what of the trail they are, and how much of it stands after the last head that left.
    """
    told: tuple[tuple[str, str | int], ...] = (
        ("单位", extract.unit.name),
        ("年份", extract.year or "全部"),
        ("办理事项", extract.subject or "全部"),
        ("本表记录条数（限于导出人有权查看的）", extract.total()),
        ("单位全部记录条数", extract.until),
        ("最近一次留存到系统之外的校验码所含条数（0 为尚未留存）", extract.outside),
        ("此后的条数", extract.after_head),
    )
    made = io.BytesIO()
    # No text is a formula, a link or a number, whatever it looks like.
    with xlsxwriter.Workbook(
        made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as rest:
        for number in range(sheets):
            rest.add_worksheet(TABLE.format(number + 1))
        explained = rest.add_worksheet(EXPLAINED)
        for row, line in enumerate(told):
            explained.write_row(row, 0, line)
    ours = {PART.format(number + 1) for number in range(sheets)}
    with ZipFile(made) as parts:
        for name in parts.namelist():
            if name not in ours:
                book.writestr(name, parts.read(name))
