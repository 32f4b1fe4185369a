"""The totals of a hall's device (会场表决器) as a table: read from CSV or XLSX, written to be filled in (rules.md §6.2).

Devices write their own heads above the table and call the columns by their own names, so the head is looked for and the
usual names are known. Whoever pressed nothing (未按) is a figure of its own: a table without it is refused, never filled
up. Projects are known by their names on the ballot, numbers beside them must agree.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from workflow.administration import sheets

TOTALS = ("合计", "总计", "小计")
DELIMITERS = ",\t;，"
HEAD_WITHIN = 30
MOST_BYTES = sheets.MOST_BYTES
# Against formulas: a cell a spreadsheet would run is written behind an apostrophe, and read without it.
RUNS = ("=", "+", "-", "@", "\t", "\r", "'")

Sums = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Heads:
    """The head of a table. figures: its columns of figures → what a tally calls them; names: how devices call a column."""

    figures: Mapping[str, str]
    names: Mapping[str, tuple[str, ...]]

    @property
    def columns(self) -> tuple[str, ...]:
        return ("序号", *self.needed)

    @property
    def needed(self) -> tuple[str, ...]:
        return ("项目名称", *self.figures)


NUMBER = ("序号", "编号", "议题序号")
TITLE = ("项目名称", "项目", "名称", "议题", "议题名称", "表决事项", "表决项目", "测评事项", "测评项目")
UNPRESSED = ("未按", "未按键", "未按人数", "未表决", "未投票", "未作评价", "未测评")
MARK_HEADS = Heads(
    {"赞成": "for", "反对": "against", "弃权": "abstain", "未按": "not_pressed"},
    {
        "序号": NUMBER,
        "项目名称": TITLE,
        "赞成": ("赞成", "赞成票", "赞成人数", "同意"),
        "反对": ("反对", "反对票", "反对人数", "不同意"),
        "弃权": ("弃权", "弃权票", "弃权人数"),
        "未按": UNPRESSED,
    },
)
# A measurement's three grades (rules.md §8).
GRADE_HEADS = Heads(
    {"满意": "for", "基本满意": "abstain", "不满意": "against", "未作评价": "not_pressed"},
    {
        "序号": NUMBER,
        "项目名称": TITLE,
        "满意": ("满意", "满意票", "满意人数"),
        "基本满意": ("基本满意", "基本满意票", "基本满意人数", "较满意"),
        "不满意": ("不满意", "不满意票", "不满意人数"),
        "未作评价": UNPRESSED,
    },
)


class Unreadable(ValueError):
    """The file holds no totals of this vote; `faults` says in Chinese what is wrong, with row and column."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True)
class _Row:
    """One row below the head: its number in the file, and its cells by the names of the head's columns."""

    number: int
    cells: Mapping[str, str]

    def fault(self, column: str, text: str) -> str:
        return _("第 %(row)s 行“%(column)s”列：%(text)s") % {
            "row": self.number,
            "column": column,
            "text": text,
        }


def read_totals(content: bytes, titles: Sequence[str], heads: Heads = MARK_HEADS) -> Sums:
    """title → {"for", "against", "abstain", "not_pressed"}, for every title on the ballot, in its order.

    content: an XLSX workbook (its first sheet), or CSV in UTF-8, UTF-16 or GBK. Raises Unreadable with every fault.
    """
    rows = _below_head(_table(content, heads), heads)
    found: Sums = {}
    faults: list[str] = []
    seen: dict[str, int] = {}
    for row in rows:
        if title := _title(row, titles, seen, faults):
            seen[title] = row.number
            found[title] = {name: _figure(row, column, faults) for column, name in heads.figures.items()}
    faults += [_("缺少“%(title)s”的结果。") % {"title": title} for title in titles if title not in seen]
    if faults:
        raise Unreadable(*faults)
    return {title: found[title] for title in titles}


def as_rows(
    titles: Sequence[str], sums: Mapping[str, Mapping[str, int]] | None = None, heads: Heads = MARK_HEADS
) -> list[list[str]]:
    """The table's rows: every project of the ballot with its figures, empty ones where none are given."""
    return [
        [str(number), title, *(str(sums[title][name]) if sums else "" for name in heads.figures.values())]
        for number, title in enumerate(titles, 1)
    ]


def as_csv(rows: Iterable[Sequence[str]], heads: Heads = MARK_HEADS) -> bytes:
    """The table as CSV that opens in a spreadsheet: UTF-8 with BOM, CRLF, nothing that runs."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(heads.columns)
    writer.writerows([[f"'{cell}" if cell.startswith(RUNS) else cell for cell in row] for row in rows])
    return codecs.BOM_UTF8 + buffer.getvalue().encode()


def as_xlsx(rows: Iterable[Sequence[str]], heads: Heads = MARK_HEADS) -> bytes:
    """The table as a workbook."""
    return sheets.write(_("表决结果"), heads.columns, rows)


# The table


def _table(content: bytes, heads: Heads) -> list[list[str]]:
    """The cells of the file as text."""
    if len(content) > MOST_BYTES:
        raise Unreadable(_("文件太大，最多 2 MB。"))
    if content.startswith(b"PK"):
        try:
            rows = sheets.sheet_rows(io.BytesIO(content))
        except sheets.Unreadable as error:
            raise Unreadable(str(error)) from error
        return [[sheets.text_of(cell) for cell in row] for row in rows]
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(_("这是旧版 Excel 文件（.xls），请另存为 .xlsx 或 .csv 后再导入。"))
    return _cells(_decoded(content), heads)


def _decoded(content: bytes) -> str:
    """CSV as devices write it: Unicode where it says so or is, else GBK, of which GB 18030 is the whole."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ["utf-16"] if wide else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable(_("文件既不是 Excel 工作簿（.xlsx），也不是文本表格（.csv）。"))


