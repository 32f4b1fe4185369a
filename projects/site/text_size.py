"""The three text sizes. A cookie keeps the choice, so it needs no account, no session and no JavaScript."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

COOKIE = "text_size"
COOKIE_SECONDS = 365 * 24 * 3600
STANDARD = "standard"

# Large letters need the one-column page on wider screens; the query is an attribute of the stylesheet's link.
NARROW_MEDIA = {
    STANDARD: "(max-width: 47.99em)",
    "large": "(max-width: 61.99em)",
    "xlarge": "(max-width: 77.99em)",
}


def text_size_of(request: HttpRequest) -> str:
    """The size this browser chose; `standard` when none or an unknown one is in the cookie."""
    size = request.COOKIES.get(COOKIE, STANDARD)
    return size if size in NARROW_MEDIA else STANDARD


@require_safe
def choose_text_size(request: HttpRequest) -> HttpResponse:
    """Keep ?size= and return to ?next=, when it is a page of this site; an unknown size changes nothing."""
    response = HttpResponseRedirect(_page_to_return_to(request))
    if (size := request.GET.get("size")) in NARROW_MEDIA:
        _keep(response, size, secure=request.is_secure())
    return response


def _keep(response: HttpResponse, size: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, size, max_age=COOKIE_SECONDS, samesite="Lax", secure=secure, httponly=True)


class SizeWithTheForm:
    """Takes a size sent along with a form (`text_size`): a page that is being filled in shows itself again, larger."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        size = request.POST.get("text_size")
        if size not in NARROW_MEDIA:
            return self.get_response(request)
        request.COOKIES[COOKIE] = size
        response = self.get_response(request)
        _keep(response, size, secure=request.is_secure())
        return response


def _page_to_return_to(request: HttpRequest) -> str:
    page = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if safe else "/"
