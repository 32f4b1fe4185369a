"""Door: Celery looks here for tasks; they live in the rooms."""

from projects.collection.tasks import sweep_returned
from projects.evaluation.tasks import sweep_hearings
from projects.oversight.tasks import check_figures, sweep_examinations, sweep_sums
from projects.retention.tasks import sweep_sessions
from projects.supervision.tasks import sweep_reports, sweep_summaries

__all__ = [
    "check_figures",
    "sweep_examinations",
    "sweep_hearings",
    "sweep_reports",
    "sweep_returned",
    "sweep_sessions",
    "sweep_summaries",
    "sweep_sums",
]
