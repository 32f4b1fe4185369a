"""The sweep that begins the fourth quarter's hearing of residents and groups beside supervision."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils.timezone import localdate

from projects.cycles.models import Cycle
from projects.evaluation.flows import HearingFlow, ask_about_all
from projects.evaluation.hearing import UNDER_WAY, is_due
from workflow.audit.services import Act, write_down
from workflow.flows.acting import acting
from workflow.flows.processes import processes
from workflow.people.isolation import SYSTEM, within

log = logging.getLogger(__name__)


def open_due_hearings(at: datetime, *, cycle: Cycle | None = None) -> int:
    """Begin the residents' round and the reviews of every year whose quarter has come; returns how many years began.

    Safe to run as often as one likes. cycle: this year only. Each year is a transaction of its own; one that fails is
    logged by its number and keeps nobody else's waiting.
    """
    with within(SYSTEM):
        years = Cycle.objects.filter(state__in=UNDER_WAY).order_by("pk")
        ids = list((years.filter(pk=cycle.pk) if cycle else years).values_list("pk", flat=True))
    return sum(_open_or_log(pk, at) for pk in ids)


def _open_or_log(cycle_id: int, at: datetime) -> bool:
    try:
        return _open_for(cycle_id, at)
    except Exception:
        log.exception("cycle:%s was not asked about", cycle_id)
        return False


def _open_for(cycle_id: int, at: datetime) -> bool:
    with within(SYSTEM):
        cycle = Cycle.objects.select_for_update(of=("self",)).select_related("unit").get(pk=cycle_id)
        if not is_due(cycle, localdate(at)):
            return False
        begins = not processes(HearingFlow, cycle).exists()
        act = Act(None, "system", cycle.unit, at, task="evaluation.sweep")
        with acting(act):
            if ask_about_all(act, cycle):
                # Nobody's step leads to it: it is written down here.
                reference = cycle.reference
                write_down(act, "evaluation.ask", reference, about=reference, step=6, label=str(cycle))
    return begins
