"""What is not written to the log, and who is not asked for on the ballot itself."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

VOTERS_PAGES = "/ballot/"
BALLOT = f"{VOTERS_PAGES}paper/"


class NobodySignedIn:
    """Before the sessions: on the ballot itself nobody is signed in, so no session, user or office is read or written.

    Whose ballot it is says the ballot's own cookie, which is bound to the session it was won in (`session_cookie`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == BALLOT:
            request.session_cookie = request.COOKIES.pop(settings.SESSION_COOKIE_NAME, "")  # type: ignore[attr-defined]
        return self.get_response(request)


class QuietBallot(logging.Filter):
    """Drops what would be said of a request to a voter's page, but for errors: times and order name voters (integrity.md §2.2)."""

    def filter(self, record: logging.LogRecord) -> bool:
        path = getattr(getattr(record, "request", None), "path", "")
        return record.levelno >= logging.ERROR or not str(path).startswith(VOTERS_PAGES)
