"""Addresses of the whole site: each app brings its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from projects.site.backups.page import backups
from projects.site.text_size import choose_text_size

urlpatterns: list[URLPattern | URLResolver] = [
    path("text-size/", choose_text_size, name="text_size"),
    path("backups/", backups, name="backups"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("workflow.urls")),
    path("", include("notifications.urls")),
    path("", include("projects.urls")),
]
