"""Whose turn it is in step 5 (steps.md, 5 监督; responsible: 乡镇人大主席团)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from math import ceil
from typing import Any, ClassVar, cast

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes
from viewflow.workflow.models import Process, Task

from projects.ballots.models import VoteState
from projects.cycles.flows import YearlyFlow, anchors_of, due_date
from projects.cycles.models import Cycle, CycleState, Session, Term
from projects.cycles.selectors import cycles_of, paper_of, standard_of
from projects.cycles.terms import on_new_term, on_session_begun
from projects.supervision import (
    asking,
    building,
    changing,
    forms,
    inspecting,
    reporting,
    rules,
    selectors,
    services,
    sessions,
)
from projects.supervision.models import (
    GOING_ON,
    Change,
    ChangeGrade,
    ChangeKind,
    ChangeState,
    Finding,
    FindingState,
    Inquiry,
    InquiryState,
    Interpellation,
    Plan,
    Project,
    ProjectState,
)
from projects.voting.flows import SinceVoteFlow, on_elected_later
from workflow.audit.services import Act
from workflow.calendar.offsets import DueDate, Offset, resolve
from workflow.flows.acting import acting, current_act
from workflow.flows.base import Begin
from workflow.flows.nodes import Gate, MeetingView, OfficeEnd, OfficeView
from workflow.flows.processes import call_off, processes, running
from workflow.people.models import Unit, User
from workflow.roles.selectors import holders_of

INSPECTION_MONTHS = {"monthly": 1, "quarterly": 3, "half_year": 6}


def _department(project: Project, item: dict[str, Any]) -> Unit:
    return cast(Unit, project.department)  # named at the hand-over, before any task of a project


def _group(project: Project, item: dict[str, Any]) -> Unit:
    return cast(Unit, project.group)  # founded before its first task


def _subject(activation: Any) -> Any:
    return activation.process.artifact


# The year


def _found(activation: Any) -> None:
    services.found_projects(current_act(), _subject(activation))


def _begin_projects(activation: Any) -> None:
    for project in selectors.projects_of(_subject(activation)).filter(state=ProjectState.ASSIGNED):
        if not processes(ProjectFlow, project).exists():
            ProjectFlow.begin(project)


def _begin_inspections(activation: Any) -> None:
    for project in selectors.projects_of(_subject(activation)).exclude(group=None):
        if project.state in GOING_ON and not processes(InspectFlow, project).exists():
            InspectFlow.begin(project)


def _begin_inquiries(activation: Any) -> None:
    for inquiry in _subject(activation).inquiries.filter(state=InquiryState.ASKED).order_by("pk"):
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
    elif selectors.elected_unfounded(cycle):
        MoreProjectsFlow.begin(cycle)


on_elected_later(_more_projects)


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


def _to_a_department(activation: Any) -> bool:
    return _subject(activation).department_id is not None


def _asked(asked: Inquiry | Interpellation, item: dict[str, Any]) -> Unit:
    return cast(Unit, asked.department)  # the gate sends no other this way


def _written_answer(office: str, **more: Any) -> OfficeView:
    return OfficeView(
        office=office,
        form=forms.WrittenAnswerForm,
        act=reporting.answer_inquiry,
        context=selectors.inquiry_facts,
        page="steps/supervision/inquiry.html",
        basis=_("《地方组织法》第十九条：主席团听取专项工作报告时提出的询问，由被询问单位书面答复"),
        output=_("书面答复"),
        **more,
    ).Next(this.accept_answer)


class InquiryFlow(YearlyFlow):
    """一件书面询问"""

    room, step = "supervision", 5
    process_title = _("书面询问")

    start = Begin().Next(this.whom)
    whom = Gate(_to_a_department).Then(this.department_answer).Else(this.mayor_answer)
    department_answer = _written_answer("department", seat=_asked, title=_("责任单位书面答复询问"))
    mayor_answer = _written_answer("mayor", title=_("乡镇长书面答复询问"))
    accept_answer = (
        MeetingView(
            office="presidium",
            title=_("审议书面答复"),
            form=forms.DecisionForm,
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
    with acting(act):
        for cycle in cycles_of(term.unit).exclude(state=CycleState.PREPARING):
            if selectors.unwatched(cycle, act.on).exists():
                RegroupFlow.begin(cycle)


on_new_term(_regroup)


# One project

Settled = Callable[[Act, Project], None]
_when_settled: list[Settled] = []


def on_settled(listener: Settled) -> None:
    """Have `listener` called inside the act that accepts or stops a project; the room after this one files it."""
    if listener not in _when_settled:
        _when_settled.append(listener)


def _settled(act: Act, project: Project) -> None:
    for listener in _when_settled:
        listener(act, project)


def _end_of_work(project: Project, act: Act, *, reason: str, keep: tuple[type, ...] = ()) -> None:
    """Call off what a finished or stopped project leaves open."""
    for flow in (ProjectFlow, ProgressFlow, InspectFlow, RedLightFlow, ContractFlow):
        if flow not in keep:
            call_off(flow, project, act, reason=reason)


def _after_finishing(activation: Any) -> None:
    call_off(ProgressFlow, _subject(activation), current_act(), reason=str(_("项目已报完工")))
    call_off(RedLightFlow, _subject(activation), current_act(), reason=str(_("项目已报完工")))


def _after_accepting(activation: Any) -> None:
    reason = str(_("项目已通过验收"))
    _end_of_work(_subject(activation), current_act(), reason=reason, keep=(ProjectFlow,))
    _settled(current_act(), _subject(activation))


def _begin_contract(activation: Any) -> None:
    project = _subject(activation)
    plan = Plan.objects.filter(project=project).first()
    if plan and plan.contract_by and not running(ContractFlow, project).exists():
        ContractFlow.begin(project)


class ContractFlow(YearlyFlow):
    """登记实施计划列明的合同"""

    room, step = "supervision", 5
    process_title = _("登记合同")

    start = Begin().Next(this.contract)
    contract = OfficeView(
        office="department",
        seat=_department,
        title=_("登记合同"),
        form=forms.PlannedContractForm,
        act=building.register_contract,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("项目资金公开、可查；合计不得超出票决确定的总投资"),
        output=_("合同"),
    ).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """From the day the plan has the contract signed, or from its publication where that is later."""
        signed = max(subject.plan.contract_by or opened_on, opened_on)
        return due_date(subject.cycle, node.key, signed)


class ProjectFlow(SinceVoteFlow):
    """一个项目从实施计划到验收"""

    room, step = "supervision", 5
    process_title = _("项目实施")

    start = Begin().Next(this.plan)
    plan = OfficeView(
        office="department",
        seat=_department,
        title=_("编制实施计划"),
        form=forms.PlanForm,
        act=building.draw_up_plan,
        obstacles=building.obstacles_to_plan,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("《陕西省民生实事项目人大代表票决制规定》第十七条：责任部门、目标、时限、资金安排、保障措施"),
        output=_("项目建设计划书"),
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
        )
        .Returns(this.plan)
        .Next(this.review_plan)
    )
    review_plan = (
        MeetingView(
            office="presidium",
            title=_("主席团审查实施计划"),
            form=forms.DecisionForm,
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
    begin_contract = nodes.Function(_begin_contract).Next(this.accept)
    accept = OfficeView(
        office="department",
        seat=_department,
        title=_("申请完工验收"),
        form=forms.AcceptanceForm,
        act=building.apply_for_acceptance,
        obstacles=building.obstacles_to_accepting,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("问题全部销号后申请验收"),
        output=_("验收材料"),
    ).Next(this.finished)
    finished = nodes.Function(_after_finishing).Next(this.agree_acceptance)
    agree_acceptance = (
        OfficeView(
            office="inspector",
            seat=_group,
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


# Progress


def _is_red(activation: Any) -> bool:
    return _subject(activation).light == rules.RED


def begin_red_light(project: Project) -> None:
    """A red light is a 督办 task, one at a time."""
    if not running(RedLightFlow, project).exists():
        RedLightFlow.begin(project)


class ProgressFlow(YearlyFlow):
    """一期进度报告"""

    room, step = "supervision", 5
    process_title = _("进度报告")

    start = Begin().Next(this.progress, task_data=lambda activation: activation.task.data)
    progress = OfficeView(
        office="department",
        seat=_department,
        title=_("报告进度"),
        form=forms.ProgressForm,
        act=building.report_progress,
        context=selectors.project_file,
        page="steps/supervision/progress.html",
        basis=_("每月报告形象进度、完成投资、资金到位；小项目每季度报告"),
        output=_("进度报告"),
    ).Next(this.lit)
    lit = Gate(_is_red).Then(this.alarm).Else(this.end)
    alarm = nodes.Function(lambda activation: begin_red_light(_subject(activation))).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def begin(cls, subject: Any, *, parent: Task | None = None, period: str = "") -> Process:
        """Ask for the report on one period ("2027-03", "2027-Q1")."""
        rules.period_named(period)
        start = cls.instance.node("start")
        activation = start.activation_class.create(start, None, None, data={"period": period})
        activation.process.artifact = subject
        activation.process.parent_task = parent
        activation.process.data = {"period": period, "unit": subject.unit_id}
        activation.execute()
        return activation.process


class RedLightFlow(YearlyFlow):
    """红灯督办"""

    room, step = "supervision", 5
    process_title = _("红灯督办")

    start = Begin().Next(this.red_light)
    red_light = OfficeView(
        office="mayor",
        title=_("办理红灯督办"),
        form=forms.RedLightForm,
        act=building.answer_red_light,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("亮红灯即督办：写明措施、责任人和期限"),
        output=_("督办办理情况"),
    ).Next(this.end)
    end = OfficeEnd()


# Inspections and findings


def _begin_findings(activation: Any) -> None:
    begin_finding_flows(_subject(activation))


def begin_finding_flows(project: Project) -> None:
    """One flow per finding that has none yet, re-checked by the office that raised it."""
    for finding in project.findings.filter(state=FindingState.OPEN):
        flow = RECHECKED_BY[finding.raised_as]
        if not processes(flow, finding).exists():
            flow.begin(finding)


def _still_going(activation: Any) -> bool:
    """Also between the report of completion and its acceptance, which the group may refuse."""
    return _subject(activation).state in GOING_ON


class InspectFlow(YearlyFlow):
    """代表监督小组按期视察"""

    room, step = "supervision", 5
    process_title = _("代表视察")

    start = Begin().Next(this.inspect)
    inspect = OfficeView(
        office="inspector",
        seat=_group,
        title=_("代表视察"),
        form=forms.InspectForm,
        act=inspecting.inspect_by_task,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("《地方组织法》第十九条：闭会期间组织代表视察；每季度至少一次"),
        output=_("视察记录、问题清单"),
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
    return _department(finding.project, item)


def _finding_group(finding: Finding, item: dict[str, Any]) -> Unit:
    return _group(finding.project, item)


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


# Changes


def _agreed(activation: Any) -> bool:
    return _subject(activation).state == ChangeState.AGREED


def _follow_change(activation: Any) -> None:
    follow_change(_subject(activation), current_act())


def follow_change(change: Any, act: Act) -> None:
    """What an effected change does to the work under way: reports cease, flows end, a replacement begins."""
    project = Project.objects.select_related("cycle", "unit", "department").get(pk=change.project_id)
    reason = change.get_what_display()
    if project.state == ProjectState.SUSPENDED:
        call_off(ProgressFlow, project, act, reason=reason)
    if project.state == ProjectState.STOPPED:
        _end_of_work(project, act, reason=reason)
        _end_findings(project, act, reason=reason)
        _settled(act, project)
    if change.what == ChangeKind.REPLACE:
        new = changing.found_replacement(act, change)
        ProjectFlow.begin(new)
        if new.group_id:
            InspectFlow.begin(new)


def _end_findings(project: Project, act: Act, *, reason: str) -> None:
    for finding in selectors.open_findings(project):
        call_off(RECHECKED_BY[finding.raised_as], finding, act, reason=reason)


class ChangeSteps:
    """What a change decided by either body goes through; not a flow itself, for a flow binds its nodes to itself at once."""

    room: ClassVar[str] = "supervision"
    step: ClassVar[int | None] = 5

    decided = Gate(_agreed).Then(this.announce_change).Else(this.end)
    announce_change = OfficeView(
        office="clerk",
        title=_("公告项目调整"),
        form=forms.NoticeForm,
        act=changing.put_into_effect,
        context=selectors.change_facts,
        page="steps/supervision/change.html",
        basis=_("《陕西省民生实事项目人大代表票决制规定》第十八条：调整须经决定并公布"),
        output=_("项目调整公告"),
        irreversible=True,
    ).Next(this.follow)
    end = OfficeEnd()


def _put_to_vote(activation: Any) -> bool:
    return changing.is_put_to_vote(_subject(activation))


class ChangeFlow(ChangeSteps, YearlyFlow):
    """代表大会决定的项目调整: by secret ballot, at a session that is open"""

    process_title = _("项目调整（代表大会决定）")
    desk = changing.DESK

    # A vote ordered anew and a recount begin this flow where the vote stands.
    start = Begin().Next(this.put)
    put = Gate(_put_to_vote).Then(this.at_desk).Else(this.decide_change)
    decide_change = OfficeView(
        office="clerk",
        title=_("提请大会表决项目调整"),
        act=changing.put_to_vote,
        obstacles=changing.obstacles_to_congress,
        context=selectors.change_facts,
        page="steps/supervision/change.html",
        basis=_(
            "《陕西省民生实事项目人大代表票决制规定》第十八条；《地方组织法》第二十五条：全体代表的过半数通过"
        ),
        output=_("表决票"),
        irreversible=True,
    ).Next(this.change_attendance)
    at_desk = Gate(desk.is_in(VoteState.OPEN)).Then(this.change_close).Else(this.change_attendance)
    change_attendance = desk.attendance().Next(this.change_open)
    change_open = desk.opening_step().Returns(this.change_attendance).Next(this.change_open_confirm)
    change_open_confirm = desk.confirming_opening().Returns(this.change_open).Next(this.change_close)
    change_close = desk.closing_step().Next(this.change_close_confirm)
    change_close_confirm = desk.confirming_closing().Returns(this.change_close).Next(this.closed)
    closed = Gate(desk.is_in(VoteState.CLOSED)).Then(this.key).Else(this.change_attendance)
    key = nodes.Split().Next(this.change_key_first).Next(this.change_key_second)
    change_key_first = desk.keying(1).Next(this.keyed)
    change_key_second = desk.keying(2).Next(this.keyed)
    keyed = nodes.Join().Next(this.compared)
    compared = Gate(desk.is_in(VoteState.KEYED)).Then(this.sign).Else(this.key)
    sign = nodes.Split().Next(this.change_certify_chief).Next(this.change_certify_teller)
    change_certify_chief = desk.signing("chief_teller", _("总监票人签字")).Next(this.signed)
    change_certify_teller = desk.signing("teller", _("监票人签字")).Next(this.signed)
    signed = nodes.Join().Next(this.declare_change)
    declare_change = desk.declaring(
        changing.declare_change,
        title=_("宣布结果"),
        form=forms.DeclareChangeForm,
        basis=_("《地方组织法》第二十五条：以全体代表的过半数通过；当场宣布"),
        output=_("决定"),
    ).Next(this.decided)
    follow = nodes.Function(_follow_change).Next(this.end)


class ChangeRecountFlow(YearlyFlow):
    """项目调整表决复票"""

    room, step = "supervision", 5
    process_title = _("项目调整表决复票")

    start = Begin().Next(this.change_recount_confirm)
    change_recount_confirm = changing.DESK.confirming_recount(ChangeFlow).Next(this.end)
    end = OfficeEnd()


class ChangeVoidFlow(YearlyFlow):
    """决定重新表决项目调整"""

    room, step = "supervision", 5
    process_title = _("决定重新表决项目调整")

    start = Begin().Next(this.change_void_confirm)
    change_void_confirm = changing.DESK.confirming_void(ChangeFlow, title=process_title).Next(this.end)
    end = OfficeEnd()


changing.DESK.call_off_asked({"recount": ChangeRecountFlow, "void": ChangeVoidFlow})


def _ratification(activation: Any) -> None:
    change = _subject(activation)
    _follow_change(activation)
    policy = change.project.cycle.rules.change_policy
    if rules.needs_ratification(policy, change.body):
        RatifyFlow.begin(change)


class PresidiumChangeFlow(ChangeSteps, YearlyFlow):
    """主席团决定的项目调整"""

    process_title = _("项目调整（主席团决定）")
    start = Begin().Next(this.decide_change)
    decide_change = MeetingView(
        office="presidium",
        title=_("主席团决定项目调整"),
        form=forms.MeetingForm,
        act=changing.decide_change,
        context=selectors.change_facts,
        page="steps/supervision/change.html",
        basis=_("本地规定：闭会期间由主席团决定，报代表大会追认或备案"),
        output=_("主席团会议纪要"),
        irreversible=True,
    ).Next(this.decided)
    follow = nodes.Function(_ratification).Next(this.end)


def _begin_as_major(activation: Any) -> None:
    begin_deciding(_subject(activation))


class MinorChangeFlow(ChangeSteps, YearlyFlow):
    """主席团认定的轻微调整"""

    process_title = _("项目调整（轻微）")
    start = Begin().Next(this.classify_change)
    classify_change = MeetingView(
        office="presidium",
        title=_("认定是否为轻微调整"),
        form=forms.ClassifyForm,
        act=changing.classify_change,
        context=selectors.change_facts,
        page="steps/supervision/change.html",
        basis=_(
            "《陕西省民生实事项目人大代表票决制规定》第十八条：重大调整由代表大会决定；轻微的由主席团认定、记录并公告"
        ),
        output=_("主席团会议纪要"),
        irreversible=True,
    ).Next(this.decided)
    decided = Gate(_agreed).Then(this.announce_change).Else(this.major)
    follow = nodes.Function(_follow_change).Next(this.end)
    major = nodes.Function(_begin_as_major).Next(this.end)


def begin_deciding(change: Change) -> None:
    """The flow of whoever decides: the presidium's classification first where the change is asked for as minor."""
    if change.grade == ChangeGrade.MINOR:
        MinorChangeFlow.begin(change)
    else:
        (ChangeFlow if change.body == "congress" else PresidiumChangeFlow).begin(change)


