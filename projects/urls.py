"""Door: the domain's addresses, from its rooms."""

from django.urls import include, path

urlpatterns = [
    path("", include("projects.portal.staff_urls")),
    path("", include("projects.portal.voter_urls")),
    path("", include("projects.portal.public_urls")),
]
