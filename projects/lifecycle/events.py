"""Founding a year: the chair's act on the township itself."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.cycles.selectors import plan_of
from projects.lifecycle.forms import StartYearForm
from projects.lifecycle.services import start_year
from workflow.audit.services import Act
from workflow.flows.events import Event, at_home, register_event
from workflow.flows.services import Outcome
from workflow.people.models import Unit


def _start(act: Act, unit: Unit, **plan: Any) -> Outcome:
    cycle = start_year(act, **plan)
    return Outcome(after={"cycle": cycle.reference} | plan_of(cycle, act.on).for_trail())


START_YEAR = register_event(
    Event(
        key="lifecycle.start_year",
        title=_("启动新的年度"),
        offices=("chair",),
        subject=Unit,
        form=StartYearForm,
        act=_start,
        step=1,
        offered=at_home,
        basis=_("年度工作由人大主席启动，先填拟定会期"),
        output=_("年度工作"),
    )
)
