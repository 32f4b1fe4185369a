"""Celery's doors into the flows: ids in, one call, safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from workflow.flows import drafts, holding
from workflow.flows.jobs import do_job
from workflow.flows.settling import settle_due
from workflow.flows.waking import RUN_JOB, wake_for_job
from workflow.people.isolation import SYSTEM, within


@shared_task(name=RUN_JOB, acks_late=True)
def run_job(task_id: int) -> bool:
    """Do one job node's work now and let its flow go on; False when it was done already."""
    with within(SYSTEM):
        return do_job(task_id, timezone.now())


@shared_task
def sweep_jobs() -> int:
    """Send again every job whose message was lost; truth is in the task's row, the broker only wakes."""
    with within(SYSTEM):
        waiting = list(
            Task.objects.filter(flow_task_type="JOB", status=STATUS.SCHEDULED).values_list("pk", flat=True)[
                :500
            ]
        )
    for task_id in waiting:
        wake_for_job(task_id)
    return len(waiting)


@shared_task
def sweep_provisional() -> int:
    """Settle the days that were provisional until now; running it again finds none left."""
    return settle_due(timezone.now())


@shared_task
def sweep_pending() -> int:
    """Throw away uploads nobody confirmed in time, and what was typed for acts nobody did."""
    with within(SYSTEM):
        return holding.sweep(timezone.now()) + drafts.sweep(timezone.now())
