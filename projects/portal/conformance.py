"""A year's conformance on a page: article by article, with the entries that show it."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.models import Cycle
from projects.evaluation.conformance import Status
from projects.evaluation.conforming import STATUS_WORDS, conformance_of, step_of
from projects.portal.scope import refuse_part
from workflow.roles.middleware import acting_grant

TONES = {
    Status.HELD: "green",
    Status.NOT_HELD: "red",
    Status.NOT_YET: "grey",
    Status.NOT_APPLICABLE: "grey",
}
SHOWN = 12  # evidence named on the page; the sheet in the dossier has all of it


@require_safe
def conformance(request: HttpRequest, pk: int) -> HttpResponse:
    """Every check of a year, or those of one status."""
    refuse_part(acting_grant(request))
    cycle = get_object_or_404(Cycle.objects.select_related("unit"), pk=pk)
    found = conformance_of(cycle, timezone.localdate())
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
