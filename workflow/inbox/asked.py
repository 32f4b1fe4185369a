"""What a link or a form asks for, read before it meets a query: anybody may type anything there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, QueryDict
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _lazy

from workflow.people.models import Unit

LONGEST_NUMBER = 18  # decimal digits that still fit a database's key
DIGITS_OF_YEAR = 4
SIGNING_IN = (
    "login_code",
    "password_change",
)  # pages on the way in after the first; nobody goes back to them


@dataclass(frozen=True)
class Back:
    """Where a page leads back to; in words that which list or page it is, where that is known."""

    url: str
    title: Any


def came_from(request: HttpRequest, otherwise: Back) -> Back:
    """The page of ours a person has opened this one from, as they left it, filters and all; `otherwise` where they came from
    nowhere, from signing in, or from this page itself: what is typed on it is sent to it."""
    page = page_before(request)
    path = urlsplit(page).path
    nowhere = ("", request.path, resolve_url(settings.LOGIN_URL), *map(reverse, SIGNING_IN))
    if request.method == "POST" or path in nowhere:
        return otherwise
    lists = {otherwise.url: otherwise.title, reverse("inbox"): _lazy("返回待办")}
    return Back(page, lists.get(path, _lazy("返回上页")))


def page_before(request: HttpRequest) -> str:
    """The page of this site that led here, as its path and query; empty where none did."""
    said = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(said, {request.get_host()}, request.is_secure()):
        return ""
    page = urlsplit(said)._replace(scheme="", netloc="").geturl()
    # What is led to is judged besides: a path that begins with // names a host by itself.
    return page if url_has_allowed_host_and_scheme(page, None) else ""


def number_asked(given: QueryDict, name: str, *, longest: int = LONGEST_NUMBER) -> int | None:
    """The whole number given under a name, 0 or more; None where there is none, or more digits than `longest`."""
    asked = given.get(name, "")
    return int(asked) if is_number(asked, longest=longest) else None


def is_number(asked: str, *, longest: int = LONGEST_NUMBER) -> bool:
    """Whether a text is a whole number, 0 or more, of no more digits than `longest`.

    ASCII digits alone: "²" is a digit to Python and no number.
    """
    return asked.isascii() and asked.isdecimal() and len(asked) <= longest


def year_asked(request: HttpRequest) -> int | None:
    """The year a page's address asks for; None where it asks for none, or for what is no year of four digits."""
    year = number_asked(request.GET, "year", longest=DIGITS_OF_YEAR)
    return None if year is None or len(str(year)) < DIGITS_OF_YEAR else year


def unit_asked(request: HttpRequest, units: Iterable[Unit]) -> Unit | None:
    """The unit a page's address asks for by code; None where it asks for none, 404 for one that is not among `units`."""
    code = request.GET.get("unit", "")
    if not code:
        return None
    chosen = next((unit for unit in units if unit.code == code), None)
    if chosen is None:
        raise Http404
    return chosen
