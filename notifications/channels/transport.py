"""One request to a service outside, and what became of it: accepted, surely not delivered, or nobody knows."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from notifications.channels.errors import InDoubt, NotDelivered, TooFast

SECONDS = (3.05, 10)  # to connect, to answer
FILE = "file"
# What the robots answer to more than they take in a minute: WeCom and DingTalk 20 messages, Feishu 100.
TOO_FAST = (45009, 130101, 11232)


class Line:
    """Stands in for the module `requests` in a plug-in of apprise.

    A plug-in says yes or no; whether a letter has surely not left needs the answer itself. What the last request of
    this thread came to is kept for `outcome`.
    """

    codes = requests.codes
    RequestException = requests.RequestException

    def __init__(self) -> None:
        self._last = threading.local()

    def post(self, url: str, **kwargs: Any) -> requests.Response:
        """One request that is never repeated nor led elsewhere."""
        kwargs |= {"timeout": SECONDS, "allow_redirects": False}
        try:
            self._last.came_to = answer = _posted(url, **kwargs)
        except requests.RequestException as error:
            self._last.came_to = error
            raise
        return answer

    def outcome(self) -> requests.Response | requests.RequestException:
        """What the last request of this thread came to."""
        found: requests.Response | requests.RequestException = self._last.came_to
        return found


line = Line()


def judge(outcome: requests.Response | requests.RequestException) -> None:
    """Nothing for a letter the service took. Raises NotDelivered (TooFast among it) or InDoubt.

    The robots answer 200 to everything and say in the body whether they took it.
    """
    if isinstance(outcome, requests.RequestException):
        raise (
            NotDelivered(type(outcome).__name__) if _never_left(outcome) else InDoubt(type(outcome).__name__)
        )
    if outcome.status_code >= 500:
        raise InDoubt(f"HTTP {outcome.status_code}")
    if outcome.status_code == 429:
        raise TooFast("HTTP 429")
    if outcome.status_code != 200:
        raise NotDelivered(f"HTTP {outcome.status_code}")
    said = _said(outcome.content)
    if said is None:
        raise InDoubt("HTTP 200 without an answer")
    if said in TOO_FAST:
        raise TooFast(f"errcode {said}")
    if said:
        raise NotDelivered(f"errcode {said}")


def _never_left(error: requests.RequestException) -> bool:
    """Whether no byte of the letter can have reached the other side."""
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.InvalidURL)):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, (NewConnectionError, SSLError))


def _said(content: bytes) -> int | None:
    """The code of the answer, 0 for taken; None for an answer that has none."""
    try:
        answer = json.loads(content)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    code = next((answer[name] for name in ("errcode", "code", "StatusCode") if name in answer), None)
    return code if isinstance(code, int) else None


def _posted(url: str, **kwargs: Any) -> requests.Response:
    """The request itself, or what the demonstration's receiver answers in place of the service."""
    receiver = settings.LETTERS_RECEIVER
    if receiver == FILE:
        from notifications import demonstration

        return demonstration.receive(url, kwargs.get("params") or {}, kwargs["data"])
    return requests.post(_led_to(receiver, url) if receiver else url, **kwargs)  # noqa: S113  (kwargs has it)


def _led_to(receiver: str, url: str) -> str:
    """The same request at the demonstration's receiver; the service's name goes before the path."""
    asked, there = urlsplit(url), urlsplit(receiver)
    return urlunsplit((there.scheme, there.netloc, f"/{asked.netloc}{asked.path}", asked.query, ""))
