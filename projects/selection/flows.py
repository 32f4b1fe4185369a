"""Whose turn it is in step 2 (steps.md, 2 初定; responsible: 乡镇人民政府, studied by the Party committee)."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.collection.forms import DecisionForm
from projects.collection.models import Proposal, ProposalState
from projects.cycles.flows import YearlyFlow
from projects.cycles.models import Cycle
from projects.selection import answering, forms, selectors, services, undoing
from projects.selection.models import Appraisal, Exclusion
from workflow.audit.services import Act
from workflow.calendar.offsets import DueDate
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.nodes import EachSplit, Gate, MeetingView, OfficeEnd, OfficeView
from workflow.people.models import Unit, User
from workflow.roles.selectors import holders_of


class AppraisalSplit(nodes.Split):
    """The start of the appraisals, which the mayor may ask for once more."""

    task_title = _("论证")


def _department(subject: Any, item: dict[str, Any]) -> Unit:
    """The department a branch belongs to."""
    return Unit.objects.select_related("tenant").get(pk=item["department"])


def _in_turn(activation: Any) -> bool:
    """Whether this year's rulebook has the presidium first and the Party committee after it."""
    return activation.process.artifact.rules.opinions_order == "one_after_other"


def _presidium_agreed_first(activation: Any) -> bool:
    cycle = activation.process.artifact
    meeting = selectors.last_meeting(cycle, "selection.presidium_opinion")
    return _in_turn(activation) and meeting is not None and meeting.agreed


