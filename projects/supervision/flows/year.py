"""The year's own steps: handing over, groups, the special report and what was asked about it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.collection.forms import DecisionForm
from projects.cycles.flows import YearlyFlow
from projects.cycles.models import Cycle, CycleState, Term
from projects.cycles.selectors import cycles_of, paper_of
from projects.cycles.terms import on_new_term
from projects.supervision import reporting, selectors, services
from projects.supervision.flows.findings import InspectFlow
from projects.supervision.flows.projects import ProjectFlow
from projects.supervision.flows.seats import asked_unit, subject_of, to_a_department
from projects.supervision.forms import year as forms
from projects.supervision.models import GOING_ON, InquiryState, ProjectState
from projects.voting.flows import SinceVoteFlow, on_elected_later
from workflow.audit.services import Act
from workflow.flows.acting import current_act, recording
from workflow.flows.base import Begin, OfficeFlow
from workflow.flows.nodes import Gate, MeetingView, OfficeEnd, OfficeView
from workflow.flows.processes import processes


def _found(activation: Any) -> None:
    services.found_projects(current_act(), subject_of(activation))


def _begin_projects(activation: Any) -> None:
    for project in selectors.projects_of(subject_of(activation)).filter(state=ProjectState.ASSIGNED):
        if not processes(ProjectFlow, project).exists():
            ProjectFlow.begin(project)


def _begin_inspections(activation: Any) -> None:
    for project in selectors.projects_of(subject_of(activation)).exclude(group=None):
        if project.state in GOING_ON and not processes(InspectFlow, project).exists():
            InspectFlow.begin(project)


def _begin_inquiries(activation: Any) -> None:
    for inquiry in subject_of(activation).inquiries.filter(state=InquiryState.ASKED).order_by("pk"):
        if not processes(InquiryFlow, inquiry).exists():
            InquiryFlow.begin(inquiry)


class FoundingSteps:
    """From the list elected to its supervision groups; not a flow itself, for a flow binds its nodes to itself at once."""

    room: ClassVar[str] = "supervision"
    step: ClassVar[int | None] = 5

    start = Begin().Next(this.found)
    found = nodes.Function(_found).Next(this.hand_over)
    hand_over = MeetingView(
        office="presidium",
        title=_("交办入选项目"),
        form=forms.HandOverForm,
        act=services.hand_over,
        context=selectors.year_overview,
        page="steps/supervision/projects.html",
        basis=_("票决后召开交办会，逐项明确责任单位、责任领导"),
        output=_("交办单"),
        irreversible=True,
    ).Next(this.begin_projects)
    begin_projects = nodes.Function(_begin_projects).Next(this.groups)
    groups = MeetingView(
        office="presidium",
        title=_("组建代表监督小组"),
        form=forms.GroupsForm,
        act=services.form_groups,
        context=selectors.year_overview,
        page="steps/supervision/projects.html",
        basis=_("《地方组织法》第十九条、第四十三条；每个项目一个监督小组"),
        output=_("主席团会议纪要、监督小组名单"),
    ).Next(this.begin_inspections)
    end = OfficeEnd()


class MoreProjectsFlow(FoundingSteps, SinceVoteFlow):
    """另行票决入选项目的交办和监督小组"""

    process_title = _("交办另行票决入选的项目")
    begin_inspections = nodes.Function(_begin_inspections).Next(this.end)


def _more_projects(act: Act, cycle: Cycle) -> None:
    """What was elected at a later session; where the year's list is still to be handed over, it goes with that."""
    if paper_of(cycle, "assignment") is None:
        services.found_projects(act, cycle)


def _handed_over_later(cycle: Cycle) -> list[type[OfficeFlow]]:
    """Where that list is handed over already, what was elected since is handed over by itself."""
    waits = paper_of(cycle, "assignment") is not None and selectors.elected_unfounded(cycle)
    return [MoreProjectsFlow] if waits else []


on_elected_later(_more_projects, begins=_handed_over_later)


class SupervisionFlow(FoundingSteps, YearlyFlow):
    """监督"""

    process_title = _("监督")
    begin_inspections = nodes.Function(_begin_inspections).Next(this.give_report)
    give_report = OfficeView(
        office="mayor",
        title=_("提交专项工作报告"),
        form=forms.ReportForm,
        act=reporting.give_report,
        context=selectors.year_overview,
        page="steps/supervision/special_report.html",
        basis=_("《地方组织法》第十九条：乡镇人民政府向主席团作专项工作报告"),
        output=_("专项工作报告"),
        undo=reporting.undo_report,
    ).Next(this.special_report)
    special_report = (
        MeetingView(
            office="presidium",
            title=_("听取专项工作报告"),
            form=forms.HearReportForm,
            act=reporting.hear_report,
            context=selectors.year_overview,
            page="steps/supervision/special_report.html",
            basis=_("《地方组织法》第十九条：闭会期间主席团组织听取和讨论专项工作报告"),
            output=_("主席团会议纪要、书面询问"),
        )
        .Returns(this.give_report)
        .Next(this.begin_inquiries)
    )
    begin_inquiries = nodes.Function(_begin_inquiries).Next(this.end)


def _written_answer(office: str, **more: Any) -> OfficeView:
    return OfficeView(
        office=office,
        form=forms.WrittenAnswerForm,
        act=reporting.answer_inquiry,
        context=selectors.inquiry_facts,
        page="steps/supervision/inquiry.html",
        basis=_("《地方组织法》第十九条：主席团听取专项工作报告时提出的询问，由被询问单位书面答复"),
        output=_("书面答复"),
        undo=reporting.undo_answer,
        **more,
    ).Next(this.accept_answer)


class InquiryFlow(YearlyFlow):
    """一件书面询问"""

    room, step = "supervision", 5
    process_title = _("书面询问")

    start = Begin().Next(this.whom)
    whom = Gate(to_a_department).Then(this.department_answer).Else(this.mayor_answer)
    department_answer = _written_answer("department", seat=asked_unit, title=_("责任单位书面答复询问"))
    mayor_answer = _written_answer("mayor", title=_("乡镇长书面答复询问"))
    accept_answer = (
        MeetingView(
            office="presidium",
            title=_("审议书面答复"),
            form=DecisionForm,
            act=reporting.accept_answer,
            context=selectors.inquiry_facts,
            page="steps/supervision/inquiry.html",
            basis=_("书面答复经主席团审议，不满意的退回重新答复并计次"),
            output=_("主席团会议纪要"),
        )
        .Returns(this.department_answer, this.mayor_answer)
        .Next(this.end)
    )
    end = OfficeEnd()


class RegroupFlow(YearlyFlow):
    """换届后重新组建代表监督小组"""

    room, step = "supervision", 5
    process_title = _("重新组建代表监督小组")

    start = Begin().Next(this.regroup)
    regroup = MeetingView(
        office="presidium",
        title=_("换届后重新组建代表监督小组"),
        form=forms.RegroupForm,
        act=services.renew_groups,
        context=selectors.year_overview,
        page="steps/supervision/projects.html",
        basis=_("监督小组随上届任期终止，由新一届主席团重新组建（《地方组织法》第十九条、第四十三条）"),
        output=_("主席团会议纪要、监督小组名单"),
    ).Next(this.end)
    end = OfficeEnd()


def _regroup(act: Act, term: Term) -> None:
    """The groups of the old term have ended with it; every year they still watch over needs new ones."""
    with recording(act):
        for cycle in cycles_of(term.unit).exclude(state=CycleState.PREPARING):
            if selectors.unwatched(cycle, act.on).exists():
                RegroupFlow.begin(cycle)


on_new_term(_regroup)
