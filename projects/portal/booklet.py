"""四清一本通 of a township's year: its page, and the same as PDF and Word."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.documents.pdf import obstacle_to_pdf
from projects.cycles.documents.sealing import seal_over
from projects.cycles.models import Cycle
from projects.cycles.steps import STEPS
from projects.lifecycle.booklet.composing import Booklet, composed, document_of
from projects.lifecycle.booklet.reading import account_of, facts_of
from projects.lifecycle.booklet.rules import Trace
from projects.portal.documents import written
from projects.portal.scope import scope_told
from projects.portal.staff_selectors import cycles_visible
from workflow.administration.purpose import purpose_first, purpose_of
from workflow.administration.taking import file_taken
from workflow.roles import registry
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

PER_PAGE = 60  # lines of the account


def year_read(request: HttpRequest, pk: int) -> tuple[RoleGrant, Cycle]:
    """The office that reads and the year it reads of: one's own township's, or one below the county or the auditor."""
    grant = acting_grant(request)
    if not registry.office(grant.office).works:
        raise PermissionDenied(_("四清一本通供本乡镇各职务、县级人大和审计查阅。"))
    return grant, get_object_or_404(cycles_visible(grant), pk=pk)


def booklet_of(
    grant: RoleGrant,
    cycle: Cycle,
    account: Sequence[tuple[Trace, ...]],
    shown: Sequence[tuple[Trace, ...]],
) -> Booklet:
    """The booklet as this office may read it today, with some lines of its account or all of them."""
    readable = frozenset(step for step in STEPS if grant.covers(str(step)))
    return composed(facts_of(cycle, readable, timezone.localdate(), account, shown))


@require_safe
def booklet(request: HttpRequest, pk: int) -> HttpResponse:
    """The four chapters on one page, the account in pages of its own."""
    grant, cycle = year_read(request, pk)
    account = account_of(cycle)
    page = Paginator(account, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "cycle": cycle,
        "hall": cycle.unit,
        "booklet": booklet_of(grant, cycle, account, list(page)),
        "page": page,
        "limit": scope_told(grant),
        "no_pdf": obstacle_to_pdf(),
    }
    return render(request, "portal/booklet.html", context)


@require_safe
def booklet_file(request: HttpRequest, pk: int, ending: str) -> HttpResponse:
    """All of it as PDF or Word; where no PDF can be made, back to the page, which says so."""
    grant, cycle = year_read(request, pk)
    if ask := purpose_first(request, grant):
        return ask
    with translation.override("zh-hans"):  # a paper is an official one, whatever the reader's pages speak
        account = account_of(cycle)
        made = booklet_of(grant, cycle, account, account)
        answer = written(document_of(made, seal=seal_over(cycle.unit)), ending, made.title, apart=True)
    if answer is None:
        return redirect("booklet", pk)
    act = grant.act(cycle.unit, timezone.now())
    file_taken(
        act, cycle.reference, what="booklet", form=ending, about=cycle.reference, label=made.title,
        reason=purpose_of(request),
    )  # fmt: skip
    return answer
