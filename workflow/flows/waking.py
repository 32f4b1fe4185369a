"""Waking a worker: the message only wakes, what there is to do stands in the database."""

from __future__ import annotations

import logging
from typing import Any

from celery import signature
from kombu.exceptions import OperationalError as BrokerAway

# The door in `tasks`, by the name messages carry: a node that waits knows no worker.
RUN_JOB = "workflow.flows.tasks.run_job"

log = logging.getLogger(__name__)


def send(task: Any, *args: int) -> bool:
    """Wake a worker; a broker that is away costs a minute, never a request."""
    try:
        task.apply_async(args=args, retry=False)
    except (BrokerAway, OSError) as error:
        log.warning("broker away, left to the sweep: %s", error)
        return False
    return True


def wake_for_job(task_id: int) -> bool:
    """Have a worker do a job node's work."""
    return send(signature(RUN_JOB), task_id)
