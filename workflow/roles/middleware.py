"""Which of a person's offices a request acts in."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from workflow.people.isolation import Context, within
from workflow.roles.selectors import context_of, grants_of

SESSION_KEY = "grant"


class ActingMiddleware:
    """Sets request.grants (offices held today), request.acting (the chosen one or None) and request.context."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.grants, request.acting = [], None  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            self._choose(request)
        return self.get_response(request)

    def _choose(self, request: HttpRequest) -> None:
        with within(Context("unit", user=request.user.pk)):
            grants = grants_of(request.user, timezone.localdate())
            wanted = request.session.get(SESSION_KEY)
            acting = next((g for g in grants if g.pk == wanted), grants[0] if grants else None)
            if acting:
                request.context = context_of(acting)  # type: ignore[attr-defined]
        request.grants, request.acting = grants, acting  # type: ignore[attr-defined]
