"""消息: a person's letters inside the site."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from notifications.addresses import may_keep
from notifications.selectors import letters_in, letters_of, own_letters, unread_letters
from notifications.services import mark_all_read, open_letter
from workflow.inbox.unread import unread_in
from workflow.people.isolation import within
from workflow.people.models import User
from workflow.roles.middleware import in_office

PER_PAGE = 20


@login_required
@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """The list, newest first; ?unread=1 keeps those not opened yet."""
    only_unread = request.GET.get("unread") == "1"
    me, acting = _me(request), in_office(request).acting
    with within(own_letters(me)):
        found = unread_letters(me) if only_unread else letters_of(me)
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        page.object_list = list(page)  # read here: what stands around the list is read as the office sees it
    context = {
        "page": page,
        "unread": unread_in(request).messages if acting else unread_letters(me).count(),
        "only_unread": only_unread,
        "keeps_groups": acting is not None and may_keep(acting, acting.tenant),
    }
    return render(request, "notifications/list.html", context)


@login_required
@require_GET
def letter(request: HttpRequest, number: int) -> HttpResponse:
    """Open one: it is read from now on, and leads where it points; one that points nowhere, back to the list."""
    opened = open_letter(_me(request), number, timezone.now())
    if opened is None:
        raise Http404
    return redirect(opened.link or "letters")


@login_required
@require_GET
def digest(request: HttpRequest, number: int) -> HttpResponse:
    """The letters of one summary, each leading where it points."""
    me = _me(request)
    with within(own_letters(me)):
        parts = list(letters_in(me, number))
    if not parts:
        raise Http404
    return render(request, "notifications/digest.html", {"parts": parts})


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    mark_all_read(_me(request), timezone.now())
    return redirect("letters")


def _me(request: HttpRequest) -> User:
    """Whoever is signed in; every view here asks for that."""
    return cast(User, request.user)
