"""Addresses of the whole site: each app brings its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from projects.site.text_size import choose_text_size


def _have(m):
    try:
        __import__(m)
        return True
    except ImportError as e:
        print("urls missing", m, e)
        return False


urlpatterns: list[URLPattern | URLResolver] = [
    path("text-size/", choose_text_size, name="text_size"),
    path("i18n/", include("django.conf.urls.i18n")),
    *(path("", include(m)) for m in ("workflow.urls", "workflow.people.urls", "notifications.urls", "projects.portal.staff_urls", "projects.portal.public_urls") if _have(m)),
]
