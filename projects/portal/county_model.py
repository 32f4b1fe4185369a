"""The model rulebook a county composes: every setting as on a township's own page of rules, changed one by one."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.cycles.rulebook import Rules, diff
from projects.oversight.events import REVISE_MODEL
from projects.oversight.selectors import drafts_of, model_composed
from projects.portal.acts import offers_on
from projects.portal.county import overseer
from projects.portal.staff import event_done, grouped

ACTS = ("oversight.compose_model", "oversight.offer_model")


@require_safe
def county_model(request: HttpRequest) -> HttpResponse:
    """The model as composed so far, what it changes of the usual rules, and what may be done with it."""
    grant = overseer(request)
    rules = model_composed(grant.tenant)
    offers = offers_on([grant.tenant], grant, timezone.now())
    context = {
        "unit": grant.tenant,
        "composed": rules is not None,
        "groups": grouped(rules) if rules else [],
        "changes": diff(Rules(), rules) if rules else [],
        "warnings": rules.warnings() if rules else [],
        "drafts": drafts_of(grant.tenant).select_related("by"),
        "may_edit": grant.office == "county",
        "edited_at": "county_model_edit",
        "events": [offer for offer in offers if offer.event.key in ACTS],
    }
    return render(request, "portal/county_model.html", context)


def county_model_edit(request: HttpRequest, key: str) -> HttpResponse:
    """One setting of the model."""
    grant = overseer(request)
    if grant.office != "county":
        raise PermissionDenied(_("示范规则由上级人大编写。"))
    rules = model_composed(grant.tenant)
    row = next((r for r in rules.describe() if r.key == key), None) if rules else None
    if row is None or request.POST.get("setting", key) != key:
        raise Http404
    form, entry = event_done(request, grant, REVISE_MODEL, setting=key)
    if entry:
        messages.success(request, _("示范规则草稿已修改，推荐以前各乡镇看不到。"))
        return redirect("county_model")
    context = {"form": form, "row": row}
    return render(request, "portal/county_model_edit.html", context, status=422 if form.errors else 200)
