"""XLSX: every text written as text, no formula and no link, rows streamed to the disk as they come."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import xlsxwriter

from workflow.audit.exporters.cells import COLUMNS, value_of
from workflow.audit.exporters.extract import Extract

ROWS_A_SHEET = 1_000_000
LONGEST_CELL = 32_767
CUT = "……（单元格放不下，全文见 jsonl 格式）"
BLOCK = 1 << 16
OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip


def as_xlsx(extract: Extract) -> Iterator[bytes]:
    """One sheet for each million entries, the columns of the CSV under the same header."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(file, {**OPTIONS, "tmpdir": folder})
        _write(book, extract)
        book.close()
        file.seek(0)
        yield from iter(lambda: file.read(BLOCK), b"")


def _write(book: Any, extract: Extract) -> None:
    sheet, row = _sheet(book, 1), 0
    for line in extract.lines():
        if row == ROWS_A_SHEET:
            sheet, row = _sheet(book, len(book.worksheets()) + 1), 0
        row += 1
        for column, name in enumerate(COLUMNS):
            _cell(sheet, row, column, value_of(line.envelope.get(name, "")))
    _explain(book.add_worksheet("说明"), extract)


def _explain(sheet: Any, extract: Extract) -> None:
    """How much of the trail stands after the last head that left, on a sheet of its own behind the entries."""
    told: tuple[tuple[str, str | int], ...] = (
        ("单位", extract.unit.name),
        ("记录条数", extract.until),
        ("最近一次留存到系统之外的校验码所含条数（0 为尚未留存）", extract.outside),
        ("此后的条数", extract.after_head),
    )
    for row, (name, value) in enumerate(told):
        _cell(sheet, row, 0, name)
        _cell(sheet, row, 1, value)


def _sheet(book: Any, number: int) -> Any:
    sheet = book.add_worksheet(f"办理记录{number}")
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(COLUMNS):
        sheet.write_string(0, column, name)
    return sheet


def _cell(sheet: Any, row: int, column: int, value: str | int | None) -> None:
    if isinstance(value, int):
        sheet.write_number(row, column, value)
    elif value:
        # A spreadsheet counts in UTF-16: a character beyond the first plane is two.
        long = (
            2 * len(value) > LONGEST_CELL
            and len(value.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST_CELL
        )
        text = value[: LONGEST_CELL // 2 - len(CUT)] + CUT if long else value
        sheet.write_string(row, column, text)
