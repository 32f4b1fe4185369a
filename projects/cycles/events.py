"""What is done of an office's own accord about a township as a whole (its rules, its change of term) or a year's days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.cycles import forms, moving, terms
from projects.cycles.models import OVER, Cycle
from projects.cycles.selectors import open_session
from projects.cycles.services import revise_rules
from workflow.flows.events import Event, at_home, register_event
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant


def _not_closed(cycle: Cycle, grant: RoleGrant) -> bool:
    return cycle.state not in OVER


def _needs_session(unit: Unit, at: datetime) -> list[Any]:
    return [] if open_session(unit) else [_("选举结果在会议期间登记，现在没有正在举行的会议。")]


def _before_session(unit: Unit, at: datetime) -> list[Any]:
    return [_("会议正在举行，代表资格审查在会前登记。")] if open_session(unit) else []


REVISE_RULES = register_event(
    Event(
        key="cycles.revise_rules",
        title=_("修订规则"),
        then=_("没有后续事项。新版规则对施行后启动的年度适用。"),
        offices=("chair",),
        subject=Unit,
        form=forms.RuleForm,
        act=revise_rules,
        step=1,
        offered=at_home,
        basis=_("规则由人大主席提请修订，施行后启动的年度适用"),
        output=_("新版规则"),
    )
)
REVIEW_CREDENTIALS = register_event(
    Event(
        key="cycles.review_credentials",
        title=_("换届：登记代表资格审查情况"),
        then=_("没有转出的事项。新一届首次会议开始时，上届选举产生的职务终止，当选代表到任。"),
        offices=("clerk",),
        subject=Unit,
        form=forms.CredentialsForm,
        act=terms.review_credentials,
        step=3,
        when=_before_session,
        offered=at_home,
        basis=_("《地方组织法》第九条、第三十七条：每届任期五年；代表资格经代表资格审查委员会审查"),
        output=_("代表资格审查报告"),
        hint=_(
            "新一届首次会议开始时，上届选举产生的职务全部终止，当选代表到任；首次会议由上次会议主席团召集。"
        ),
        irreversible=True,
    )
)
RECORD_ELECTION = register_event(
    Event(
        key="cycles.record_election",
        title=_("登记大会选举结果"),
        then=_("没有后续事项。当选人员的职务已经登记。"),
        offices=("clerk",),
        subject=Unit,
        form=forms.ElectionForm,
        act=terms.record_election,
        step=3,
        when=_needs_session,
        offered=at_home,
        basis=_("《地方组织法》第十八条、第十九条：主席、副主席和主席团由大会选举"),
        output=_("选举结果"),
        irreversible=True,
    )
)
MOVE_PLANNED = register_event(
    Event(
        key="cycles.move_session",
        title=_("调整拟定会期"),
        then=_("没有转出的事项。随会期变动的期限已经重新计算，有关人员收到消息。"),
        offices=("chair",),
        subject=Cycle,
        form=forms.MoveForm,
        act=moving.move,
        step=1,
        when=moving.obstacles_to_moving,
        offered=_not_closed,
        basis=_(
            "《地方组织法》第十四条：会议召开的日期由主席团决定并公布；公布以前，人大主席可以调整拟定会期"
        ),
        output=_("调整后的拟定会期"),
        hint=_("以会期推算的期限随之变动，核对页上逐项列出。"),
    )
)
