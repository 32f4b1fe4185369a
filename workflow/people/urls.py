"""Door: addresses of people and their accounts; the pages stand on the engine's upper floors."""

from django.urls import include, path

urlpatterns = [path("", include("workflow.administration.urls"))]
