"""One project, from its implementation plan to its acceptance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.collection.forms import DecisionForm
from projects.supervision import building, selectors
from projects.supervision.flows.findings import InspectFlow
from projects.supervision.flows.money import ContractFlow, begin_contract, begin_settlement
from projects.supervision.flows.progress import ProgressFlow, RedLightFlow
from projects.supervision.flows.seats import department_of, group_of, subject_of
from projects.supervision.forms import projects as forms
from projects.supervision.models import Project
from projects.voting.flows import SinceVoteFlow
from workflow.audit.services import Act
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.nodes import MeetingView, OfficeEnd, OfficeView
from workflow.flows.processes import call_off
from workflow.flows.taking_back import nothing_to_undo

Settled = Callable[[Act, Project], None]
_when_settled: list[Settled] = []


def on_settled(listener: Settled) -> None:
    """Have `listener` called inside the act that accepts or stops a project; the room after this one files it."""
    if listener not in _when_settled:
        _when_settled.append(listener)


def settled(act: Act, project: Project) -> None:
    for listener in _when_settled:
        listener(act, project)


def end_of_work(project: Project, act: Act, *, reason: str, keep: tuple[type, ...] = ()) -> None:
    """Call off what a finished or stopped project leaves open."""
    for flow in (ProjectFlow, ProgressFlow, InspectFlow, RedLightFlow, ContractFlow):
        if flow not in keep:
            call_off(flow, project, act, reason=reason)


def _after_finishing(activation: Any) -> None:
    call_off(ProgressFlow, subject_of(activation), current_act(), reason=str(_("项目已报完工")))
    call_off(RedLightFlow, subject_of(activation), current_act(), reason=str(_("项目已报完工")))


def _after_accepting(activation: Any) -> None:
    reason = str(_("项目已通过验收"))
    end_of_work(subject_of(activation), current_act(), reason=reason, keep=(ProjectFlow,))
    begin_settlement(subject_of(activation))
    settled(current_act(), subject_of(activation))


class ProjectFlow(SinceVoteFlow):
    """一个项目从实施计划到验收"""

    room, step = "supervision", 5
    process_title = _("项目实施")

    start = Begin().Next(this.plan)
    plan = OfficeView(
        office="department",
        seat=department_of,
        title=_("编制实施计划"),
        form=forms.PlanForm,
        act=building.draw_up_plan,
        obstacles=building.obstacles_to_plan,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("《陕西省民生实事项目人大代表票决制规定》第十七条：责任部门、目标、时限、资金安排、保障措施"),
        output=_("项目建设计划书"),
        undo=building.undo_plan,
    ).Next(this.confirm_plan)
    confirm_plan = (
        OfficeView(
            office="mayor",
            title=_("确认实施计划"),
            act=building.confirm_plan,
            obstacles=building.obstacles_to_plan,
            context=selectors.project_file,
            page="steps/supervision/project.html",
            basis=_("实施计划经乡镇长确认后报主席团"),
            undo=nothing_to_undo,
        )
        .Returns(this.plan)
        .Next(this.review_plan)
    )
    review_plan = (
        MeetingView(
            office="presidium",
            title=_("主席团审查实施计划"),
            form=DecisionForm,
            act=building.review_plan,
            obstacles=building.obstacles_to_plan,
            context=selectors.project_file,
            page="steps/supervision/project.html",
            irreversible=True,
            basis=_("《陕西省民生实事项目人大代表票决制规定》第十七条：实施计划应当公布"),
            output=_("公布的实施计划"),
        )
        .Returns(this.plan)
        .Next(this.begin_contract)
    )
    begin_contract = nodes.Function(lambda activation: begin_contract(subject_of(activation))).Next(
        this.accept
    )
    accept = OfficeView(
        office="department",
        seat=department_of,
        title=_("申请完工验收"),
        form=forms.AcceptanceForm,
        act=building.apply_for_acceptance,
        obstacles=building.obstacles_to_accepting,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("问题全部销号后申请验收"),
        output=_("验收材料"),
        stays=_("报完工后进度报告和红灯督办随即终止；尚未完工的，由代表监督小组退回。"),
    ).Next(this.finished)
    finished = nodes.Function(_after_finishing).Next(this.agree_acceptance)
    agree_acceptance = (
        OfficeView(
            office="inspector",
            seat=group_of,
            title=_("代表监督小组确认验收"),
            form=forms.AgreeForm,
            act=building.accept,
            obstacles=building.obstacles_to_agreeing,
            on_return=building.refuse_acceptance,
            context=selectors.project_file,
            page="steps/supervision/project.html",
            irreversible=True,
            basis=_("验收须经代表监督小组同意"),
            output=_("验收意见"),
        )
        .Returns(this.accept)
        .Next(this.accepted)
    )
    accepted = nodes.Function(_after_accepting).Next(this.end)
    end = OfficeEnd()
