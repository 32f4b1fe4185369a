"""Any view of the county's pages as a file: workbook, PDF, Word; the figures and the order are the page's own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.documents.parts import Document, Heading, Paragraph, Part, Table
from projects.oversight.measures import MEASURES, MONEY, PERCENT, SECTIONS, Measure
from projects.portal.county import overseer
from projects.portal.county_lists import LISTS, Asked, Listing, filters_asked, words_of
from projects.portal.county_view import YEARLY, Row, View, scope_of
from projects.portal.documents import FORMATS, written
from workflow.administration.previews import WORKBOOK
from workflow.flows.money import FEN_PER_WAN, wan
from workflow.flows.saving import saved_as

MOST_ROWS = 5000


@dataclass(frozen=True)
class Sheet:
    """One table of a file. cells: texts, or numbers a workbook keeps as numbers; percent: columns of shares."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    percent: frozenset[int] = frozenset()


# ------------------------------------------------------------------------------- the view


def sheets_of(view: View) -> list[Sheet]:
    """Everything a view tells, as tables: the steps, every group of measures, the funnel, the sources, the years."""
    return [
        _steps(view),
        *(_section(view, section) for section in SECTIONS),
        _funnel(view),
        _sources(view),
        _years(view),
    ]


def _first(view: View) -> str:
    return _("县（市、区）") if view.by_county else _("乡镇（年度）")


def _steps(view: View) -> Sheet:
    rows = tuple((row.name, *_cells(view, row)) for row in view.rows)
    return Sheet(_("六个环节"), (_first(view), *view.step_heads()), rows)


def _cells(view: View, row: Row) -> list[str]:
    if view.by_county:
        return [
            _("超期 %(n)s 件") % {"n": cell["overdue"]}
            if cell["overdue"]
            else _("%(n)s 个乡镇") % {"n": cell["townships"]}
            if cell["townships"]
            else "—"
            for cell in row.county_cells
        ]
    words = {"done": _("完成"), "waiting": "—"}
    return [words.get(cell.state) or _days(cell.state, cell.days) for cell in row.cells]


def _days(state: str, days: int | None) -> str:
    if days is None:
        return _("进行中")
    return (
        _("超 %(days)s 天") % {"days": days} if state == "overdue" else _("剩 %(days)s 天") % {"days": days}
    )


def _section(view: View, section: Any) -> Sheet:
    rows = [(row.name, *_values(row.numbers[m.code].value for m in section.measures)) for row in view.rows]
    sums = (_("合计"), *_values(view.number(m).value for m in section.measures))
    shown = [_in_wan(rows_of, section.measures) for rows_of in (*rows, sums)]
    head = (_first(view), *(_head(m) for m in section.measures))
    percent = frozenset(at for at, m in enumerate(section.measures, 1) if m.kind == PERCENT)
    return Sheet(str(section.title), head, tuple(shown), percent)


def _values(values: Iterable[int | None]) -> list[Any]:
    return ["—" if value is None else value for value in values]


def _head(measure: Measure) -> str:
    return _("%(title)s（万元）") % {"title": measure.title} if measure.kind == MONEY else str(measure.title)


def _in_wan(row: Sequence[Any], measures: Sequence[Measure]) -> tuple[Any, ...]:
    """Fen as 万元: exact, since two places of a yuan are six of 万元."""
    kinds = [None, *(m.kind for m in measures)]
    return tuple(
        cell / FEN_PER_WAN if kind == MONEY and isinstance(cell, int) else cell
        for cell, kind in zip(row, kinds, strict=True)
    )


def _funnel(view: View) -> Sheet:
    rows = tuple(
        (str(one["stage"].title), one["n"], "—" if one["share"] is None else one["share"])
        for one in view.funnel()
    )
    return Sheet(_("从意见建议到群众满意"), (_("阶段"), _("数量"), _("为上一步的")), rows, frozenset({2}))


def _sources(view: View) -> Sheet:
    rows = tuple((str(one["title"]), one["fen"] / FEN_PER_WAN, one["percent"]) for one in view.sources())
    return Sheet(_("入选项目资金来源"), (_("来源"), _("金额（万元）"), _("占比")), rows, frozenset({2}))


def _years(view: View) -> Sheet:
    measures = list(YEARLY.values())
    rows = tuple(
        _in_wan([str(year), *_values(m.value(figures, view.today) for m in measures)], measures)
        for year, figures in view.calendar
    )
    percent = frozenset(at for at, m in enumerate(measures, 1) if m.kind == PERCENT)
    return Sheet(_("历年对比"), (_("年度"), *(_head(m) for m in measures)), rows, percent)


def notes_of(view: View) -> list[str]:
    """What a file says of itself: of whom, of which years, as of which day, in which order, by which formulas."""
    order = MEASURES.get(view.sort)
    told = [
        _("%(period)s，截至%(day)s。") % {"period": view.period, "day": date_format(view.today)},
        *([_("只列有超期事项的。")] if view.only else []),
        *([_("按“%(measure)s”排列。") % {"measure": order.title}] if order else []),
    ]
    return ["".join(told), *(str(section.note) for section in SECTIONS if section.note)]


