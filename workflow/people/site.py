"""Where this site is found from outside it."""

from __future__ import annotations

from django.conf import settings


def site_address() -> str:
    """The site's own address, for what leaves it, letters and papers: the first trusted origin, else this machine."""
    origins: list[str] = settings.CSRF_TRUSTED_ORIGINS
    return origins[0] if origins else f"http://127.0.0.1:{settings.PORT}"
