"""The engine's application: people, offices, records, turns, time. No word of proposals or votes."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkflowConfig(AppConfig):
    name = "workflow"
    verbose_name = _("流程引擎")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from workflow import checks  # noqa: F401  (registers the system checks)
        from workflow.audit.heads import seal_moment
        from workflow.audit.hooks import on_moment
        from workflow.flows.vacancies import free_tasks
        from workflow.roles.services import on_end

        on_end(free_tasks)
        on_moment(seal_moment)
