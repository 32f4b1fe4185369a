"""The work of a job node: the system's own act, with its time like any other."""

from __future__ import annotations

from datetime import datetime

from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from workflow.audit.services import Act
from workflow.flows.acting import recording
from workflow.flows.base import OfficeFlow


def do_job(task_id: int, at: datetime) -> bool:
    """Do one job's work at a time and let its flow go on; False where it was done already. Needs the system's context."""
    task = Task.objects.select_related("process").get(pk=task_id)
    with task.flow_task.flow_class.lock(task.process_id):
        task.refresh_from_db()
        if task.status != STATUS.SCHEDULED:
            return False
        subject = task.process.artifact
        act = Act(None, "system", subject.unit, at, task=f"job/{task.pk}")
        with recording(act):
            task.flow_task.work(act, subject)
            OfficeFlow.resume(task.pk)
    return True
