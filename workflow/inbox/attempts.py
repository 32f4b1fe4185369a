"""An operation tried from a page: what a refusal becomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import JsonResponse
from django.utils.formats import time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from workflow.flows.errors import InvalidForm, NotYourTurn, Refused

Answer = TypeVar("Answer")
INVALID, REFUSED = 422, 409


def attempted(act: Callable[[], Answer], again: Callable[[Refused, int], Answer]) -> Answer:
    """Run `act` in one transaction; a refusal leaves nothing of it behind and is answered by `again`.

    again: the page once more, from the refusal and the status: 422 for an InvalidForm, 409 for any other. Whoever does
    not hold the office is refused the page itself (403).
    """
    try:
        with transaction.atomic():
            return act()
    except InvalidForm as refused:
        return again(refused, INVALID)
    except NotYourTurn as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        return again(refused, REFUSED)


def kept(at: datetime, *besides: str) -> JsonResponse:
    """What the page says of a draft the browser has sent by itself, and what has come to stand against it besides."""
    said = _("草稿已保存 %(time)s") % {"time": time_format(localtime(at), "H:i")}
    return JsonResponse({"said": " ".join([said, *besides])})


def not_kept(refused: Refused, status: int) -> JsonResponse:
    """What it says where that draft was refused."""
    return JsonResponse({"said": _("草稿没有保存：%(why)s") % {"why": refused}}, status=status)
