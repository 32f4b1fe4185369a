"""Founding a year: the chair's act on the township itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.cycles.models import BEFORE_THE_VOTE, Cycle
from projects.cycles.selectors import plan_of
from projects.lifecycle.ending import end_year
from projects.lifecycle.forms import EndYearForm, StartYearForm
from projects.lifecycle.intake import start_year
from projects.lifecycle.selectors import obstacles_to_ending
from workflow.audit.services import Act
from workflow.flows.events import Event, at_home, register_event
from workflow.flows.services import Outcome
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant


def _start(act: Act, unit: Unit, **plan: Any) -> Outcome:
    cycle = start_year(act, **plan)
    return Outcome(after={"cycle": cycle.reference} | plan_of(cycle, act.on).for_trail())


def _in_being(unit: Unit, grant: RoleGrant) -> bool:
    return at_home(unit, grant) and unit.ends_on is None


def _ended(unit: Unit, at: datetime) -> list[Any]:
    return [_("本单位已经撤销，不再启动新的年度。")] if unit.ends_on else []


def _before_its_vote(cycle: Cycle, grant: RoleGrant) -> bool:
    return cycle.state in BEFORE_THE_VOTE


START_YEAR = register_event(
    Event(
        key="lifecycle.start_year",
        title=_("启动新的年度"),
        then=_("由人大主席拟订年度实施方案，报同级党委研究。"),
        offices=("chair",),
        subject=Unit,
        form=StartYearForm,
        act=_start,
        step=1,
        when=_ended,
        offered=_in_being,
        basis=_("年度工作由人大主席启动，先填拟定会期"),
        output=_("年度工作"),
    )
)
END_YEAR = register_event(
    Event(
        key="lifecycle.end_year",
        title=_("终止年度工作"),
        then=_("没有后续事项。未办事项全部结束，提出人逐一得到通知。"),
        offices=("presidium", "clerk"),
        subject=Cycle,
        form=EndYearForm,
        act=end_year,
        step=3,
        when=obstacles_to_ending,
        offered=_before_its_vote,
        basis=_(
            "本地规定：因行政区划变更等不能进入票决的，由主席团决定；主席团在闭会期间的工作向大会报告（《地方组织法》第十九条）"
        ),
        output=_("主席团会议纪要"),
        hint=_(
            "未办事项全部结束，意见建议转入项目库、候选项目转入储备库，提出人逐一得到通知；终止后不能恢复。"
        ),
        body="presidium",
        irreversible=True,
    )
)
