"""A simple brake on abuse: how often one address may do a thing that needs no account."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.module_loading import import_string

from workflow.people.brake import is_beyond

# A village may share one address, so the limits stop machines, not neighbours. Per address and hour.
LIMITS = {
    "propose": 20,
    "complete": 20,
    "object": 10,
    "rate": 30,
    "lookup": 60,
    "document": 120,
    "ballot": 60,
}


def is_over(request: HttpRequest, what: str) -> bool:
    """Count one more act of this address and say whether it is beyond the limit of `what` (a key of LIMITS)."""
    return is_beyond(LIMITS[what], f"{what}:{_address(request)}")


def first_time(key: str, seconds: int = 10 * 60) -> bool:
    """True once per key and period: the second sending of the same form is not a second act."""
    return bool(cache.add(f"once:{key}", 1, seconds))


def sending_of(form: str, data: Mapping[str, Any]) -> str:
    """What names one sending: the form it was sent with and what it says, for a form filled in anew says something else.

    form: the form's own token, or whose it is; empty where there is none, and then nothing is named. data: as cleaned.
    """
    said = [(name, str(getattr(value, "pk", value))) for name, value in sorted(data.items())]
    return hashlib.sha256(f"{form}|{said}".encode()).hexdigest() if form else ""


def not_yet(key: str) -> None:
    """What was sent under the key did not come to anything: it may be sent again."""
    cache.delete(f"once:{key}")


def _address(request: HttpRequest) -> str:
    return str(import_string(settings.AXES_CLIENT_IP_CALLABLE)(request))
