"""The congress's sessions: the list by year, and one session with all that was done at it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.portal.acts import offers_on
from projects.portal.scope import PAGES, refuse_outside, scope_told
from projects.portal.session_selectors import session_page, sessions_visible, years_held
from projects.portal.staff import PER_PAGE, choice_of_townships, township_asked
from workflow.inbox.asked import year_asked
from workflow.roles.middleware import acting_grant


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """A township's sessions, or those of one year; whoever reads below a county turns the page to one township."""
    grant = acting_grant(request)
    refuse_outside(grant, *PAGES["sessions"])
    unit, wanted = township_asked(request, grant), year_asked(request)
    held = sessions_visible(grant).filter(unit=unit)
    shown = held.filter(held_on__year=wanted) if wanted else held
    context = {
        "page": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "tabs": [
            {"label": _("全部年份"), "url": f"?unit={unit.code}", "current": not wanted},
            *(
                {
                    "label": _("%(year)s 年") % {"year": year},
                    "url": f"?unit={unit.code}&year={year}",
                    "current": wanted == year,
                }
                for year in years_held(held)
            ),
        ],
        "townships": choice_of_townships(grant),
        "unit": unit,
        "hall": unit,
        "limit": scope_told(grant),
    }
    return render(request, "portal/sessions.html", context)


@require_safe
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """One session: roll and attendance, presidium and agenda, its votes and decisions, what it still owes."""
    grant = acting_grant(request)
    refuse_outside(grant, *PAGES["sessions"])
    held = get_object_or_404(sessions_visible(grant), pk=pk)
    now = timezone.now()
    context = {
        "session": held,
        "hall": held.unit,
        "events": offers_on([held], grant, now),
        "limit": scope_told(grant),
    }
    return render(request, "portal/session.html", context | session_page(held, grant, now))
