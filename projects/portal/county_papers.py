"""Any view of the county's pages as a file: workbook, PDF, Word; the figures and the order are the page's own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.documents.parts import Document, Drawing, Heading, Paragraph, Part, Table
from projects.oversight.figures import SHARES, Figures
from projects.oversight.measures import MONEY, PERCENT, SECTIONS, Measure
from projects.portal.county import list_asked, overseer, record_personal
from projects.portal.county_cells import NOTHING, Cell, Fen, Formats, Share, said
from projects.portal.county_cells import written as written_in
from projects.portal.county_lists import LISTS, Asked, Listing, words_of
from projects.portal.county_view import YEARLY, View
from projects.portal.documents import FORMATS, written
from workflow.administration.previews import WORKBOOK
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.flows.money import FEN_PER_WAN
from workflow.flows.saving import saved_as
from workflow.people.saying import listed

MOST_ROWS = 5000


@dataclass(frozen=True)
class Sheet:
    """One table of a file."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def _share(part: int, whole: int) -> Share | str:
    return Share(part, whole) if whole else NOTHING


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
    rows = tuple((row.name, *(step.whole for step in row.steps)) for row in view.rows)
    return Sheet(_("六个环节"), (_first(view), *view.step_heads()), rows)


def _section(view: View, section: Any) -> Sheet:
    rows = [(row.name, *_values(section.measures, row.figures, view)) for row in view.rows]
    sums = (_("合计"), *_values(section.measures, view.whole, view))
    shown = [_in_wan(rows_of, section.measures) for rows_of in (*rows, sums)]
    head = (_first(view), *(_head(m) for m in section.measures))
    return Sheet(str(section.title), head, tuple(shown))


def _values(measures: Iterable[Measure], figures: Figures, view: View) -> list[Any]:
    return [_value(measure, figures, view) for measure in measures]


def _value(measure: Measure, figures: Figures, view: View) -> Any:
    if measure.kind == PERCENT:
        return _share(*SHARES[measure.code](figures))
    value = measure.value(figures, view.today)
    return NOTHING if value is None else value


def cell_of(measure: Measure, figures: Figures, view: View) -> Cell:
    """A measure in a cell that says its unit itself."""
    value = _value(measure, figures, view)
    return Fen(value) if measure.kind == MONEY and isinstance(value, int) else value


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
    stages = view.funnel()
    before = [0, *(one["n"] for one in stages)]
    rows = tuple(
        (str(one["stage"].title), one["n"], _share(one["n"], last))
        for one, last in zip(stages, before, strict=False)
    )
    return Sheet(_("从意见建议到群众满意"), (_("阶段"), _("数量"), _("为上一步的")), rows)


def _sources(view: View) -> Sheet:
    sources = view.sources()
    whole = sum(one["fen"] for one in sources)
    rows = tuple(
        (
            str(one["title"]),
            one["fen"] / FEN_PER_WAN,
            _share(one["fen"], whole),
            one["paid"] / FEN_PER_WAN,
            _share(one["paid"], one["fen"]),
        )
        for one in sources
    )
    paid = sum(one["paid"] for one in sources)
    sums = (_("合计"), whole / FEN_PER_WAN, _share(whole, whole), paid / FEN_PER_WAN, _share(paid, whole))
    head = (_("来源"), _("入选时的安排（万元）"), _("占比"), _("已付款（万元）"), _("已付占安排"))
    return Sheet(_("入选项目资金来源"), head, (*rows, sums))


def _years(view: View) -> Sheet:
    measures = list(YEARLY.values())
    rows = tuple(
        _in_wan([year, *_values(measures, figures, view)], measures) for year, figures in view.calendar
    )
    return Sheet(_("历年对比"), (_("年度"), *(_head(m) for m in measures)), rows)


def notes_of(view: View) -> list[str]:
    """What a file says of itself: of whom, of which years, as of which day, in which order, by which formulas."""
    whole = view.whole
    told = [
        _("%(period)s，截至%(day)s。") % {"period": view.period, "day": date_format(view.today)},
        *([_("只列有超期事项的。")] if view.only else []),
        *filter(None, [view.earlier_told]),
        *(
            [_("程序规范检查截至%(day)s。") % {"day": date_format(whole.examined_on)}]
            if whole.examined_on
            else []
        ),
        *([_("此后有新记录的年度 %(n)s 个。") % {"n": len(view.outdated)}] if view.outdated else []),
        view.order_told,
    ]
    return ["".join(told), view.matrix_note, *(str(section.note) for section in SECTIONS if section.note)]


# ------------------------------------------------------------------------------- a list


def whole_or_cut(rows: QuerySet[Any]) -> tuple[QuerySet[Any], list[str]]:
    """As many rows as a file holds, and the sentence that says so where that is not all of them."""
    count = rows.count()
    if count <= MOST_ROWS:
        return rows, []
    said = _("共 %(all)s 行，本文件只列前 %(most)s 行，请缩小范围后分次导出。")
    return rows[:MOST_ROWS], [said % {"all": count, "most": MOST_ROWS}]


