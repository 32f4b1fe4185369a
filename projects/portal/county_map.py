"""The county's map: its units coloured by one measure, from the outlines it has loaded or as a grid of tiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.documents.parts import Drawing
from projects.oversight.measures import MEASURES, PERCENT, Measure
from projects.oversight.models import Boundary
from projects.oversight.selectors import boundary_of
from projects.portal.acts import offers_on
from projects.portal.county import files_to_save, overseer, view_asked
from projects.portal.county_cells import NOTHING
from projects.portal.county_papers import Sheet, cell_of, file_of
from projects.portal.county_view import Number, Row, View, text_of
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.people.saying import listed
from workflow.roles.models import RoleGrant

BANDS = 4
BANDS_SHOWN = BANDS + 1
# As the pages' style sheet has them (county.css, .band-0 to .band-4): the lettering and the area of each band.
INK = ("#1b2430", "#12305a", "#12305a", "#fff", "#fff")
FILL = ("#e3e6eb", "#d5e3f5", "#a3c3e8", "#3a6cae", "#163c70")
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}">{}{}</svg>'
PIECE = (
    '<g fill="{}" font-size="18" text-anchor="middle"><path d="{}" fill="{}" stroke="#fff" stroke-width="2"/>'
    '<text x="{}" y="{}">{}<tspan x="{}" dy="1.2em" font-weight="700">{}</tspan></text></g>'
)
LEGEND = '<path d="M{} {}h20v16h-20Z" fill="{}" stroke="#737b89"/><text x="{}" y="{}" font-size="14" fill="#1b2430">{}</text>'
LEGEND_GAP, LEGEND_HEIGHT = 12, 20
TILE, GAP = (150, 84), 8  # of a tile of the grid, in the drawing's own measure


@dataclass(frozen=True)
class Piece:
    """One unit on the map. band: 0 (nothing to tell) to 4 (the most); x, y: the middle of where its name stands."""

    row: Row
    number: Number
    band: int
    path: str
    x: int
    y: int


@dataclass(frozen=True)
class Drawn:
    """The map: its pieces, its size, and what its colours mean. left_out: units the outlines do not have."""

    measure: Measure
    pieces: list[Piece]
    width: int
    height: int
    legend: list[tuple[int, str]]
    outlined: bool
    left_out: list[Row]


def bounds_of(measure: Measure, values: list[int]) -> list[int]:
    """The lower bounds of the bands: quarters of a hundred for a share, else of the largest value."""
    if measure.kind == PERCENT:
        return [0, 50, 75, 90]
    most = max(values, default=0)
    return [0, *(max(at, math.ceil(most * at / BANDS)) for at in range(1, BANDS))]


def band_of(value: int | None, bounds: list[int]) -> int:
    """0 where there is nothing to tell, else 1 to 4."""
    return 0 if value is None else sum(value >= bound for bound in bounds)


def drawn(view: View, measure: Measure, boundary: Boundary | None) -> Drawn:
    """The rows of a view as a map; a unit with several years is drawn once, by the first of its rows."""
    rows = list({row.unit.pk: row for row in reversed(view.rows)}.values())[::-1]
    values = {row.unit.pk: measure.value(row.figures, view.today) for row in rows}
    bounds = bounds_of(measure, [value for value in values.values() if value is not None])
    shapes = boundary.shapes if boundary else {}
    outlined = any(row.unit.code in shapes for row in rows)
    on_map = [row for row in rows if row.unit.code in shapes] if outlined else rows
    columns = max(1, math.ceil(math.sqrt(len(on_map) * 1.1)))
    pieces = []
    for at, row in enumerate(on_map):
        path, x, y = shapes[row.unit.code] if outlined else _tile(at, columns)
        pieces.append(Piece(row, row.numbers[measure.code], band_of(values[row.unit.pk], bounds), path, x, y))
    size = boundary.size if boundary and outlined else _grid(len(on_map), columns)
    return Drawn(
        measure,
        pieces,
        size[0],
        size[1],
        _legend(measure, bounds),
        outlined,
        [r for r in rows if r not in on_map],
    )


def _tile(at: int, columns: int) -> tuple[str, int, int]:
    (width, height), (x, y) = TILE, (at % columns * (TILE[0] + GAP), at // columns * (TILE[1] + GAP))
    return f"M{x} {y}h{width}v{height}h-{width}Z", x + width // 2, y + height // 2


def _grid(count: int, columns: int) -> tuple[int, int]:
    lines = math.ceil(count / columns)
    return columns * (TILE[0] + GAP) - GAP, max(1, lines * (TILE[1] + GAP) - GAP)


def _legend(measure: Measure, bounds: list[int]) -> list[tuple[int, str]]:
    found = [(0, _("没有数据"))]
    for band, low in enumerate(bounds, 1):
        above = bounds[band] if band < BANDS else None
        if above is not None and above <= low:
            continue
        words = (
            _("%(low)s 及以上") % {"low": text_of(measure, low)}
            if above is None
            else _("%(low)s 至不足 %(high)s")
            % {"low": text_of(measure, low), "high": text_of(measure, above)}
        )
        found.append((band, words))
    return found


def _map_asked(request: HttpRequest) -> tuple[View, Drawn]:
    """The view an address asks for, and the map of the measure it names."""
    view = view_asked(request)
    measure = MEASURES.get(request.GET.get("measure", ""), MEASURES["overdue"])
    return view, drawn(view, measure, boundary_of(view.unit) or boundary_of(view.home))


@require_safe
def county_map(request: HttpRequest) -> HttpResponse:
    """The map of a view, with the same figures as a table under it."""
    grant, (view, held) = overseer(request), _map_asked(request)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    context = {
        "view": view,
        "map": held,
        "measures": list(MEASURES.values()),
        "kept": [(name, value) for name in ("unit", "year", "only") if (value := request.GET.get(name, ""))],
        "files": files_to_save(lambda ending: reverse("county_map_file", args=[ending]) + query),
        "events": _offers(grant, view),
        "today": view.today,
    }
    return render(request, "portal/county_map.html", context)


@require_safe
def county_map_file(request: HttpRequest, ending: str) -> HttpResponse:
    """The map as PDF, its figures as a workbook or Word; where no PDF can be made, back to the page."""
    grant, (view, held) = overseer(request), _map_asked(request)
    if ask := purpose_first(request, grant):
        return ask
    title = f"{view.title}：{held.measure.title}（{view.period}）"
    made = file_of(
        title, ending, lambda: [_sheet(view, held)], lambda: _notes(view, held), lambda: _drawing(held)
    )
    if made is None:
        return redirect(reverse("county_map") + "?" + request.GET.urlencode())
    act, why = grant.act(grant.tenant, timezone.now()), purpose_of(request)
    file_taken(act, grant.tenant.reference, what="county_map", form=ending, label=title, reason=why)
    return made


def _sheet(view: View, held: Drawn) -> Sheet:
    """Every row of the view with its figure, and the colour it has on the map in words."""
    words = dict(held.legend)
    bands = {piece.row.unit.pk: words.get(piece.band, "") for piece in held.pieces}
    rows = tuple(
        (row.name, cell_of(held.measure, row.figures, view), bands.get(row.unit.pk, NOTHING))
        for row in view.rows
    )
    return Sheet(str(held.measure.title), (_("名称"), str(held.measure.title), _("图中分档")), rows)


def _notes(view: View, held: Drawn) -> list[str]:
    shown = _("按“%(measure)s”着色") % {"measure": held.measure.title}
    told = _("%(period)s，截至%(day)s，%(shown)s。") % {
        "period": view.period,
        "day": date_format(view.today),
        "shown": shown,
    }
    if not held.outlined:
        return [told, _("没有载入地图边界，各单位按编码顺序排成方格，不表示位置。")]
    names = listed(row.unit.name for row in held.left_out)
    return [told, *([_("边界文件中没有：%(names)s。") % {"names": names}] if names else [])]


def _drawing(held: Drawn) -> Drawing:
    """The map for a paper, which has no style sheet of the pages: the colours stand in the drawing."""
    pieces = format_html_join("", PIECE, (_piece(piece) for piece in held.pieces))
    low = held.height + LEGEND_GAP
    swatches = [
        (FILL[band], held.width * at // BANDS_SHOWN, words) for at, (band, words) in enumerate(held.legend)
    ]
    legend = format_html_join(
        "", LEGEND, ((x, low, fill, x + 26, low + 14, words) for fill, x, words in swatches)
    )
    svg = format_html(DRAWING, held.width, low + LEGEND_HEIGHT, pieces, legend)
    return Drawing(svg, _("地图见页面和 PDF，本文件只列数字。"))


def _piece(piece: Piece) -> tuple[Any, ...]:
    return (
        INK[piece.band],
        piece.path,
        FILL[piece.band],
        piece.x,
        piece.y,
        piece.row.unit.name,
        piece.x,
        piece.number.text,
    )


def _offers(grant: RoleGrant, view: View) -> list[Any]:
    if grant.office != "county" or view.narrowed:
        return []
    offers = offers_on([grant.tenant], grant, timezone.now())
    return [offer for offer in offers if offer.event.key == "oversight.load_boundaries"]
