"""A year's conformance on a page: article by article, with the entries that show it."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.models import Cycle
from projects.evaluation.conformance import CHECKS, Status
from projects.evaluation.conforming import STATUS_WORDS, conformance_in, step_of
from projects.portal.scope import refuse_outside, scope_told
from workflow.roles.middleware import acting_grant
from workflow.roles.models import RoleGrant

TONES = {
    Status.HELD: "green",
    Status.NOT_HELD: "red",
    Status.NOT_YET: "grey",
    Status.NOT_APPLICABLE: "grey",
}
SHOWN = 12  # evidence named on the page; the sheet in the dossier has all of it


def reads_checks(grant: RoleGrant) -> bool:
    """Whether any check is about a part of the work this office reads."""
    return any(grant.covers(*check.parts) for check in CHECKS)


@require_safe
def conformance(request: HttpRequest, pk: int) -> HttpResponse:
    """Every check of a year, or those of one status; of an office limited to a part of the work those of that part."""
    grant = acting_grant(request)
    if not reads_checks(grant):
        refuse_outside(grant)
    cycle = get_object_or_404(Cycle.objects.select_related("unit"), pk=pk)
    found = conformance_in(cycle, timezone.localdate(), grant)
    counts = Counter(finding.status for _check, finding in found)
    wanted = request.GET.get("status", "")
    tabs = [{"label": _("全部"), "url": "?", "current": wanted not in list(Status), "count": len(found)}]
    tabs += [
        {"label": words, "url": f"?status={status}", "current": wanted == status, "count": counts[status]}
        for status, words in STATUS_WORDS.items()
    ]
    context = {
        "cycle": cycle,
        "hall": cycle.unit,
        "limit": scope_told(grant),
        "left_out": len(CHECKS) - len(found),
        "tabs": tabs,
        "rows": [
            {
                "step": step_of(check),
                "check": check,
                "finding": finding,
                "words": STATUS_WORDS[finding.status],
                "tone": TONES[finding.status],
                "evidence": finding.evidence[:SHOWN],
                "more": max(0, len(finding.evidence) - SHOWN),
            }
            for check, finding in found
            if wanted not in list(Status) or finding.status == wanted
        ],
    }
    return render(request, "portal/conformance.html", context)
