"""The clerk's Monday: one page of what a township has before it this week."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.portal.week_selectors import title_of_week, week_of
from workflow.roles.middleware import acting_grant

DESKS = ("clerk", "chair", "presidium", "mayor", "gov_clerk")


@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """本周工作 of the township acted in, for those who keep its work going."""
    grant, today = acting_grant(request), timezone.localdate()
    if grant.office not in DESKS:
        raise PermissionDenied(_("“本周工作”供人大办、主席团和政府负责人使用。"))
    parts = week_of(grant.tenant, today, grant)
    context = {
        "parts": parts,
        "provisional": any(line.provisional for part in parts for line in part.lines),
        "days": title_of_week(today),
        "today": today,
    }
    return render(request, "portal/week.html", context)