def _cells(text: str, heads: Heads) -> list[list[str]]:
    """The rows by the delimiter under which a head is found; by commas where none is."""
    tables = [[[_bare(cell) for cell in row] for row in _split(text, sign)] for sign in DELIMITERS]
    return next((table for table in tables if _head_at(table, heads) is not None), tables[0])


def _bare(cell: str) -> str:
    """A cell without the apostrophe `as_csv` puts before what would run."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(RUNS) else text


def _split(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(_("文件不是完整的文本表格（.csv），请重新导出。")) from error


def _head_at(table: Sequence[Sequence[str]], heads: Heads) -> int | None:
    """Where the head stands: the first row that names a project and a figure in favour."""
    for at, row in enumerate(table[:HEAD_WITHIN]):
        named = _columns(row, heads)
        if "项目名称" in named and next(iter(heads.figures)) in named:
            return at
    return None


def _columns(row: Sequence[str], heads: Heads) -> dict[str, int]:
    """Which column stands where in a head."""
    plain = [_plain(cell) for cell in row]
    return {
        column: next(at for at, cell in enumerate(plain) if cell in names)
        for column, names in heads.names.items()
        if set(plain) & set(names)
    }


def _plain(cell: str) -> str:
    """A cell as it is compared: one width of letters, no spaces, no unit in brackets."""
    text = "".join(unicodedata.normalize("NFKC", cell).split())
    return re.sub(r"\((人|票|人数|票数)\)$", "", text)


def _below_head(table: Sequence[Sequence[str]], heads: Heads) -> list[_Row]:
    at = _head_at(table, heads)
    if at is None:
        raise Unreadable(
            _("没有找到表头，表头须有这些列：%(columns)s。") % {"columns": "、".join(heads.needed)}
        )
    places = _columns(table[at], heads)
    if missing := [column for column in heads.needed if column not in places]:
        raise Unreadable(
            _("第 %(row)s 行表头缺少“%(columns)s”列。") % {"row": at + 1, "columns": "”“".join(missing)}
        )
    rows = [
        _Row(
            number,
            {column: row[place] if place < len(row) else "" for column, place in places.items()},
        )
        for number, row in enumerate(table[at + 1 :], at + 2)
    ]
    return [row for row in rows if any(row.cells.values())]


def _title(row: _Row, titles: Sequence[str], seen: Mapping[str, int], faults: list[str]) -> str | None:
    """The project a row is of; None for a row of totals, and with a fault for one that is of none."""
    written, alike = row.cells["项目名称"], {_plain(title): title for title in titles}
    title = written if written in titles else alike.get(_plain(written))
    if title is None and {_plain(written), _plain(row.cells.get("序号", ""))} & set(TOTALS):
        return None
    if title is None:
        faults.append(row.fault("项目名称", _("“%(title)s”不是本次表决的项目。") % {"title": written}))
    elif title in seen:
        faults.append(row.fault("项目名称", _("与第 %(row)s 行重复。") % {"row": seen[title]}))
    else:
        _check_number(row, titles.index(title) + 1, faults)
        return title
    return None


def _check_number(row: _Row, position: int, faults: list[str]) -> None:
    """A number beside the name that is another project's: one of the two is wrong, and which cannot be known."""
    written = _plain(row.cells.get("序号", ""))
    if written and _whole(written) != position:
        text = _("票面上这个项目是第 %(position)s 号，不是“%(written)s”。")
        faults.append(row.fault("序号", text % {"position": position, "written": written}))


def _figure(row: _Row, column: str, faults: list[str]) -> int:
    written = row.cells[column]
    number = _whole(_plain(written))
    if number is None:
        text = _("应填人数，现为空。") if not written else _("“%(written)s”不是人数。") % {"written": written}
        faults.append(row.fault(column, text))
    return number or 0


def _whole(text: str) -> int | None:
    """A number of people as devices and spreadsheets write it: 32, 32.0, 32人."""
    found = re.fullmatch(r"([0-9]{1,6})(\.0+)?[人票]?", text)
    return int(found.group(1)) if found else None


def preview_rows(titles: Sequence[str], sums: Sums, heads: Heads = MARK_HEADS) -> list[dict[str, Any]]:
    """The totals as a page shows them before they are accepted."""
    return [
        {
            "position": number,
            "title": title,
            "figures": [sums[title][name] for name in heads.figures.values()],
            "whole": sum(sums[title].values()),
        }
        for number, title in enumerate(titles, 1)
    ]
