"""A change of an elected project: decided, announced, ratified where the rulebook asks for it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.ballots.desk.steps import DeskSteps
from projects.cycles.flows import YearlyFlow
from projects.cycles.selectors import standard_of
from projects.supervision import changing, rules, selectors
from projects.supervision.flows.findings import RECHECKED_BY, InspectFlow
from projects.supervision.flows.money import begin_settlement
from projects.supervision.flows.progress import ProgressFlow
from projects.supervision.flows.projects import ProjectFlow, end_of_work, settled
from projects.supervision.flows.seats import subject_of
from projects.supervision.forms import changes as forms
from projects.supervision.models import Change, ChangeGrade, ChangeKind, ChangeState, Project, ProjectState
from workflow.audit.services import Act
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.forms import MeetingForm
from workflow.flows.nodes import Gate, MeetingView, OfficeEnd, OfficeView, RuleGate
from workflow.flows.processes import call_off

STEPS = DeskSteps(changing.DESK)


def _agreed(activation: Any) -> bool:
    return subject_of(activation).state == ChangeState.AGREED


def _follow_change(activation: Any) -> None:
    follow_change(subject_of(activation), current_act())


def follow_change(change: Any, act: Act) -> None:
    """What an effected change does to the work under way: reports cease, flows end, a replacement begins."""
    project = Project.objects.select_related("cycle", "unit", "department").get(pk=change.project_id)
    reason = change.get_what_display()
    if project.state == ProjectState.SUSPENDED:
        call_off(ProgressFlow, project, act, reason=reason)
    if project.state == ProjectState.STOPPED:
        end_of_work(project, act, reason=reason)
        _end_findings(project, act, reason=reason)
        begin_settlement(project)
        settled(act, project)
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
    return changing.is_put_to_vote(subject_of(activation))


class ChangeFlow(ChangeSteps, YearlyFlow):
    """代表大会决定的项目调整: by secret ballot, at a session that is open"""

    process_title = _("项目调整（代表大会决定）")
    desk = STEPS

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
    ).Next(this.at_desk)
    at_desk = desk.ballots_are_out().Then(this.change_count_again).Else(this.ordered)
    # A void vote is held again once the presidium has decided so, wherever the flow begins anew.
    ordered = desk.awaits_order().Then(this.change_revote).Else(this.keyless)
    change_revote = desk.deciding_anew("change_revote").Returns(this.change_revote).Next(this.keyless)
    keyless = desk.lacks_keys().Then(this.holding).Else(this.change_attendance)
    holding = (
        nodes.Split().Next(this.change_hold_chief).Next(this.change_hold_teller).Next(this.change_hold_chair)
    )
    change_hold_chief = desk.holding("chief_teller", _("总监票人设定开箱口令")).Next(this.held)
    change_hold_teller = desk.holding("teller", _("监票人设定开箱口令")).Next(this.held)
    change_hold_chair = desk.holding("chair", _("人大主席代主席团设定开箱口令")).Next(this.held)
    held = nodes.Join().Next(this.change_attendance)
    change_attendance = desk.attendance().Next(this.change_open)
    change_open = desk.opening_step().Returns(this.change_attendance).Next(this.change_open_confirm)
    change_open_confirm = (
        desk.confirming_opening().Returns(this.change_open, this.change_attendance).Next(this.change_close)
    )
    change_close = desk.closing_step().Next(this.change_close_confirm)
    change_close_confirm = desk.confirming_closing().Returns(this.change_close).Next(this.closed)
    change_count_again = desk.counting_again().Next(this.change_count_again_confirm)
    change_count_again_confirm = (
        desk.confirming_count_again().Returns(this.change_count_again).Next(this.closed)
    )
    closed = desk.is_closed().Then(this.on_paper).Else(this.ordered)
    on_paper = desk.has_paper().Then(this.key).Else(this.change_open_box)
    key = nodes.Split().Next(this.change_key_first).Next(this.change_key_second)
    change_key_first = desk.keying(1).Next(this.keyed)
    change_key_second = desk.keying(2).Next(this.keyed)
    keyed = nodes.Join().Next(this.compared)
    compared = desk.keyed(sign=this.sign, box=this.change_open_box, again=this.key)
    change_open_box = desk.box().Next(this.box_opened)
    box_opened = RuleGate(desk.lacks_paper).Then(this.key).Else(this.sign)
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


class ChangeTurnFlow(YearlyFlow):
    """项目调整表决电子票改为纸质票"""

    room, step = "supervision", 5
    process_title = _("项目调整表决电子票改为纸质票")

    start = Begin().Next(this.change_turn_confirm)
    change_turn_confirm = STEPS.confirming_turn().Next(this.end)
    end = OfficeEnd()


class ChangeRecountFlow(YearlyFlow):
    """项目调整表决复票"""

    room, step = "supervision", 5
    process_title = _("项目调整表决复票")

    start = Begin().Next(this.change_recount_confirm)
    change_recount_confirm = STEPS.confirming_recount(ChangeFlow, ChangeFlow.change_count_again).Next(
        this.end
    )
    end = OfficeEnd()


class ChangeVoidFlow(YearlyFlow):
    """决定重新表决项目调整"""

    room, step = "supervision", 5
    process_title = _("决定重新表决项目调整")

    start = Begin().Next(this.change_void_confirm)
    change_void_confirm = STEPS.confirming_void(
        ChangeFlow, ChangeFlow.change_attendance, title=process_title
    ).Next(this.end)
    end = OfficeEnd()


changing.DESK.follow_votes(
    {"turn": ChangeTurnFlow, "recount": ChangeRecountFlow, "void": ChangeVoidFlow},
    opening=(ChangeFlow.change_open, ChangeFlow.change_open_confirm),
    to=ChangeFlow.change_attendance.name,
)


def _ratification(activation: Any) -> None:
    change = subject_of(activation)
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
        form=MeetingForm,
        act=changing.decide_change,
        context=selectors.change_facts,
        page="steps/supervision/change.html",
        basis=_("本地规定：闭会期间由主席团决定，报代表大会追认或备案"),
        output=_("主席团会议纪要"),
        irreversible=True,
    ).Next(this.decided)
    follow = nodes.Function(_ratification).Next(this.end)


def _begin_as_major(activation: Any) -> None:
    begin_deciding(subject_of(activation))


class MinorChangeFlow(ChangeSteps, YearlyFlow):
    """主席团认定的轻微调整"""

    process_title = _("项目调整（轻微）")
    start = Begin().Next(this.classify_change)
    classify_change = MeetingView(
        office="presidium",
        title=_("认定是否为轻微调整"),
        findings=(_("会议认定为轻微调整。"), _("会议未认定为轻微调整，按重大调整办理。")),
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
    return subject_of(activation).state == ChangeState.ANNOUNCED


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
