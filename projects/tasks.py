"""Door: Celery looks here for tasks; they live in the rooms."""

from projects.supervision.tasks import sweep_reports

__all__ = ["sweep_reports"]
