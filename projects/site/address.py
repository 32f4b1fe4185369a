"""Where a request came from, believing only the proxies the operator declared."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the client's address: with n declared proxies, the n-th from the right of ``X-Forwarded-For``.

    Anything further left was written by the client itself, and would let an attacker choose the address that
    is locked after failed log-ins.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    passed = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if settings.TRUSTED_PROXIES == 0 or len(passed) < settings.TRUSTED_PROXIES:
        return direct
    return passed[-settings.TRUSTED_PROXIES]
