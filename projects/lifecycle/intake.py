"""Founding a year: its record and the task that follows it, in one transaction."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from projects.cycles.models import Cycle
from projects.cycles.services import create_cycle
from projects.lifecycle.flows import YearFlow
from workflow.audit.services import Act
from workflow.flows.acting import recording


def start_year(act: Act, **plan: Any) -> Cycle:
    """Create a cycle from its planned days and put the year's first task before the chair.

    plan: year, opens_on, planned_t, planned_t2 and optionally period, as `create_cycle` takes them.
    """
    with transaction.atomic(), recording(act):
        cycle = create_cycle(act, **plan)
        YearFlow.begin(cycle)
    return cycle