def sheet_of_list(listing: Listing, asked: Asked) -> Sheet:
    """A list whole, as far as a file goes; its note says where it goes no further (`whole_or_cut`)."""
    found = listing.rows(asked)
    rows, _said = whole_or_cut(found)
    lines = [listing.line(asked.shown(row), asked.today) for row in rows]
    head = (_("名称"), *(str(title) for title in listing.columns))
    table = [(line.title, *line.cells) for line in lines]
    if sums := listing.sums(found, asked):
        table.append((_("合计"), *sums))
    return Sheet(str(listing.title), head, tuple(table))


# ------------------------------------------------------------------------------- files


def workbook_of(title: str, sheets: Sequence[Sheet], notes: Sequence[str]) -> bytes:
    """Numbers, days and sums as what they are, texts as texts: nothing a cell holds is ever a formula or a link."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": title})
    bold, formats = book.add_format({"bold": True, "bg_color": "#DCE6F1"}), Formats(book.add_format)
    for one in sheets:
        sheet = book.add_worksheet(one.title[:31])
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, max(1, len(one.head) - 1), 16)
        sheet.freeze_panes(1, 1)
        for at, name in enumerate(one.head):
            sheet.write_string(0, at, name, bold)
        for line, row in enumerate(one.rows, 1):
            for at, cell in enumerate(row):
                written_in(sheet, line, at, cell, formats)
    told = book.add_worksheet(_("说明"))
    told.set_column(0, 0, 90)
    for line, note in enumerate([title, *notes]):
        told.write_string(line, 0, note)
    book.close()
    return buffer.getvalue()


def document_of(
    title: str, sheets: Sequence[Sheet], notes: Sequence[str], drawing: Drawing | None = None
) -> Document:
    """The same as a paper to print or to edit, with its drawing where it has one."""
    parts: list[Part] = [Paragraph(note) for note in notes[:1]]
    if drawing:
        parts.append(drawing)
    for one in sheets:
        if not one.rows:
            continue
        if len(sheets) > 1:
            parts.append(Heading(one.title))
        parts.append(_table(one))
    return Document(title=title, parts=(*parts, *(Paragraph(note, small=True) for note in notes[1:])))


def _table(one: Sheet) -> Table:
    count = len(one.head)
    rows = tuple(tuple(said(cell) for cell in row) for row in one.rows)
    return Table(
        one.head,
        rows,
        (30, *([70 // max(1, count - 1)] * (count - 1))),
        frozenset(range(1, count)),
        tight=True,
    )


def file_of(
    title: str,
    ending: str,
    sheets: Callable[[], list[Sheet]],
    notes: Callable[[], list[str]],
    drawing: Callable[[], Drawing] | None = None,
) -> HttpResponse | None:
    """Tables with what is said of them as a workbook, PDF or Word; None where no PDF can be made."""
    if ending == "xlsx":
        return saved_as(workbook_of(title, sheets(), notes()), f"{title}.xlsx", WORKBOOK)
    if ending not in FORMATS:
        raise Http404
    with translation.override("zh-hans"):  # a paper is an official one, whatever the reader's pages speak
        drawn = drawing() if drawing else None
        return written(document_of(title, sheets(), notes(), drawn), ending, title)


@require_safe
def county_file(request: HttpRequest, ending: str) -> HttpResponse:
    """The view an address asks for, as a workbook, PDF or Word; where no PDF can be made, back to the page."""
    grant = overseer(request)
    if ask := purpose_first(request, grant):
        return ask
    view = View(grant.tenant, request.GET, timezone.localdate())
    title = f"{view.title}（{view.period}）"
    made = file_of(title, ending, lambda: sheets_of(view), lambda: notes_of(view))
    if made is None:
        return redirect(view.url())
    act = grant.act(grant.tenant, timezone.now())
    file_taken(
        act, grant.tenant.reference, what="county", form=ending, label=title, rows=len(view.rows),
        reason=purpose_of(request),
    )  # fmt: skip
    return made


@require_safe
def county_list_file(request: HttpRequest, code: str, ending: str) -> HttpResponse:
    """A list behind a number, whole, as a workbook, PDF or Word."""
    grant, listing = overseer(request), LISTS.get(code)
    if listing is None:
        raise Http404
    if ask := purpose_first(request, grant):
        return ask
    scope, asked = list_asked(grant.tenant, code, listing, request.GET)
    day = _("截至%(day)s") % {"day": date_format(asked.today)} if asked.past else ""
    told = (scope.whose, scope.view.period, words_of(listing, asked.filters), day)
    note = "，".join(part for part in told if part) + "。"
    rows = listing.rows(asked)
    total = listing.total(rows)
    narrowed = note
    note += _("共 %(n)s %(unit)s。") % {"n": total, "unit": listing.unit}
    note += "".join(whole_or_cut(rows)[1])
    if left_out := asked.left_out():
        note += _("此后期限有调整，当日的待办不能还原，未列入：%(years)s。") % {"years": listed(left_out)}
    title = f"{listing.title}（{scope.whose}）"
    made = file_of(title, ending, lambda: [sheet_of_list(listing, asked)], lambda: [note])
    if made is None:
        return redirect(request.path.rsplit("file/", 1)[0] + "?" + request.GET.urlencode())
    record_personal(grant, listing, whole_or_cut(rows)[0])
    act = grant.act(grant.tenant, timezone.now())
    file_taken(
        act, grant.tenant.reference, what=f"list.{code}", form=ending, label=title, narrowed=narrowed, rows=total,
        reason=purpose_of(request),
    )  # fmt: skip
    return made
