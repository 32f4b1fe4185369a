"""What for: said by those who look on before the first file they take away on a day, and written down with each.

Kept with the session, so that it goes with it; another one may be said at any time.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from workflow.flows.fields import PlainForm
from workflow.inbox.asked import page_before
from workflow.roles import registry
from workflow.roles.middleware import in_office
from workflow.roles.models import RoleGrant

SAID = "purpose"  # in the session: {"grant", "on", "words"}
WAITING = "purpose_file"  # in the session: the address of the file that was asked for, until the page has fetched it
INVALID = 422


class PurposeForm(PlainForm):
    """用途."""

    purpose = forms.CharField(
        label=gettext_lazy("用途"),
        min_length=2,
        max_length=200,
        help_text=gettext_lazy("写明因何下载、交给谁，例如：主任会议汇报；记入办理记录"),
    )


def has_to_say(grant: RoleGrant) -> bool:
    """Whether this office says what it takes files for: it looks on, and whose files they are is another."""
    return registry.office(grant.office).reads_below


def purpose_of(request: HttpRequest) -> str:
    """What was said today in the office acted in; empty where nothing was."""
    grant, said = in_office(request).acting, request.session.get(SAID, {})
    holds = grant is not None and (said.get("grant"), said.get("on")) == (grant.pk, _today())
    return str(said["words"]) if holds else ""


def purpose_first(request: HttpRequest, grant: RoleGrant) -> HttpResponseRedirect | None:
    """To the page that asks what a file is for, where that has to be said and was not yet.

    From there the file is fetched, and a link leads back to the page it was asked for on.
    """
    if not has_to_say(grant) or purpose_of(request):
        return None
    page = page_before(request)
    asked = {"next": request.get_full_path()} | ({"back": page} if page else {})
    return redirect(f"{reverse('purpose')}?{urlencode(asked)}")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def purpose(request: HttpRequest) -> HttpResponse:
    """Say what files are taken for today; the one that was asked for is then fetched, else on to where one came from."""
    grant = in_office(request).acting
    if grant is None or not has_to_say(grant):
        raise PermissionDenied(_("您的职务下载文件不须写明用途。"))
    back = _inside(request, request.GET.get("back", ""))
    if not back or back.startswith(request.path):
        back = resolve_url("home")
    form = PurposeForm(request.POST or None, initial={"purpose": purpose_of(request)})
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data["purpose"]
        request.session[SAID] = {"grant": grant.pk, "on": _today(), "words": words}
        if file := _inside(request, request.GET.get("next", "")):
            request.session[WAITING] = file
            return redirect(request.get_full_path())
        messages.success(request, _("用途已记下，今日此后的下载都以此记入办理记录。"))
        return redirect(back)
    context: dict[str, Any] = {
        "form": form,
        "said": purpose_of(request),
        "back": back,
        # Once: whoever opens the page again, to say something else, is handed nothing unasked.
        "file": request.session.pop(WAITING, "") if request.method == "GET" else "",
        "asked": bool(request.GET.get("next")),
    }
    return render(request, "workflow/purpose.html", context, status=INVALID if form.is_bound else 200)


def _inside(request: HttpRequest, address: str) -> str:
    """The address where it is one of this site; empty otherwise."""
    here = {request.get_host()}
    return (
        address if url_has_allowed_host_and_scheme(address, here, require_https=request.is_secure()) else ""
    )


def _today() -> str:
    return timezone.localdate().isoformat()
