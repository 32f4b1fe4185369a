"""The domain's application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("票决")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from projects.offices import register_offices

        register_offices()
