"""A one-time password opens nothing but the page that changes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

ALLOWED = frozenset({"password_change", "logout", "set_language", "text_size"})


class OneTimePassword:
    """After the authentication middleware: sends whoever must change the password to do it first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if getattr(request.user, "must_change_password", False) and name not in ALLOWED:
            return redirect("password_change")
        return None
