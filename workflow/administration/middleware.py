"""What stands between the sign-in and the pages: the second factor, and a password that must be changed first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.middleware import OTPMiddleware

from workflow.people.isolation import Context, within

ALLOWED = frozenset({"password_change", "logout", "set_language", "text_size"})


class SecondFactor(OTPMiddleware):
    """The library's own, which asks for a person's device before the request has a context to ask in."""

    def _verify_user_sync(self, request: HttpRequest, user: Any) -> Any:
        if not user.is_authenticated or DEVICE_ID_SESSION_KEY not in request.session:
            return super()._verify_user_sync(request, user)
        with within(Context("public", user=user.pk)):
            return super()._verify_user_sync(request, user)


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