class SelectionFlow(YearlyFlow):
    """初定"""

    room, step = "selection", 2
    process_title = _("初定")

    @classmethod
    def due(cls, node: OfficeView, subject: Any, opened_on: date) -> DueDate | None:
        """The list can be fixed when the notice is over, so that clock starts on its last day."""
        notice = selectors.last_notice(subject) if node.name == "conclude" else None
        return super().due(node, subject, max(opened_on, notice.to_on) if notice else opened_on)

    start = Begin().Next(this.merge)
    merge = OfficeView(
        office="gov_clerk",
        title=_("归并梳理"),
        form=forms.MergeForm,
        act=services.merge,
        obstacles=services.obstacles_to_merging,
        context=selectors.merge_page,
        page="steps/selection/merge.html",
        basis=_("汇总归纳、梳理分类；归并不丢失任何一件来源"),
        hint=_("序号相同的意见建议归并为一个项目；名单确定前可以拆分。"),
        output=_("归并后的项目，逐件保留来源"),
        undo=undoing.undo_merging,
    ).Next(this.screen)
    screen = (
        OfficeView(
            office="gov_clerk",
            title=_("资格筛查"),
            form=forms.ScreenForm,
            act=services.screen,
            context=selectors.screen_page,
            page="steps/selection/screen.html",
            basis=_("内涵条件：财政资金为主，普惠公益均衡，目标明确、当年完成，要素有保障"),
            output=_("逐条筛查结果和依据"),
            undo=undoing.undo_screening,
            undo_past=("blocked",),
        )
        .Returns(this.merge)
        .Next(this.blocked)
    )
    blocked = nodes.Function(this.answer_the_blocked).Next(this.appraise)
    appraise = (
        AppraisalSplit().Next(this.each_department).Next(this.appraise_finance).Next(this.appraise_legal)
    )
    each_department = (
        EachSplit(selectors.departments_appraising)
        .Each(this.appraise_department)
        .Empty(this.departments_done)
    )
    # The appraisers run side by side: a return is recorded by each, and taken where all have met (`accepted`).
    appraise_department = (
        OfficeView(
            office="department",
            seat=_department,
            title=_("部门论证"),
            form=forms.DepartmentForm,
            act=services.appraise_department,
            on_return=partial(services.return_appraisal, kind=Appraisal.Kind.DEPARTMENT),
            undo=undoing.undo_department,
            undo_past=("blocked_by_figures", "take_returns"),
            context=selectors.appraisal_page,
            page="steps/selection/appraise.html",
            basis=_("必要性、可行性、投资估算与资金来源、要素保障"),
            output=_("部门论证意见"),
        )
        .Returns(this.screen, at_join=True)
        .Next(this.blocked_by_figures)
    )
    blocked_by_figures = nodes.Function(this.answer_the_blocked).Next(this.departments_done)
    departments_done = nodes.Join().Next(this.appraised)
    appraise_finance = (
        OfficeView(
            office="finance",
            title=_("财政论证"),
            form=forms.FinanceForm,
            act=services.appraise_finance,
            on_return=partial(services.return_appraisal, kind=Appraisal.Kind.FINANCE),
            undo=partial(undoing.undo_appraisal, kind=Appraisal.Kind.FINANCE),
            undo_past=("take_returns",),
            context=selectors.appraisal_page,
            page="steps/selection/appraise.html",
            basis=_("项目资金列入预算；不增加政府债务风险"),
            output=_("财政论证意见"),
        )
        .Returns(this.screen, at_join=True)
        .Next(this.appraised)
    )
    appraise_legal = (
        OfficeView(
            office="legal",
            title=_("合法性审查"),
            form=forms.LegalForm,
            act=services.appraise_legal,
            on_return=partial(services.return_appraisal, kind=Appraisal.Kind.LEGAL),
            undo=partial(undoing.undo_appraisal, kind=Appraisal.Kind.LEGAL),
            undo_past=("take_returns",),
            context=selectors.appraisal_page,
            page="steps/selection/appraise.html",
            basis=_("《陕西省民生实事项目人大代表票决制规定》：候选项目须经合法性审查"),
            output=_("合法性审查意见"),
        )
        .Returns(this.screen, at_join=True)
        .Next(this.appraised)
    )
    appraised = nodes.Join().Next(this.take_returns)
    take_returns = nodes.Function(this.reopen_returned).Next(this.accepted)
    accepted = (
        Gate(lambda activation: selectors.open_returns(activation.process.artifact).exists())
        .Then(this.screen)
        .Else(this.draft_list)
    )
    draft_list = (
        OfficeView(
            office="mayor",
            title=_("政府研究提出候选项目建议方案"),
            form=forms.DraftForm,
            act=services.draft_list,
            obstacles=services.obstacles_to_drafting,
            on_return=services.reopen,
            context=selectors.draft_page,
            page="steps/selection/draft_list.html",
            basis=_("政府办公会或党政联席会研究；候选项目数多于应选数（差额）"),
            output=_("候选项目建议方案、会议纪要"),
            undo=undoing.undo_drafting,
        )
        .Returns(this.merge, this.screen, this.appraise)
        .Next(this.opinions)
    )
    opinions = (
        nodes.Split()
        .Next(this.presidium_opinion)
        .Next(this.party_study, case=lambda activation: not _in_turn(activation))
    )
    # The two bodies run side by side: a return is recorded by each, and taken where both have met (`agreed`).
    presidium_opinion = (
        MeetingView(
            office="presidium",
            title=_("主席团提出意见"),
            form=DecisionForm,
            act=services.give_presidium_opinion,
            context=selectors.list_page,
            page="steps/selection/opinion.html",
            basis=_("主席团对候选项目建议方案提出意见"),
            output=_("主席团会议纪要"),
        )
        .Returns(this.draft_list, at_join=True)
        .Next(this.presidium_done)
    )
    presidium_done = Gate(_presidium_agreed_first).Then(this.party_study).Else(this.opinions_given)
    party_study = (
        MeetingView(
            office="party",
            title=_("党委研究"),
            form=DecisionForm,
            act=services.study_by_party,
            context=selectors.list_page,
            page="steps/selection/opinion.html",
            basis=_("坚持党的领导：候选项目报同级党委研究"),
            output=_("党委会议纪要"),
        )
        .Returns(this.draft_list, at_join=True)
        .Next(this.opinions_given)
    )
    opinions_given = nodes.Join().Next(this.agreed)
    agreed = (
        Gate(lambda activation: selectors.is_agreed(activation.process.artifact))
        .Then(this.left_out)
        .Else(this.draft_list)
    )
    left_out = nodes.Function(this.answer_the_left_out).Next(this.notice)
    notice = OfficeView(
        office="gov_clerk",
        title=_("候选项目公示"),
        form=forms.NoticeForm,
        act=services.post_notice,
        obstacles=services.obstacles_to_posting,
        context=selectors.notice_page,
        page="steps/selection/notice.html",
        irreversible=True,
        basis=_("候选项目向社会公示，公示期由本地规定"),
        hint=_("公示后名单即确定，群众可以提出异议。"),
        output=_("公示"),
    ).Next(this.conclude)
    conclude = (
        OfficeView(
            office="gov_clerk",
            title=_("公示期满，确定候选项目"),
            act=services.conclude,
            obstacles=services.obstacles_to_concluding,
            context=selectors.concluding_page,
            page="steps/selection/conclude.html",
            irreversible=True,
            basis=_("公示期满、异议和未采纳的意见建议全部答复后，方可进入审议"),
            output=_("候选项目名单"),
        )
        .Returns(this.party_study, by_outcome=True)
        .Next(this.end)
    )
    end = OfficeEnd()

    def reopen_returned(self, activation: Any) -> None:
        """What an appraiser sent back is reopened by the act that completed the round."""
        services.reopen_returned(current_act(), activation.process.artifact)

    def answer_the_blocked(self, activation: Any) -> None:
        """What was just blocked is decided: the days to answer run from today."""
        begin_answers(current_act(), activation.process.artifact, Exclusion.Stage.SCREENING)

    def answer_the_left_out(self, activation: Any) -> None:
        """Both bodies have agreed to the list: what is not on it is decided."""
        begin_answers(current_act(), activation.process.artifact, Exclusion.Stage.DRAFT)


