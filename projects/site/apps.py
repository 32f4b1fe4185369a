"""Start-up of the whole installation: the Celery application, and the rights of the run-time role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.db import connections
from django.db.models.signals import pre_migrate
from psycopg import sql


class SiteConfig(AppConfig):
    name = "projects.site"
    label = "site"
    default = True

    def ready(self) -> None:
        from projects.site import celery  # noqa: F401  shared tasks bind to the last application made

        for name in ("data_folder_in", "control_folder"):
            if folder := settings.CELERY_BROKER_TRANSPORT_OPTIONS.get(name):
                Path(folder).mkdir(parents=True, exist_ok=True)
        # contenttypes comes first and stands in every installation, so the grant precedes the first table.
        pre_migrate.connect(grant_run_time_rights, sender=apps.get_app_config("contenttypes"))


class StaticFiles(StaticFilesConfig):
    """Without the library's own pages, which are never shown and name files that do not exist."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "viewflow/*"]


def grant_run_time_rights(*, using: str, **_: Any) -> None:
    """Let the run-time role read and write rows of every table the owner will make; migrations may take it back."""
    role = sql.Identifier(settings.APP_ROLE)
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone() == (settings.APP_ROLE,):
            return
        for rights, what in (("SELECT, INSERT, UPDATE, DELETE", "TABLES"), ("USAGE, SELECT", "SEQUENCES")):
            statement = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT " + rights + " ON " + what + " TO {}"
            cursor.execute(sql.SQL(statement).format(role))
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
