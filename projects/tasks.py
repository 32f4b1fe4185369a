"""Door: Celery looks here for tasks; they live in the rooms."""

from projects.collection.tasks import sweep_returned
from projects.evaluation.tasks import sweep_hearings
from projects.supervision.tasks import sweep_reports, sweep_summaries

__all__ = ["sweep_hearings", "sweep_reports", "sweep_returned", "sweep_summaries"]
