"""Door: Celery looks here for tasks; they live in the rooms."""

from workflow.flows.tasks import run_job, sweep_jobs
from workflow.reminders.tasks import sweep_deadlines
from workflow.roles.tasks import sweep_stand_ins

__all__ = ["run_job", "sweep_deadlines", "sweep_jobs", "sweep_stand_ins"]