# ------------------------------------------------------------------------------- a list


def sheet_of_list(listing: Listing, asked: Asked) -> Sheet:
    """A list whole, as far as a file goes."""
    rows = listing.rows(asked)[:MOST_ROWS]
    lines = [listing.line(row, asked.today) for row in rows]
    head = (_("名称"), *(str(title) for title in listing.columns))
    return Sheet(str(listing.title), head, tuple((line.title, *line.cells) for line in lines))


# ------------------------------------------------------------------------------- files


def workbook_of(title: str, sheets: Sequence[Sheet], notes: Sequence[str]) -> bytes:
    """Numbers as numbers, shares as shares; nothing a cell holds is ever a formula or a link."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": title})
    bold, share = (
        book.add_format({"bold": True, "bg_color": "#DCE6F1"}),
        book.add_format({"num_format": "0%"}),
    )
    for one in sheets:
        sheet = book.add_worksheet(one.title[:31])
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, max(1, len(one.head) - 1), 16)
        sheet.freeze_panes(1, 1)
        for at, name in enumerate(one.head):
            sheet.write_string(0, at, name, bold)
        for line, row in enumerate(one.rows, 1):
            for at, cell in enumerate(row):
                _write(sheet, line, at, cell, share if at in one.percent else None)
    told = book.add_worksheet(_("说明"))
    told.set_column(0, 0, 90)
    for line, note in enumerate([title, *notes]):
        told.write_string(line, 0, note)
    book.close()
    return buffer.getvalue()


def _write(sheet: Any, line: int, at: int, cell: Any, share: Any) -> None:
    if isinstance(cell, int | float):
        sheet.write_number(line, at, cell / 100 if share else cell, share)
    else:
        sheet.write_string(line, at, str(cell))


def document_of(title: str, sheets: Sequence[Sheet], notes: Sequence[str]) -> Document:
    """The same as a paper to print or to edit."""
    parts: list[Part] = [Paragraph(note) for note in notes[:1]]
    for one in sheets:
        if not one.rows:
            continue
        if len(sheets) > 1:
            parts.append(Heading(one.title))
        parts.append(_table(one))
    return Document(title=title, parts=(*parts, *(Paragraph(note, small=True) for note in notes[1:])))


def _table(one: Sheet) -> Table:
    count = len(one.head)
    rows = tuple(tuple(_said(cell, at in one.percent) for at, cell in enumerate(row)) for row in one.rows)
    return Table(
        one.head,
        rows,
        (30, *([70 // max(1, count - 1)] * (count - 1))),
        frozenset(range(1, count)),
        tight=True,
    )


def _said(cell: Any, is_share: bool) -> str:
    if isinstance(cell, float):
        return wan(round(cell * FEN_PER_WAN)).removesuffix(" 万元")
    return f"{cell}%" if is_share and isinstance(cell, int) else str(cell)


def _file(
    title: str, ending: str, sheets: Callable[[], list[Sheet]], notes: Callable[[], list[str]]
) -> HttpResponse | None:
    if ending == "xlsx":
        return saved_as(workbook_of(title, sheets(), notes()), f"{title}.xlsx", WORKBOOK)
    if ending not in FORMATS:
        raise Http404
    with translation.override("zh-hans"):  # a paper is an official one, whatever the reader's pages speak
        return written(document_of(title, sheets(), notes()), ending, title)


@require_safe
def county_file(request: HttpRequest, ending: str) -> HttpResponse:
    """The view an address asks for, as a workbook, PDF or Word; where no PDF can be made, back to the page."""
    view = View(overseer(request).tenant, request.GET, timezone.localdate())
    title = f"{view.title}（{view.period}）"
    made = _file(title, ending, lambda: sheets_of(view), lambda: notes_of(view))
    return made or redirect(view.url())


@require_safe
def county_list_file(request: HttpRequest, code: str, ending: str) -> HttpResponse:
    """A list behind a number, whole, as a workbook, PDF or Word."""
    grant, listing = overseer(request), LISTS.get(code)
    if listing is None:
        raise Http404
    scope = scope_of(grant.tenant, request.GET, timezone.localdate())
    filters = filters_asked(listing, request.GET.dict())
    asked = Asked(scope.cycles, filters, scope.view.today)
    words = "，".join(part for part in (scope.whose, scope.view.period, words_of(listing, filters)) if part)
    note = f"{words}。" + _("共 %(n)s %(unit)s。") % {
        "n": listing.total(listing.rows(asked)),
        "unit": listing.unit,
    }
    made = _file(
        f"{listing.title}（{scope.whose}）", ending, lambda: [sheet_of_list(listing, asked)], lambda: [note]
    )
    return made or redirect(request.path.rsplit("file/", 1)[0] + "?" + request.GET.urlencode())
