"""The calendar's pages: a month of one's own, and the feed a program reads by a secret address."""

from __future__ import annotations

import re
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from workflow.calendar.ics import MEDIA_TYPE, calendar_of
from workflow.flows.models import CalendarFeed
from workflow.inbox import agenda
from workflow.people.isolation import Context, within
from workflow.roles.middleware import acting_grant, in_office
from workflow.roles.selectors import grants_of

MONTH = re.compile(r"(2[01][0-9]{2})-(0[1-9]|1[0-2])")


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """What is due and what is held, of all one's offices, in one month: ?month=2027-01, this one where left out."""
    grant, today = acting_grant(request), timezone.localdate()
    first = _month_asked(request.GET.get("month", ""), today)
    return render(request, "workflow/calendar.html", _context(request, first, today) | {"acting_in": grant})


def _context(request: HttpRequest, first: date, today: date) -> dict[str, object]:
    grants = [g for g in in_office(request).grants if agenda.has_inbox(g)]
    start, end = agenda.month_of(first.year, first.month)
    dates = agenda.dates_of(grants, start, end, today, acting=in_office(request).acting)
    before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    after = date(first.year + (first.month == 12), first.month % 12 + 1, 1)
    weeks = agenda.weeks_of(first.year, first.month, dates)
    return {
        "first": first,
        "weeks": weeks,
        "holds": any(week.holds for week in weeks),
        "provisional": any(week.is_provisional for week in weeks),
        "today": today,
        "before": f"{before:%Y-%m}",
        "after": f"{after:%Y-%m}",
        "feed": CalendarFeed.objects.filter(user=in_office(request).user).first(),
    }


def _month_asked(asked: str, today: date) -> date:
    found = MONTH.fullmatch(asked)
    return date(int(found[1]), int(found[2]), 1) if found else today.replace(day=1)


@require_POST
@never_cache
def feed_link(request: HttpRequest) -> HttpResponse:
    """Make a new secret address and show it once, or switch it off."""
    grant, now = acting_grant(request), timezone.now()
    user, act = in_office(request).user, grant.act(grant.tenant, now)
    if request.POST.get("op") == "drop":
        if agenda.drop_link(user, act):
            messages.success(request, _("订阅链接已停用，原来的链接不能再读取。"))
        return redirect("calendar")
    token = agenda.make_link(user, act)
    address = request.build_absolute_uri(reverse("calendar_feed", args=[token]))
    today = timezone.localdate()
    context = _context(request, today.replace(day=1), today) | {"address": address}
    return render(request, "workflow/calendar.html", context)


@require_safe
@never_cache
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of whoever the token belongs to, read without signing in; 404 for any other."""
    owner = agenda.owner_of(token)
    if owner is None:
        raise Http404
    today = timezone.localdate()
    with within(Context("unit", user=owner.pk)):
        grants = [g for g in grants_of(owner, today) if agenda.has_inbox(g)]
    first, last = today - agenda.BEFORE, today + agenda.AHEAD
    dates = agenda.dates_of(grants, first, last, today, acting=grants[0] if grants else None)
    events = agenda.events_of(dates, request.build_absolute_uri, request.get_host().partition(":")[0])
    body = calendar_of(_("票决待办 · %(name)s") % {"name": owner.name}, events, timezone.now())
    headers = {"X-Robots-Tag": "noindex", "Content-Disposition": 'inline; filename="piaojue.ics"'}
    return HttpResponse(body, content_type=MEDIA_TYPE, headers=headers)
