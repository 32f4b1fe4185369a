"""保管和清除: what of a township's personal data falls due when, what holds it back, and what was erased."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.portal.acts import offers_on
from projects.portal.staff import choice_of_townships, township_asked
from projects.retention import selectors
from projects.retention.certificates import agrees
from projects.retention.models import Erasure, ErasureState, Hold
from workflow.audit.models import Entry
from workflow.roles.middleware import acting_grant

READERS = ("gov_clerk", "clerk", "chair", "county")
PER_PAGE = 20


@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    """The township's own desks see what is due; the county reads what was erased and held back, no contact and no count."""
    grant = acting_grant(request)
    if grant.office not in READERS:
        raise PermissionDenied(_("此页供党政办、人大办、人大主席和县人大使用。"))
    unit, today = township_asked(request, grant), timezone.localdate()
    own = unit.pk == grant.tenant_id
    holds = list(Hold.objects.filter(unit=unit).select_related("cycle__unit", "set_by", "unit"))
    waiting = [e for e in selectors.erasures_of(unit) if e.state == ErasureState.ASKED]
    tasks = selectors.confirming(waiting)
    page = Paginator(selectors.erasures_of(unit).exclude(state=ErasureState.ASKED), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "unit": unit,
        "hall": unit,
        "own": own,
        "lots": selectors.lots_of(unit, today) if own else [],
        "waiting": [{"erasure": e, "task_id": tasks.get(e.reference)} for e in waiting],
        "holds": holds,
        "page": page,
        "checked": _checked(list(page)),
        "asked": selectors.open_requests_of(unit) if own else [],
        "files": selectors.file_terms_of(unit),
        "townships": choice_of_townships(grant),
        "events": [
            offer
            for offer in offers_on([unit, *holds] if own else [], grant, timezone.now())
            if offer.event.key.startswith("retention.")
        ],
    }
    return render(request, "portal/retention.html", context)


def _checked(erasures: list[Erasure]) -> list[dict[str, Any]]:
    """Each with whether its certificate says what its entry says; None where there is no certificate."""
    entries = Entry.objects.in_bulk([e.entry_id for e in erasures if e.entry_id])
    return [
        {
            "erasure": e,
            "agrees": agrees(e.paper, e, entries[e.entry_id]) if e.paper and e.entry_id in entries else None,
        }
        for e in erasures
    ]
