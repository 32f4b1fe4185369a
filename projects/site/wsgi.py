"""The WSGI door, for Granian or any other server."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "projects.site.settings")
django_site = get_wsgi_application()

from projects.site.light import CastsAtTheDoor  # noqa: E402  the settings come first


def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A page is handed over whole: Granian sends a list at once and anything else piece by piece."""
    answer = django_site(environ, start_response)
    if not isinstance(answer, HttpResponse):
        return answer
    page = [answer.content]
    answer.close()
    return page


application = CastsAtTheDoor(site)
