"""What the county has said to townships: notes with their replies, guidance and circulars, samplings."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from projects.oversight import selectors
from projects.portal.scope import refuse_part
from workflow.roles import registry
from workflow.roles.middleware import acting_grant

PER_PAGE = 20


@require_safe
def county_words(request: HttpRequest) -> HttpResponse:
    """The county finds all its townships here, a township what was addressed to it."""
    grant = acting_grant(request)
    refuse_part(grant)
    above = registry.office(grant.office).reads_below
    unit = None if above else grant.tenant
    context = {
        "above": above,
        "today": timezone.localdate(),
        "notes": _page(request, "notes", selectors.notes(unit)),
        "guidance": _page(request, "guidance", selectors.guidance(unit)),
        "samples": _page(request, "samples", selectors.samples(unit)),
    }
    return render(request, "portal/county_words.html", context)


def _page(request: HttpRequest, name: str, found: QuerySet[Any]) -> Page[Any]:
    return Paginator(found, PER_PAGE).get_page(request.GET.get(name))
