"""Where this site is found from outside it."""

from __future__ import annotations

from django.conf import settings

SECURE, ANY = "https://", "*"


def site_address() -> str:
    """The site's own address, for what leaves it, letters and papers: the first trusted origin, else this machine."""
    origins: list[str] = settings.CSRF_TRUSTED_ORIGINS
    return origins[0] if origins else f"http://127.0.0.1:{settings.PORT}"


def lasting_address() -> str:
    """The same for what stands on paper for years; empty where none is set, or one nobody else can open.

    A pattern of addresses (`https://*.example.cn`) is none, nor is one without encryption, as a demonstration has.
    """
    address = site_address()
    return address if address.startswith(SECURE) and ANY not in address else ""
