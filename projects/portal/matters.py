"""The staff's pages of what was proposed in a year and what became of it: proposals, items, public notices."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.collection.models import ProposalState
from projects.cycles.models import Cycle
from projects.portal import matter_selectors as selectors
from projects.portal.acts import offers_on
from projects.portal.staff_selectors import votes_on
from projects.selection.models import ItemState
from workflow.audit.selectors import history_of
from workflow.inbox.story import lines_of
from workflow.roles.middleware import acting_grant

PER_PAGE = 30
LINES = 10


def _cycle(pk: int) -> Cycle:
    return get_object_or_404(Cycle.objects.select_related("unit"), pk=pk)


def _page(request: HttpRequest, rows: Any) -> Page[Any]:
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def _tabs(request: HttpRequest, counts: dict[str, int], labels: dict[str, Any]) -> list[dict[str, Any]]:
    """One tab for every state that occurs, after the one for all of them."""
    wanted = request.GET.get("state", "")
    everything = {"label": _("全部"), "url": request.path, "current": wanted not in counts}
    found = [
        {"label": labels[code], "url": f"?state={code}", "current": wanted == code, "count": counts[code]}
        for code in labels
        if code in counts
    ]
    return [everything | {"count": sum(counts.values())}, *found]


@require_safe
def proposals(request: HttpRequest, pk: int) -> HttpResponse:
    """A year's proposals, all of them or those in one state."""
    acting_grant(request)
    cycle = _cycle(pk)
    rows = selectors.proposals_in(cycle)
    counts, wanted = selectors.by_state(rows), request.GET.get("state", "")
    context = {
        "cycle": cycle,
        "page": _page(request, rows.filter(state=wanted) if wanted in counts else rows),
        "tabs": _tabs(request, counts, dict(ProposalState.choices)),
    }
    return render(request, "portal/proposals.html", context)


@require_safe
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """One proposal and what became of it. Contact and query code are for the office whose turn it is, on its task."""
    grant = acting_grant(request)
    held = get_object_or_404(selectors.proposals_visible(grant), pk=pk)
    context = {
        "proposal": held,
        "item": selectors.item_of(held),
        "events": offers_on([held], grant, timezone.now()),
        "lines": lines_of(history_of(held.reference)[:LINES]),
        "tasks": selectors.open_tasks_on(held),
        "today": timezone.localdate(),
    }
    return render(request, "portal/proposal.html", context)


@require_safe
def items(request: HttpRequest, pk: int) -> HttpResponse:
    """A year's items, from the merging to the vote: all of them or those in one state; and its public notices."""
    acting_grant(request)
    cycle = _cycle(pk)
    rows = selectors.items_in(cycle)
    counts, wanted = selectors.by_state(rows), request.GET.get("state", "")
    context = {
        "cycle": cycle,
        "page": _page(request, rows.filter(state=wanted) if wanted in counts else rows),
        "tabs": _tabs(request, counts, dict(ItemState.choices)),
        "notices": selectors.notices_of(cycle),
    }
    return render(request, "portal/items.html", context)


@require_safe
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """One item: its facts, money, sources, verdicts, opinions, objections, and what became of it."""
    grant = acting_grant(request)
    held = get_object_or_404(selectors.items_visible(grant), pk=pk)
    context = selectors.item_file(held) | {
        "events": offers_on([held], grant, timezone.now()),
        "lines": lines_of(history_of(held.reference)[:LINES]),
        "votes": votes_on(held.cycle),
        "tasks": selectors.open_tasks_on(held),
        "today": timezone.localdate(),
    }
    return render(request, "portal/item.html", context)


@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """One public notice of the list: its days, its items, the objections with their answers."""
    grant = acting_grant(request)
    held = get_object_or_404(selectors.notices_visible(grant), pk=pk)
    context = {
        "notice": held,
        "items": list(held.items.select_related("department").order_by("number")),
        "objections": _page(request, selectors.objections_to(held)),
        "events": offers_on([held], grant, timezone.now()),
        "lines": lines_of(history_of(held.reference)[:LINES]),
    }
    return render(request, "portal/notice.html", context)
