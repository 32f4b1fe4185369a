"""The county's bulletins: drafts filled from the figures, edited, sent; each as Word, every figure with its list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from projects.cycles.documents.composing import text_parts
from projects.cycles.documents.parts import Document
from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.cycles.documents.sealing import seal_over
from projects.oversight.models import Bulletin
from projects.portal.acts import offers_on
from projects.portal.county import overseer
from projects.portal.documents import written
from workflow.calendar.workdays import in_words
from workflow.roles.models import RoleGrant

PER_PAGE = 30
DRAFTING = "oversight.draft_bulletin"


def _bulletin(request: HttpRequest, pk: int) -> tuple[RoleGrant, Bulletin]:
    """One of the viewer's own house; another county's is not there."""
    grant = overseer(request)
    return grant, get_object_or_404(Bulletin.objects.select_related("unit", "by"), pk=pk, unit=grant.tenant)


@require_safe
def bulletins(request: HttpRequest) -> HttpResponse:
    """All of them, the latest first."""
    grant = overseer(request)
    found = Bulletin.objects.filter(unit=grant.tenant).select_related("by").order_by("-pk")
    offers = offers_on([grant.tenant], grant, timezone.now())
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "events": [offer for offer in offers if offer.event.key == DRAFTING],
    }
    return render(request, "portal/bulletins.html", context)


@require_safe
def bulletin(request: HttpRequest, pk: int) -> HttpResponse:
    """One: its text, the figures it was filled with and what may be done with it."""
    grant, held = _bulletin(request, pk)
    context = {
        "bulletin": held,
        "figures": [_figure(one) for one in held.figures],
        "events": offers_on([held], grant, timezone.now()),
        "no_pdf": obstacle_to_pdf(),
    }
    return render(request, "portal/bulletin.html", context)


def _figure(one: dict[str, Any]) -> dict[str, str]:
    """A figure as it stood, and the address of what it counts, as that stands today."""
    url = reverse("county_list", args=[one["list"]]) + "?" + urlencode(one["filters"])
    return {"label": one["label"], "text": one["text"], "url": url}


@require_safe
def bulletin_file(request: HttpRequest, pk: int, ending: str) -> HttpResponse:
    """As Word, to go on with, or PDF; where no PDF can be made, back to the page."""
    _grant, held = _bulletin(request, pk)
    with translation.override("zh-hans"):
        made = written(document_of(held), ending, held.title)
    return made or redirect("bulletin", pk)


def document_of(held: Bulletin) -> Document:
    """The sheet: signed by the standing committee, on the day it went out or else the day of its figures."""
    return Document(
        title=held.title,
        parts=tuple(text_parts(held.body)),
        signature=f"{held.unit.name}人民代表大会常务委员会",
        day=in_words(held.sent_on or held.drafted_on),
        seal=seal_over(held.unit) if held.sent_on else None,
    )
