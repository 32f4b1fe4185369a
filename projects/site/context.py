"""What every page may read without asking for it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from projects.site.text_size import NARROW_MEDIA, text_size_of


def ui(request: HttpRequest) -> dict[str, Any]:
    """Text size, the media query of the one-column stylesheet, the logo that may replace the mark."""
    size = text_size_of(request)
    return {
        "text_size": size,
        "narrow_media": NARROW_MEDIA[size],
        "logo_url": getattr(settings, "SITE_LOGO_URL", ""),
    }