class AnswerFlow(YearlyFlow):
    """答复一次决定未采纳的提出人"""

    room, step = "selection", 2
    process_title = _("答复提出人")

    start = Begin().Next(this.answer)
    answer = OfficeView(
        office="gov_clerk",
        title=_("答复未采纳的提出人"),
        form=forms.AnswerForm,
        act=answering.answer,
        context=selectors.answer_page,
        page="steps/selection/answer.html",
        irreversible=True,
        basis=_("决定作出之日起 %(selection.answer)s内逐件答复；有一件未答复的，不进入审议、票决"),
        hint=_("转代表建议的，由所选代表本人签名；签名后即答复提出人。"),
        output=_("逐件答复"),
    ).Next(this.ask)
    ask = nodes.Function(this.ask_deputies).Next(this.end)
    end = OfficeEnd()

    def ask_deputies(self, activation: Any) -> None:
        """Each deputy who was named gets a task of signing."""
        for proposal in selectors.asked_of(activation.process.artifact):
            SignatureFlow.begin(proposal)


def begin_answers(act: Act, cycle: Cycle, stage: str) -> None:
    """Put the answering of everybody a decision has left out before the government's clerk, inside that very act."""
    if made := answering.record_exclusion(act, cycle, stage):
        AnswerFlow.begin(made)


def _asked(proposal: Proposal, item: dict[str, Any]) -> User | None:
    """The deputy asked, as long as the person holds the office; afterwards any deputy may sign."""
    held = holders_of("deputy", proposal.unit, current_act().on)
    return proposal.asked_deputy if proposal.asked_deputy in held else None


def _is_answered(activation: Any) -> bool:
    return bool(activation.process.artifact.state == ProposalState.ANSWERED)


class SignatureFlow(YearlyFlow):
    """请代表签名提出一件建议"""

    room, step = "selection", 2
    process_title = _("代表签名提出")

    start = Begin().Next(this.sign)
    sign = (
        OfficeView(
            office="deputy",
            to=_asked,
            title=_("签名提出代表建议"),
            act=answering.sign,
            on_return=answering.decline,
            context=selectors.proposal_page,
            page="steps/selection/sign.html",
            irreversible=True,
            basis=_("转代表建议须由代表本人签名提出"),
            hint=_("签名后即以您的名义作为代表建议提出；不签名的，写明理由退回党政办另定处理结果。"),
            output=_("代表签名"),
        )
        .Returns(this.answer_again)
        .Next(this.end)
    )
    answer_again = OfficeView(
        office="gov_clerk",
        title=_("另定处理结果"),
        form=forms.TellForm,
        act=answering.answer_again,
        context=selectors.proposal_page,
        page="steps/selection/sign.html",
        irreversible=True,
        basis=_("代表不签名的，不能转代表建议"),
        output=_("答复"),
    ).Next(this.answered)
    answered = Gate(_is_answered).Then(this.end).Else(this.sign)
    end = OfficeEnd()


class ObjectionFlow(YearlyFlow):
    """一件异议"""

    room, step = "selection", 2
    process_title = _("办理异议")

    start = Begin().Next(this.objection)
    objection = OfficeView(
        office="gov_clerk",
        title=_("答复异议"),
        form=forms.ObjectionForm,
        act=services.answer_objection,
        context=selectors.objection_page,
        page="steps/selection/objection.html",
        irreversible=True,
        basis=_("公示期间的异议，收到之日起 %(selection.objection)s内答复"),
        output=_("异议答复"),
    ).Next(this.end)
    end = OfficeEnd()
