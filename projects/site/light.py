"""The ballot's own way through the site: what a ballot needs, and nothing that asks who is signed in.

On the ballot itself nobody is: whose it is says its cookie, bound to the code or the session it was won by. So no
session, user, second factor or office is read, and none can be written to. Three quarters of the time of a ballot were
theirs (performance.md, "Casting a ballot").
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import ResolverMatch, resolve
from django.utils.module_loading import import_string

from projects.site.quiet import VOTERS_PAGES

BALLOT = f"{VOTERS_PAGES}paper/"
NEEDED = (
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "projects.site.headers.PrivateHeaders",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "projects.site.text_size.SizeWithTheForm",
)
Answer = Callable[[HttpRequest], HttpResponseBase]


class BallotsOwnWay:
    """After what concerns every answer (transport, content policy): the ballot leaves the way of all other pages."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self._light: Any = convert_exception_to_response(self._checked)
        for name in reversed(NEEDED):
            self._light = convert_exception_to_response(import_string(name)(self._light))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != BALLOT:
            return self.get_response(request)
        request.user = AnonymousUser()
        request.resolver_match = self._ballot
        answer: HttpResponseBase = self._light(request)
        return answer

    @cached_property
    def _ballot(self) -> ResolverMatch:
        return resolve(BALLOT)

    def _checked(self, request: HttpRequest) -> HttpResponseBase:
        """The view behind the check against forged requests, as the site's handler would call it."""
        view = self._ballot.func
        guard = CsrfViewMiddleware(view)
        guard.process_request(request)
        refused = guard.process_view(request, view, (), {})
        return guard.process_response(request, refused or view(request))
