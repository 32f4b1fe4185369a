"""Workbooks in and out: a table with a known header, read as text, written so that nothing runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

import openpyxl
import xlsxwriter
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from workflow.people.saying import listed

MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 40 * 1024 * 1024
MOST_ROWS = 5000
MOST_COLUMNS = 400


class Unreadable(ValueError):
    """The file is no workbook of the expected shape; the text says in Chinese what to do."""


def read(file: BinaryIO, columns: Sequence[str], *, required: Iterable[str]) -> list[dict[str, str]]:
    """The rows of the first sheet as text by column title, each with its line number under "line".

    Blank rows are passed over, columns of other titles ignored. Raises Unreadable: not a workbook, too large, a
    required column missing, no rows.
    """
    rows = iter(sheet_rows(file))
    header = [unspaced(text_of(cell)) for cell in next(rows, ())]
    if not any(header):
        raise Unreadable(_("表中没有数据。"))
    missing = [title for title in required if title not in header]
    if missing:
        raise Unreadable(_("第一行缺少这些列：%(titles)s。请用模板填写。") % {"titles": listed(missing)})
    places = {title: header.index(title) for title in columns if title in header}
    found = []
    for line, row in enumerate(rows, 2):
        values = {title: text_of(row[at]) if at < len(row) else "" for title, at in places.items()}
        if any(values.values()):
            found.append({**dict.fromkeys(columns, ""), **values, "line": str(line)})
    if not found:
        raise Unreadable(_("表中没有数据。"))
    return found


def sheet_rows(file: BinaryIO) -> list[tuple[Any, ...]]:
    """The rows of the first sheet as they are, its values and never its formulas. Raises Unreadable."""
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Unreadable(_("文件太大，最多 2 MB。"))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(member.file_size for member in packed.infolist()) > MOST_UNPACKED:
                raise Unreadable(_("文件展开后太大。"))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size may be wrong: programs that stream it do not know yet
        rows = [row[:MOST_COLUMNS] for row in sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 2)]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, SyntaxError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(_("不是 Excel 工作簿（.xlsx），请用模板填写后另存为 .xlsx。")) from error
    if len(rows) > MOST_ROWS + 1:
        raise Unreadable(_("一次最多导入 %(most)s 行。") % {"most": MOST_ROWS})
    return rows


def text_of(value: Any) -> str:
    """A cell as it is read: whole numbers without a point, days as ISO dates."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def unspaced(text: str) -> str:
    """A title or a name of a person without the blanks that are set to make it as wide as the others: 姓　名, 王　强."""
    return "".join(text.split())


def write(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, notes: Sequence[str] = ()
) -> bytes:
    """A workbook with one table, every value as text; notes go to a second sheet 填写说明."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold, text = book.add_format({"bold": True, "bg_color": "#DCE6F1"}), book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(title)
    sheet.set_column(0, len(columns) - 1, 18, text)
    sheet.freeze_panes(1, 0)
    for at, name in enumerate(columns):
        sheet.write_string(0, at, name, bold)
    for line, row in enumerate(rows, 1):
        for at, value in enumerate(row):
            sheet.write_string(line, at, str(value), text)
    if notes:
        explained = book.add_worksheet(_("填写说明"))
        explained.set_column(0, 0, 90)
        for line, note in enumerate(notes):
            explained.write_string(line, 0, note)
    book.close()
    return buffer.getvalue()
