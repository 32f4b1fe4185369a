"""What stands between the sign-in and the pages: the second factor, a password that must be changed first, a session that
has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.middleware import OTPMiddleware

from workflow.inbox.asked import page_before
from workflow.people.isolation import Context, within

ALLOWED = frozenset({"password_change", "logout", "set_language", "text_size"})


class SecondFactor(OTPMiddleware):
    """The library's own, which asks for a person's device before the request has a context to ask in."""

    def _verify_user_sync(self, request: HttpRequest, user: Any) -> Any:
        if not user.is_authenticated or DEVICE_ID_SESSION_KEY not in request.session:
            return super()._verify_user_sync(request, user)
        with within(Context("public", user=user.pk)):
            return super()._verify_user_sync(request, user)


def asks_as_program(request: HttpRequest) -> bool:
    """Whether a page's script asks, for an answer to read, and nobody who looks at it."""
    return "application/json" in request.headers.get("Accept", "")


class SignedOut:
    """Says that the session has ended to whoever sends something, in place of a sign-in page that would swallow it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST" or not _asks_to_sign_in(response):
            return response
        if asks_as_program(request):
            return JsonResponse({"said": _("您已退出登录，草稿没有保存。")}, status=401)
        # The page the form stood on: some addresses take forms and show none.
        context = {"next": page_before(request) or resolve_url(settings.LOGIN_REDIRECT_URL)}
        return render(request, "registration/signed_out.html", context, status=401)


def _asks_to_sign_in(response: HttpResponse) -> bool:
    """Whether a page that wants somebody signed in turned nobody away; who only begins to sign in is asked for no page."""
    if response.status_code != 302:
        return False
    to = urlsplit(response.headers["Location"])
    return to.path == resolve_url(settings.LOGIN_URL) and REDIRECT_FIELD_NAME in parse_qs(to.query)


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
