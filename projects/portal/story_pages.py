"""One thing's story on a page and as a sheet, for those in office and, told without names and opinions, for anybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.documents.pdf import NoPdf, obstacle_to_pdf
from projects.portal.public import private, public_page, shown, township_or_404
from projects.portal.public_brake import is_over
from projects.portal.scope import scope_told
from projects.portal.story_card import card_of, chapters_of
from projects.portal.story_selectors import (
    Lineage,
    lineage_for,
    lineage_of_code,
    lineage_of_project,
    photos_of,
    story_of,
)
from projects.supervision.models import Project
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.flows.saving import saved_as
from workflow.people.isolation import of_units, within
from workflow.people.models import Unit
from workflow.roles.middleware import acting_grant


def _asked(request: HttpRequest, kind: str, pk: int) -> Lineage:
    lineage = lineage_for(acting_grant(request), kind, pk)
    if lineage is None:
        raise Http404(_("没有这件事的记录。"))
    return lineage


@require_safe
def story(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The story of whatever the record belongs to; one thing has one address, whichever of its records is asked for."""
    lineage = _asked(request, kind, pk)
    head = lineage.head
    if (kind, pk) != (head.kind, head.pk):
        return redirect("story", head.kind, head.pk)
    context = _context(lineage, public=False) | {"limit": scope_told(acting_grant(request)), "head": head}
    return render(request, "portal/story.html", context)


@require_safe
def story_sheet(request: HttpRequest, kind: str, pk: int) -> HttpResponseBase:
    """The sheet; where no PDF can be made, back to the page, which says so."""
    lineage, grant = _asked(request, kind, pk), acting_grant(request)
    if ask := purpose_first(request, grant):
        return ask
    try:
        sheet = card_of(lineage, public=False)
    except NoPdf as reason:
        messages.error(request, str(reason))
        return redirect("story", kind, pk)
    head, act = lineage.head, grant.act(lineage.unit, timezone.now())
    file_taken(
        act,
        head.reference,
        what="story",
        form="pdf",
        about=head.about,
        label=lineage.title,
        reason=purpose_of(request),
    )
    return _saved(sheet, lineage)


def _context(lineage: Lineage, *, public: bool, own: str = "") -> dict[str, Any]:
    told = story_of(lineage, public=public, own=own)
    return {
        "lineage": lineage,
        "hall": lineage.unit,
        "chapters": chapters_of(told, lineage),
        "photos": photos_of(lineage, public=public),
        "no_pdf": obstacle_to_pdf(),
    }


def _saved(sheet: bytes, lineage: Lineage) -> HttpResponse:
    # Named in Chinese like what it holds.
    return saved_as(sheet, f"{lineage.title}（来龙去脉）.pdf", "application/pdf")


# ------------------------------------------------------------------------------- for anybody


def _told(
    request: HttpRequest, unit: Unit, lineage: Lineage | None, *, own: str = "", sheet: bool
) -> HttpResponse:
    """The public's page or sheet. Needs a context that reads the township: the trail is not the public's to read, what
    `compose` makes of it for the public is."""
    if lineage is None:
        raise Http404(_("没有这件事的记录。"))
    if sheet and is_over(request, "document"):
        return shown(request, "too_often", unit, status=429)
    if sheet:
        try:
            return _saved(card_of(lineage, public=True, own=own), lineage)
        except NoPdf as reason:
            messages.error(request, str(reason))
            return redirect(request.path.removesuffix("sheet/"))
    context = _context(lineage, public=True, own=own)
    return shown(request, "story", unit, own=own, **context)


@require_safe
@public_page
def project_story(request: HttpRequest, code: str, number: int, *, sheet: bool = False) -> HttpResponse:
    """How a project came to be and how it went, as the public may know it."""
    unit = township_or_404(code)
    project = Project.objects.filter(unit=unit, pk=number).first()
    if project is None:
        raise Http404(_("没有这个项目。"))
    with within(of_units((unit.pk,))):
        return _told(request, unit, lineage_of_project(project), sheet=sheet)


@require_safe
@public_page
def proposal_story(request: HttpRequest, code: str, query_code: str, *, sheet: bool = False) -> HttpResponse:
    """What became of one's own proposal, for whoever has its code (我的建议后来怎么样了)."""
    unit = township_or_404(code)
    with within(of_units((unit.pk,))):
        lineage = lineage_of_code(unit, query_code)
        if lineage is None and is_over(request, "lookup"):
            return shown(request, "too_often", unit, status=429)
        return private(_told(request, unit, lineage, own=query_code, sheet=sheet))
