"""Which of a person's offices a request acts in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from workflow.audit.services import write_down
from workflow.people.isolation import Context, within
from workflow.people.models import User
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.opened import shown_by
from workflow.roles.selectors import context_of, grants_of

SESSION_KEY = "grant"


class OfficeRequest(HttpRequest):
    """A signed-in person's request as it leaves ActingMiddleware; a type only, never made.

    todo: how much waits for the office acted in; unread: how many copies and messages the person has not opened. None
    until they are counted: what the page has asked the navigation need not ask again.
    """

    user: User
    grants: list[RoleGrant]
    acting: RoleGrant | None
    context: Context
    todo: int | None
    unread: tuple[int, int] | None


def in_office(request: HttpRequest) -> OfficeRequest:
    """The same request, with what ActingMiddleware has set on it."""
    return cast(OfficeRequest, request)


class ActingMiddleware:
    """Sets request.grants (offices held today), request.acting (the chosen one or None) and request.context."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = in_office(request)
        seen.grants, seen.acting, seen.todo, seen.unread = [], None, None, None
        if request.user.is_authenticated:
            self._choose(seen)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """What an auditor opens stands in the trail of the unit it is of, whatever comes of it.

        A page of several units, or of none that can be told, stands in the trail of the unit the office is held at.
        The entry is on the unit and names the record it opened: reading is nothing that was done to it.
        """
        seen = in_office(request)
        acting, page = seen.acting, request.resolver_match
        if acting is None or page is None or not registry.office(acting.office).reads_recorded:
            return
        if "query_code" in kwargs:  # a proposer's own page: the code is a secret, the page public
            return
        # A ballot: who was there at what time is nobody's business. What a page that was opened asks for by itself.
        if getattr(view, "unrecorded", False):
            return
        opened = {"page": page.url_name or "", **{name: str(value) for name, value in kwargs.items()}}
        about = {name: value for name in ("unit", "year") if (value := request.GET.get(name, "")[:20])}
        with within(seen.context):
            unit, record = shown_by(page.url_name or "", kwargs, about.get("unit", ""), acting.tenant)
            act, named = acting.act(unit, timezone.now()), {"record": record} if record else {}
            write_down(act, "record.read", unit.reference, after=opened | about | named)

    def _choose(self, request: OfficeRequest) -> None:
        with within(Context("unit", user=request.user.pk)):
            grants = grants_of(request.user, timezone.localdate())
            wanted = request.session.get(SESSION_KEY)
            own = [g for g in grants if g.stands_for_id is None] or grants
            first = next((g for g in own if registry.office(g.office).first), own[0] if own else None)
            acting = next((g for g in grants if g.pk == wanted), first)
            # Without an office one reads what the public does, and what is one's own.
            request.context = context_of(acting) if acting else Context("public", user=request.user.pk)
        request.grants, request.acting = grants, acting


def acting_grant(request: HttpRequest) -> RoleGrant:
    """The office the request acts in; refused for somebody who holds none today."""
    acting = in_office(request).acting
    if acting is None:
        raise PermissionDenied(_("您目前没有任职，请与系统管理员联系。"))
    return acting
