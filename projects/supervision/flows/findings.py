"""Visits, and one problem until it is closed (销号)."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.cycles.due import anchors_of
from projects.cycles.flows import YearlyFlow
from projects.cycles.models import Cycle
from projects.supervision import inspecting, selectors
from projects.supervision.flows.seats import department_of, group_of, subject_of
from projects.supervision.forms import findings as forms
from projects.supervision.models import GOING_ON, Finding, FindingState, Project
from workflow.calendar.offsets import DueDate, Offset, resolve
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.nodes import Gate, OfficeEnd, OfficeView
from workflow.flows.processes import processes
from workflow.people.models import Unit, User
from workflow.roles.selectors import holders_of

INSPECTION_MONTHS = {"monthly": 1, "quarterly": 3, "half_year": 6}


def _begin_findings(activation: Any) -> None:
    begin_finding_flows(subject_of(activation))


def begin_finding_flows(project: Project) -> None:
    """One flow per finding that has none yet, re-checked by the office that raised it."""
    for finding in project.findings.filter(state=FindingState.OPEN):
        flow = RECHECKED_BY[finding.raised_as]
        if not processes(flow, finding).exists():
            flow.begin(finding)


def _still_going(activation: Any) -> bool:
    """Also between the report of completion and its acceptance, which the group may refuse."""
    return subject_of(activation).state in GOING_ON


class InspectFlow(YearlyFlow):
    """代表监督小组按期视察"""

    room, step = "supervision", 5
    process_title = _("代表视察")

    start = Begin().Next(this.inspect)
    inspect = OfficeView(
        office="inspector",
        seat=group_of,
        title=_("代表视察"),
        form=forms.InspectForm,
        act=inspecting.inspect_by_task,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("《地方组织法》第十九条：闭会期间组织代表视察；视察的周期按本年度规则"),
        output=_("视察记录、问题清单"),
        stays=_("视察发现的问题随即交责任单位整改；记录有误的，在复查时写明并销号。"),
    ).Next(this.raise_findings)
    raise_findings = nodes.Function(_begin_findings).Next(this.again)
    again = Gate(_still_going).Then(this.inspect).Else(this.end)
    end = OfficeEnd()

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """A period of the rulebook after the last visit."""
        cycle: Cycle = subject.cycle
        months = INSPECTION_MONTHS[cycle.rules.inspection_period]
        return resolve(Offset("after", months, "month"), anchors_of(cycle, opened_on))


def _finding_department(finding: Finding, item: dict[str, Any]) -> Unit:
    return department_of(finding.project, item)


def _finding_group(finding: Finding, item: dict[str, Any]) -> Unit:
    return group_of(finding.project, item)


def _raiser(office: str, seat: Any) -> Any:
    """Whoever raised it re-checks, as long as the person holds the office; afterwards any holder may.

    What an expert or third party raised is re-checked by the deputies of the group.
    """

    def to(finding: Finding, item: dict[str, Any]) -> User | None:
        on = current_act().on
        still = finding.raised_as == office and finding.raised_by in holders_of(
            office, seat(finding, item), on
        )
        return finding.raised_by if still else None

    return to


def _recheck(office: str, seat: Any) -> OfficeView:
    return (
        OfficeView(
            office=office,
            seat=seat,
            to=_raiser(office, seat),
            title=_("复查整改"),
            form=forms.RecheckForm,
            act=inspecting.recheck,
            on_return=inspecting.send_finding_back,
            context=selectors.finding_facts,
            page="steps/supervision/finding.html",
            basis=_("谁提出、谁复查；未整改到位的退回并计次"),
            output=_("复查意见"),
            stays=_("复查即销号或者退回整改；销号后又发现问题的，在视察中重新提出。"),
        )
        .Returns(this.rectify)
        .Next(this.end)
    )


def _township(finding: Finding, item: dict[str, Any]) -> Unit:
    return finding.unit


class FindingSteps:
    """What the three flows of a finding share; not a flow itself, for a flow binds its nodes to itself at once."""

    room: ClassVar[str] = "supervision"
    step: ClassVar[int | None] = 5

    start = Begin().Next(this.plan_rectify)
    plan_rectify = OfficeView(
        office="department",
        seat=_finding_department,
        title=_("制定整改方案"),
        form=forms.RectificationPlanForm,
        act=inspecting.plan_rectification,
        context=selectors.finding_facts,
        page="steps/supervision/finding.html",
        basis=_("问题整改须明确措施、责任人和期限"),
        output=_("整改方案"),
        undo=inspecting.undo_planning,
    ).Next(this.rectify)
    rectify = OfficeView(
        office="department",
        seat=_finding_department,
        title=_("整改问题"),
        form=forms.RectifyForm,
        act=inspecting.rectify,
        context=selectors.finding_facts,
        page="steps/supervision/finding.html",
        basis=_("视察、审计发现的问题限期整改，提出人复查销号"),
        output=_("整改情况和佐证"),
        undo=inspecting.undo_rectifying,
    ).Next(this.recheck)
    end = OfficeEnd()


class PlannedFlow(YearlyFlow):
    """A finding's own terms; it begins nothing itself."""

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """The day the plan names, the first time; a finding sent back has the rulebook's term anew."""
        if node.name == "rectify" and subject.fix_by and not subject.tries:
            return DueDate(max(subject.fix_by, opened_on))
        return super().due(node, subject, opened_on)


class FindingFlow(FindingSteps, PlannedFlow):
    """监督小组提出的问题"""

    process_title = _("问题整改")
    recheck = _recheck("inspector", _finding_group)


class SeniorFindingFlow(FindingSteps, PlannedFlow):
    """上级人大代表提出的问题"""

    process_title = _("问题整改（上级代表）")
    recheck = _recheck("senior_deputy", _township)


class AuditFindingFlow(FindingSteps, PlannedFlow):
    """审计发现的问题"""

    process_title = _("问题整改（审计）")
    recheck = _recheck("finance", _township)


RECHECKED_BY: dict[str, type[YearlyFlow]] = {
    "inspector": FindingFlow,
    "expert": FindingFlow,
    "senior_deputy": SeniorFindingFlow,
    "finance": AuditFindingFlow,
}
