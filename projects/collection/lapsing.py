"""What time alone decides in step 1: a returned form that did not come back in its days."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from viewflow.workflow.models import Process

from projects.collection.flows import ProposalFlow
from projects.collection.selectors import overdue_completions
from projects.collection.services import lapse
from projects.cycles.models import Cycle
from workflow.audit.services import Act
from workflow.flows.acting import acting
from workflow.flows.services import cancel_flow
from workflow.people.isolation import SYSTEM, within

log = logging.getLogger(__name__)


def pool_overdue(at: datetime, *, cycle: Cycle | None = None) -> int:
    """Move every returned form whose days are over into the pool; returns how many (steps.md, step 1: "after that").

    Safe to run as often as one likes. cycle: this year's alone. Each is a transaction of its own; one that fails is
    logged by its number and keeps nobody else's waiting.
    """
    with within(SYSTEM):
        late = overdue_completions(localdate(at))
        late = late.filter(about=cycle.reference) if cycle else late
        processes = list(late.values_list("task__process_id", flat=True))
    return sum(_pool_or_log(pk, at) for pk in processes)


def _pool_or_log(process_id: int, at: datetime) -> int:
    try:
        return _pool(process_id, at)
    except Exception:
        log.exception("process:%s: the returned form was not pooled", process_id)
        return 0


def _pool(process_id: int, at: datetime) -> int:
    """Asked again under the lock: the form may have come back meanwhile."""
    with within(SYSTEM), ProposalFlow.lock(process_id):
        if not overdue_completions(localdate(at)).filter(task__process_id=process_id).exists():
            return 0
        process = Process.objects.get(pk=process_id)
        proposal = process.artifact
        act = Act(None, "system", proposal.unit, at, task="collection.sweep")
        with acting(act):
            lapse(act, proposal)
            cancel_flow(process, act, reason=_("期满未补正，已转入项目库"))
    return 1
