"""The heads of every trail for whoever keeps them outside: open to all, a list and a feed for each unit."""

from __future__ import annotations

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from workflow.audit import standalone
from workflow.audit.heads import FORMAT, feed_of, keys_told
from workflow.audit.models import TreeHead
from workflow.flows.saving import to_save
from workflow.inbox.asked import number_asked
from workflow.people.models import Unit

AT_ONCE = 500


@require_safe
def head_list(request: HttpRequest) -> JsonResponse:
    """The units that have heads, each with the address of its feed; and the keys."""
    units = Unit.objects.filter(pk__in=TreeHead.objects.values("unit_id")).order_by("code")
    rows = [{"unit": u.code, "name": u.name, "heads": reverse("trail_heads", args=[u.code])} for u in units]
    return JsonResponse({"format": FORMAT, "keys": keys_told(), "units": rows})


@require_safe
def heads(request: HttpRequest, code: str) -> JsonResponse:
    """A unit's heads after the size asked for, oldest first; `next` leads on where there are more."""
    unit = Unit.objects.filter(code=code).first()
    if unit is None or not unit.is_tenant:
        raise Http404
    feed = feed_of(unit, after=number_asked(request.GET, "after") or 0, limit=AT_ONCE)
    if len(feed["heads"]) == AT_ONCE:
        # Heads of one size are told together: the last size may have been cut in two.
        size = feed["heads"][-1]["size"]
        feed["heads"] = [head for head in feed["heads"] if head["size"] < size]
        feed["next"] = f"{request.path}?after={size - 1}"
    return JsonResponse(feed)


@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The one file heads, trails and proofs are verified with, on a machine that has Python alone."""
    answer = HttpResponse(Path(standalone.__file__).read_bytes(), content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = to_save("verify.py")
    return answer
