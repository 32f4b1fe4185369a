"""An operation tried from a page: what a refusal becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction

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
