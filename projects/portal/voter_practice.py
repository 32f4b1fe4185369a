"""试投: the very pages of the ballot on invented projects; nothing is stored and every screen says so."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from projects.ballots.models import Option
from projects.ballots.rules import Mode, Paper
from projects.cycles.models import Cycle
from projects.cycles.selectors import rules_for
from projects.portal.public import private
from projects.portal.scope import refuse_outside
from projects.portal.voter_paper import Filled, Sheet, filled_on
from workflow.roles.middleware import acting_grant

TITLES = (
    _lazy("示例：村组道路硬化"),
    _lazy("示例：饮水管网改造"),
    _lazy("示例：老年助餐点"),
    _lazy("示例：集镇路灯"),
    _lazy("示例：文化广场"),
    _lazy("示例：卫生室改造"),
)
SEATS = 4


def practice_paper(cycle: Cycle) -> Paper:
    """Six invented projects, four places, marked as this year's rulebook has ballots marked."""
    book = rules_for(cycle)
    mode = Mode(book.ballot_mode)
    return Paper(tuple(map(str, TITLES)), mode, SEATS, book.each_cap and mode is Mode.EACH)


@require_http_methods(["GET", "HEAD", "POST"])
def practice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark, check, change, "cast" — as often as one likes; the marks live in the page alone."""
    refuse_outside(acting_grant(request), "4")
    cycle = get_object_or_404(Cycle.objects.select_related("unit"), pk=pk)
    paper = practice_paper(cycle)
    options = [Option(position=n, reference="", title=title) for n, title in enumerate(paper.candidates, 1)]
    marks = filled_on(Sheet(None, paper, options), request.POST)
    # A change of the text size alone shows the same screen again.
    asked = request.POST.get("stage" if "text_size" in request.POST else "op", "")
    return private(_SCREENS.get(asked, _fill)(request, cycle, marks))


def _show(
    request: HttpRequest, cycle: Cycle, marks: Filled, name: str, *, faults: bool = False
) -> HttpResponse:
    context = {"practice": cycle, "marks": marks, "mode": str(marks.paper.mode), "token": "practice"}
    if faults:
        context["errors"] = [{"text": fault, "target": "m1"} for fault in marks.faults]
    return render(request, f"voter/{name}.html", context, status=422 if faults else 200)


def _fill(request: HttpRequest, cycle: Cycle, marks: Filled) -> HttpResponse:
    return _show(request, cycle, marks, "ballot")


def _check(request: HttpRequest, cycle: Cycle, marks: Filled) -> HttpResponse:
    if marks.faults:
        return _show(request, cycle, marks, "ballot", faults=True)
    return _show(request, cycle, marks, "check")


def _cast(request: HttpRequest, cycle: Cycle, marks: Filled) -> HttpResponse:
    if marks.faults:
        return _show(request, cycle, marks, "ballot", faults=True)
    return _show(request, cycle, marks, "practice_done")


_SCREENS = {"fill": _fill, "check": _check, "cast": _cast, "done": _cast}