def _not_ratified(activation: Any) -> bool:
    return _subject(activation).state == ChangeState.ANNOUNCED


class RatifyFlow(YearlyFlow):
    """代表大会追认主席团的决定"""

    room, step = "supervision", 5
    process_title = _("项目调整追认")

    start = Begin().Next(this.ratify_change)
    ratify_change = MeetingView(
        office="clerk",
        body="congress",
        members=selectors.deputies_in_office,
        standard=standard_of,
        title=_("代表大会追认项目调整"),
        form=forms.CongressForm,
        act=changing.ratify_change,
        obstacles=changing.obstacles_to_congress,
        context=selectors.change_facts,
        page="steps/supervision/change.html",
        basis=_("主席团先行决定的，须经下次代表大会追认"),
        output=_("决定"),
        irreversible=True,
    ).Next(this.refused)
    refused = Gate(_not_ratified).Then(this.announce_undo).Else(this.end)
    announce_undo = OfficeView(
        office="clerk",
        title=_("公告恢复原定内容"),
        form=forms.NoticeForm,
        act=changing.revoke_change,
        context=selectors.change_facts,
        page="steps/supervision/change.html",
        basis=_("未获追认的调整不再执行"),
        output=_("项目调整公告"),
        irreversible=True,
    ).Next(this.end)
    end = OfficeEnd()


