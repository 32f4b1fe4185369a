"""The administrator's pages of the post office: what is stuck, and what the demonstration's receiver got."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from notifications import demonstration, stuck
from notifications.forms import LettersFilter, SendAgainForm
from notifications.models import Channel, Status
from notifications.selectors import letters_stay_here
from workflow.administration.views import admin_grant
from workflow.flows.errors import Refused
from workflow.inbox.asked import unit_asked
from workflow.people.isolation import SYSTEM, within
from workflow.people.selectors import tenants_below

PER_PAGE = 40
MOST_RECEIVED = 100


@login_required
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """What left the site or did not, what somebody has to look at first."""
    acting = admin_grant(request)
    letters = stuck.letters_outside(acting.tenant.path)
    units = tenants_below(acting.tenant)
    unit_asked(request, units)
    form = LettersFilter(request.GET or None, units=units)
    wanted = {"status": stuck.STUCK}
    if form.is_bound and form.is_valid():
        wanted = {**form.cleaned_data, "status": form.cleaned_data["status"] or stuck.STUCK}
    status = "" if wanted["status"] == "all" else wanted["status"]
    page = Paginator(stuck.narrowed(letters, **{**wanted, "status": status}), PER_PAGE).get_page(
        request.GET.get("page")
    )
    with within(SYSTEM):  # persons' addresses belong to no unit
        lines = stuck.lines_of(page)
    context = {
        "form": form,
        "page": page,
        "lines": lines,
        "stuck": status == stuck.STUCK,
        "repeatable": any(line.may_be_sent_again for line in lines),
        "doubtful": any(line.letter.status == Status.UNKNOWN for line in lines),
        "stay_here": letters_stay_here(),
    }
    return render(request, "notifications/outside.html", context)


@login_required
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Send the chosen letters once more, and back to the list as it was filtered."""
    acting = admin_grant(request)
    form = SendAgainForm(request.POST)
    act = acting.act(acting.tenant, timezone.now())
    if not form.is_valid():
        messages.error(request, " ".join(str(e) for errors in form.errors.values() for e in errors))
        return redirect(_back(request))
    data = form.cleaned_data
    try:
        sent = stuck.send_again(act, acting.tenant.path, data["letters"], verified=data["verified"])
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("%(n)s 条消息已重新排队。") % {"n": sent})
        if left := len(set(data["letters"])) - sent:
            messages.warning(request, _("另有 %(n)s 条已由他人处理，没有重复发送。") % {"n": left})
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    page = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if safe else "letters_outside"


@login_required
@require_safe
def received(request: HttpRequest) -> HttpResponse:
    """What the demonstration's receiver got; nothing to see where letters really leave."""
    admin_grant(request)
    if not letters_stay_here():
        raise Http404
    labels = dict(Channel.choices)
    rows = [(labels[one.channel], one) for one in demonstration.received(MOST_RECEIVED)]
    return render(request, "notifications/received.html", {"rows": rows, "stay_here": True})
