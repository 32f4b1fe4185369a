"""The county's overview on a wall: large type, one part after the other, nothing to press."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.oversight.measures import MEASURES, SECTIONS
from projects.oversight.selectors import boundary_of
from projects.portal.county import conformance_head, tiles_of, view_asked
from projects.portal.county_map import drawn
from projects.portal.county_view import NAME, STEP

SECONDS = 15  # how long each part stands


@require_safe
def county_screen(request: HttpRequest) -> HttpResponse:
    """Every part of a view in turn; without a script all of them one under the other. It loads itself anew each round.

    How many rows of the matrix fit into one part the browser finds out, which alone knows the wall.
    """
    view = view_asked(request)
    context = {
        "view": view,
        "tiles": tiles_of(view),
        "rows": view.rows,
        "heads": {
            "name": view.head(NAME, _("县（市、区）") if view.by_county else _("乡镇（年度）")),
            "step": view.head(STEP, _("所在环节")),
            "conformance": conformance_head(view),
        },
        "sums": [(s.question, [(m, view.number(m)) for m in s.measures]) for s in SECTIONS],
        "map": drawn(view, MEASURES["overdue"], boundary_of(view.unit)),
        "seconds": SECONDS,
        "today": view.today,
    }
    return render(request, "portal/county_screen.html", context)