# The session


class SessionFlow(YearlyFlow):
    """一次会议的闭会"""

    room, step = "supervision", 4
    process_title = _("会议闭会")

    start = Begin().Next(this.close_session)
    close_session = OfficeView(
        office="chair",
        title=_("宣布闭会"),
        act=sessions.close_session,
        obstacles=sessions.obstacles_to_closing,
        context=sessions.closing_facts,
        page="steps/supervision/session.html",
        irreversible=True,
        basis=_(
            "询问、质询案只在会议期间提出和答复（《地方组织法》第二十三条、第二十四条）；议程完毕，由主持人宣布闭会"
        ),
        output=_("闭会"),
        hint=_("闭会后不能再登记选举结果、提出询问和质询案；监票人、计票人的职务随会议终止。"),
    ).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """The last day of the session."""
        last = subject.held_on + timedelta(days=ceil(subject.days) - 1)
        return DueDate(max(last, opened_on), False)


def _to_be_closed(act: Act, session: Session) -> None:
    with acting(act):
        SessionFlow.begin(session)


on_session_begun(_to_be_closed)


# Interpellation


def _interpellation_answer(office: str, **more: Any) -> OfficeView:
    return OfficeView(
        office=office,
        form=forms.AnswerForm,
        act=asking.answer,
        obstacles=asking.obstacles_to_answering,
        context=selectors.interpellation_facts,
        page="steps/supervision/interpellation.html",
        basis=_("《地方组织法》第二十四条：受质询机关负责人答复"),
        output=_("质询案答复"),
        **more,
    ).Next(this.end)


class InterpellationFlow(YearlyFlow):
    """质询案"""

    room, step = "supervision", 5
    process_title = _("质询案")

    start = Begin().Next(this.admit_interpellation)
    admit_interpellation = MeetingView(
        office="presidium",
        title=_("决定质询案的答复形式"),
        form=forms.AdmitForm,
        act=asking.admit,
        obstacles=asking.obstacles_to_admitting,
        context=selectors.interpellation_facts,
        page="steps/supervision/interpellation.html",
        basis=_("《地方组织法》第二十四条：由主席团决定交受质询机关答复及答复形式"),
        output=_("主席团会议纪要"),
    ).Next(this.whom)
    whom = Gate(_to_a_department).Then(this.department_interpellation).Else(this.answer_interpellation)
    department_interpellation = _interpellation_answer(
        "department", seat=_asked, title=_("责任单位答复质询案")
    )
    answer_interpellation = _interpellation_answer("mayor", title=_("答复质询案"))
    end = OfficeEnd()
