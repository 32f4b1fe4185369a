"""The county's pages over its townships, and the same above the county: the overview, and the list behind each number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.oversight.events import CIRCULATE, DRAFT_BULLETIN
from projects.oversight.measures import MEASURES
from projects.oversight.models import BulletinKind
from projects.oversight.selectors import Circular, circulars_due
from projects.portal.acts import offers_on
from projects.portal.county_lists import LISTS, Asked, Line, Listing, as_it_stood, filters_asked, words_of
from projects.portal.county_view import NAME, OWN, STEP, Scope, View, scope_of
from projects.portal.scope import refuse_part
from projects.supervision.rules import period_over
from workflow.inbox.reading import Showing, personal_data_shown
from workflow.people.models import Unit
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

PER_PAGE = 50


def overseer(request: HttpRequest) -> RoleGrant:
    """The office of somebody who reads all six steps of every township below; refused to anybody else."""
    grant = acting_grant(request)
    if not registry.office(grant.office).reads_below:
        raise PermissionDenied(_("此页供上级人大使用。"))
    refuse_part(grant)
    return grant


def view_asked(request: HttpRequest) -> View:
    """The view an address asks for, of whoever asks, on that page."""
    page = request.get_full_path()
    shown_on = "" if page == reverse("county") else page
    return View(overseer(request).tenant, request.GET, timezone.localdate(), shown_on)


@require_safe
def county(request: HttpRequest) -> HttpResponse:
    """Township × six steps: who is where, who is late; every number opens its list, the address keeps the view."""
    grant, view = overseer(request), view_asked(request)
    at_home, circulars = grant.office == "county" and not view.narrowed, _circulars(view)
    context = {
        "view": view,
        "rows": view.rows,
        "heads": {
            "name": view.head(NAME, _("县（市、区）") if view.by_county else _("乡镇（年度）")),
            "step": view.head(STEP, _("所在环节")),
            "own": view.head(OWN, _("本级权重得分")),
            "conformance": conformance_head(view),
        },
        "weights": [
            (MEASURES[code].title, weight) for code, weight in view.weights.items() if code in MEASURES
        ],
        "tiles": tiles_of(view),
        "year_tabs": _tabs(view),
        "events": offers_on([grant.tenant], grant, timezone.now()) if at_home else [],
        "circulars": circulars,
        "draft": _draft_due(grant.tenant, view.today) if at_home and circulars else None,
        "files": {ending: view.url("county_file", ending) for ending in ("xlsx", "pdf", "docx")}
        | {
            "screen": view.url("county_screen"),
            "map": view.url("county_map", sort=None, dir=None, part=None),
        },
        "no_pdf": obstacle_to_pdf(),
        "today": view.today,
    }
    return render(request, "portal/county.html", context)


def conformance_head(view: View) -> dict[str, Any]:
    """The head of the matrix's column of checks not held."""
    return view.head("deviations", _("程序不符合"), place="matrix")


def tiles_of(view: View) -> list[dict[str, Any]]:
    """The numbers on top, each with its list."""
    late = sum(1 for row in view.rows if row.figures.overdue)
    whole = view.whole
    return [
        {"label": _("有超期事项的县（市、区）") if view.by_county else _("有超期事项的乡镇"), "value": late,
         "tone": "red", "url": view.url(only="overdue") + "#matrix"},
        {"label": _("超期事项"), "value": whole.overdue, "tone": "amber", "url": view.behind("tasks", {"when": "overdue"})},
        {"label": _("亮红灯项目"), "value": whole.red, "tone": "red", "url": view.behind("projects", {"which": "red"})},
        {"label": _("在建项目"), "value": whole.of("project", "building"), "tone": "blue",
         "url": view.behind("projects", {"which": "building"})},
        {"label": _("已完工项目"), "value": whole.done, "tone": "green", "url": view.behind("projects", {"which": "done"})},
        {"label": _("未销号问题"), "value": whole.findings_open, "tone": "amber",
         "url": view.behind("findings", {"which": "open"})},
    ]  # fmt: skip


def _tabs(view: View) -> list[dict[str, Any]]:
    return [
        {
            "label": _("最近年度"),
            "url": view.url(year=None, past=None),
            "current": view.year is None and not view.past,
        },
        *(
            {"label": str(y), "url": view.url(year=y, past=None), "current": view.year == y}
            for y in view.years
        ),
    ]


