"""The domain's application."""

import importlib.util
import pkgutil

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

import projects


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("票决")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from projects import checks  # noqa: F401  (registers the system checks)
        from projects.cycles.due import length_told
        from projects.cycles.reminding import policy_of_year
        from projects.cycles.steps import STEPS
        from projects.cycles.wording import in_assembly_words, in_words_of_level
        from projects.offices import register_offices
        from workflow.flows.steps import name_steps
        from workflow.flows.terms import tell_lengths
        from workflow.people.wording import use_wording
        from workflow.reminders.policy import use_policies

        register_offices()
        use_policies(policy_of_year)
        use_wording("subdistrict", in_assembly_words)
        use_wording("city", in_words_of_level("市级"))
        use_wording("province", in_words_of_level("省级"))
        name_steps(STEPS)
        tell_lengths(length_told)
        # The flows must be known before the first task row is read, and the events before the first page.
        autodiscover("flows", "events", "titles", "beside", "readiness", "opened")


def autodiscover(*names: str) -> None:
    """Import every room's modules of these names."""
    rooms = [room.name for room in pkgutil.iter_modules(projects.__path__) if room.ispkg]
    for module in (f"projects.{room}.{name}" for room in rooms for name in names):
        if importlib.util.find_spec(module):
            importlib.import_module(module)
