"""Door: Celery looks here for tasks; they live in the rooms."""

from workflow.administration.tasks import make_export, sweep_exports
from workflow.audit.tasks import sweep_heads, sweep_stamps
from workflow.flows.tasks import run_job, sweep_jobs, sweep_provisional
from workflow.reminders.tasks import sweep_deadlines
from workflow.roles.tasks import sweep_offices

__all__ = [
    "make_export",
    "run_job",
    "sweep_deadlines",
    "sweep_exports",
    "sweep_heads",
    "sweep_jobs",
    "sweep_offices",
    "sweep_provisional",
    "sweep_stamps",
]