def _circulars(view: View) -> list[Circular]:
    cycles = [row.cycle for row in view.rows if row.cycle]
    return circulars_due(cycles, view.today) if cycles else []


def _draft_due(county: Unit, today: date) -> dict[str, Any]:
    """The draft of what is due, of the last quarter that is over; and the 通报 without one, to those it is due to."""
    over = period_over(today, 3).last
    asked = {"of": BulletinKind.QUARTER, "year": over.year, "quarter": (over.month + 2) // 3}
    return asked | {
        "url": reverse("event", args=[DRAFT_BULLETIN.key, county.pk]) + "?" + urlencode(asked),
        "circulate": reverse("event", args=[CIRCULATE.key, county.pk]),
    }


@require_safe
def county_list(request: HttpRequest, code: str) -> HttpResponse:
    """The rows behind one number: as many as it says, over the same years."""
    grant, listing = overseer(request), LISTS.get(code)
    if listing is None:
        raise Http404
    scope, asked = list_asked(grant.tenant, code, listing, request.GET)
    rows = listing.rows(asked)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    record_personal(grant, listing, page)
    lines = [_shown(listing, row, asked) for row in page]
    context = {
        "listing": listing,
        "back": page_back(request.GET.get("back", "")),
        "view": scope.view,
        "whose": scope.whose,
        "filtered": words_of(listing, asked.filters),
        "as_of": asked.today if asked.past else None,
        "left_out": asked.left_out(),
        "page": page,
        "lines": lines,
        "total": listing.total(rows),
        "sums": Line("", "", listing.sums(rows, asked)).under(listing.columns)
        if listing.money and lines
        else [],
        "files": _files(request, code),
    }
    return render(request, "portal/county_list.html", context)


@dataclass(frozen=True)
class Back:
    """The page a list was opened from, and what the way there is called."""

    url: str
    words: str


def page_back(address: str) -> Back:
    """The page of the county's that an address names, as it was looked at; the overview where it names none of them."""
    path, _mark, query = address.partition("?")
    words = {
        "county": _("返回总览"),
        "county_map": _("返回地图"),
        "county_screen": _("返回大屏"),
        "bulletin": _("返回文稿"),
    }
    try:
        name = resolve(path).url_name or ""
    except Resolver404:
        name = ""
    if name not in words:
        return Back(reverse("county"), words["county"])
    return Back(f"{path}?{query}" if query else path, words[name])


def record_personal(grant: RoleGrant, listing: Listing, rows: Iterable[Any]) -> None:
    """Write down in every township of these rows whose personal data they show."""
    at = timezone.now()
    personal_data_shown(
        [
            Showing(grant.act(cycle.unit, at), cycle.reference, cycle.label, cycle.reference, data)
            for cycle, data in listing.personal_of(rows).items()
        ]
    )


def _files(request: HttpRequest, code: str) -> list[tuple[str, str]]:
    asked = request.GET.copy()
    for name in ("page", "back"):
        asked.pop(name, None)
    query = f"?{asked.urlencode()}" if asked else ""
    return files_to_save(lambda ending: reverse("county_list_file", args=[code, ending]) + query)


def files_to_save(address: Callable[[str], str]) -> list[tuple[str, str]]:
    """What a view may be saved as, in words, with the address of each."""
    endings = {"xlsx": _("Excel 表格"), **({} if obstacle_to_pdf() else {"pdf": "PDF"}), "docx": "Word"}
    return [(label, address(ending)) for ending, label in endings.items()]


def _shown(listing: Listing, row: Any, asked: Asked) -> dict[str, Any]:
    line = listing.line(asked.shown(row), asked.today)
    return {"title": line.title, "url": line.url, "cells": line.under(listing.columns)}


def list_asked(home: Unit, code: str, listing: Listing, given: QueryDict) -> tuple[Scope, Asked]:
    """What an address asks a list for; of a day that is over the rows of that day, where its list can be told."""
    today = timezone.localdate()
    scope, filters = (
        scope_of(home, given, today),
        filters_asked(listing, {name: str(value) for name, value in given.items()}),
    )
    if not (day := str(given.get("as_of", ""))):
        return scope, Asked(scope.cycles, filters, today, scope.halls)
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    asked = as_it_stood(code, scope.cycles, filters, scope.halls, wanted) if wanted <= today else None
    if asked is None:
        raise Http404(_("这份清单不能追溯到所问的日期。"))
    return scope, asked
