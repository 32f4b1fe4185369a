"""The ballot's own way through the site: what a ballot needs, and nothing that asks who is signed in.

On the ballot itself nobody is: whose it is says its cookie, bound to the code or the session it was won by. So no
session, user, second factor or office is read, and none can be written to. Three quarters of the time of a ballot were
theirs (performance.md, "Casting a ballot"). And of what is left, two thirds are saved where a ballot is cast without a
hitch: then the same checks are made at the door, and nothing else (`CastsAtTheDoor`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.contrib.auth.models import AnonymousUser
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import ResolverMatch, resolve
from django.utils.module_loading import import_string
from django.utils.translation import get_language_from_request

from projects.portal.voter import cast_without_a_hitch
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


Environ = dict[str, Any]
Start = Callable[..., Any]
Headers = list[tuple[str, str]]
Site = Callable[[Environ, Start], Iterable[bytes]]
FORM = "application/x-www-form-urlencoded"
MOST_BYTES, MOST_FIELDS = 64 * 1024, 1_000


class CastsAtTheDoor:
    """The site as a WSGI server calls it, but for ballots that are cast without a hitch: those are answered here.

    Whatever else there is about a request (a check it fails, a refusal, an error, a page not rendered yet) is the site's
    to answer: it gets the request as it came, and a ballot that is in by then finds itself. The headers are those the
    site itself sent with such a page before.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self._headers: dict[tuple[str, bool], Headers] = {}
        self._forged = CsrfViewMiddleware(_nothing)
        self._gates: list[Any] = [SecurityMiddleware(_nothing), CommonMiddleware(_nothing), self._forged]

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        if not _is_form_of_a_ballot(environ):
            return self.site(environ, start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        again, posted = environ | {"wsgi.input": BytesIO(body)}, _fields(body)
        if posted.get("op") != "cast" or "text_size" in posted:
            return self.site(again, start_response)
        request = WSGIRequest(environ)
        request.POST = posted  # type: ignore[assignment]  # Django's own kind of dict takes as long as the seal
        kind = get_language_from_request(request), request.is_secure()
        page = self._cast(request, posted, kind[0]) if kind in self._headers else None
        if page is None:
            return self.site(again, self._learning(kind, start_response))
        start_response("200 OK", [*self._headers[kind], ("Content-Length", str(len(page)))])
        return [page]

    def _cast(self, request: HttpRequest, posted: dict[str, str], language: str) -> bytes | None:
        """The last page; None where anything is out of the ordinary."""
        try:
            return None if self._stops(request) else cast_without_a_hitch(request, posted, language)
        except Exception:  # whatever it was happens to the site again, and the site says what it is
            return None

    def _stops(self, request: HttpRequest) -> bool:
        """Whether transport, host, origin or form key are not as they must be, by Django's own middleware."""
        if any(gate.process_request(request) for gate in self._gates):
            return True
        return self._forged.process_view(request, _nothing, (), {}) is not None

    def _learning(self, kind: tuple[str, bool], start_response: Start) -> Start:
        """Keep the headers of the site's own last page."""

        def start(status: str, headers: Headers, *more: Any) -> Any:
            if status == "200 OK" and "Set-Cookie" not in dict(headers):
                self._headers[kind] = [one for one in headers if one[0] != "Content-Length"]
            return start_response(status, headers, *more)

        return start


def _is_form_of_a_ballot(environ: Environ) -> bool:
    length = environ.get("CONTENT_LENGTH") or ""
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ["PATH_INFO"] == BALLOT
        and environ.get("CONTENT_TYPE") == FORM
        and length.isdecimal()
        and int(length) <= MOST_BYTES
    )


def _fields(body: bytes) -> dict[str, str]:
    """What a form posts, the last of a name as Django takes it; empty where it is none."""
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


def _nothing(_request: HttpRequest) -> HttpResponseBase:
    """In the place of what would come next."""
    raise NotImplementedError
