"""Whose turn it is in step 4 (steps.md, 4 票决; responsible: 乡镇人民代表大会, its 主席团 presides)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.ballots.desk.steps import DeskSteps
from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.selectors import awaits_presidium, is_tied_for_presidium
from projects.ballots.services import is_voted_on_again
from projects.cycles.flows import YearlyFlow
from projects.cycles.models import Cycle
from projects.cycles.selectors import standard_of
from projects.voting import forms, selectors, services, superseding
from projects.voting.desk import DESK
from workflow.audit.services import Act
from workflow.calendar.offsets import DueDate
from workflow.flows.acting import current_act
from workflow.flows.base import Begin, OfficeFlow
from workflow.flows.nodes import (
    BeginFlows,
    Gate,
    MeetingView,
    OfficeEnd,
    OfficeView,
    RuleGate,
    SubFlow,
    Switch,
)

STEPS = DeskSteps(DESK)

Elected = Callable[[Act, Cycle], None]
Begun = Callable[[Cycle], list[type[OfficeFlow]]]
_when_elected_later: list[tuple[Elected, Begun]] = []


def on_elected_later(listener: Elected, *, begins: Begun) -> None:
    """Have `listener` called inside the act that announces the vote on places left: the year has more projects then.

    begins: the flows that begin on the year after it; asked before that act as well, by the pages that tell what follows.
    """
    if (listener, begins) not in _when_elected_later:
        _when_elected_later.append((listener, begins))


class SinceVoteFlow(YearlyFlow):
    """A flow whose days count from the year's vote; once places left were voted on at a later session, from that one."""

    @classmethod
    def term(cls, cycle: Cycle, key: str, opened_on: date, **more: Any) -> DueDate | None:
        later = selectors.held_later(cycle)
        if later and later.session and opened_on >= later.session.held_on:
            more["sessions"] = {**(more.get("sessions") or {}), "vote": later.session.held_on}
        return super().term(cycle, key, opened_on, **more)


def _asks(question: Callable[[Cycle], bool]) -> Callable[[Any], bool]:
    """A condition on the flow's year."""
    return lambda activation: question(activation.process.artifact)


def _elects(vote: Vote | None) -> bool:
    return vote is not None and not vote.is_question


def _is_on_resolution(vote: Vote | None) -> bool:
    return vote is not None and vote.purpose == Purpose.RESOLUTION


# Both say what the sums come to before the chair does.
def _calls_for_another(vote: Vote | None) -> bool | None:
    signed = vote is not None and vote.state == VoteState.CERTIFIED
    return is_voted_on_again(vote) if vote and signed else None


def _leaves_a_tie(vote: Vote | None) -> bool | None:
    signed = vote is not None and vote.state == VoteState.CERTIFIED
    return is_tied_for_presidium(vote) if vote and signed else None


def _carries(vote: Vote | None) -> bool | None:
    return None if _is_on_resolution(vote) else False


def _after_vote(cycle: Cycle) -> list[type[OfficeFlow]]:
    return [AfterVoteFlow, RemainderFlow] if selectors.leaves_places(cycle) else [AfterVoteFlow]


def _after_later_vote(cycle: Cycle) -> list[type[OfficeFlow]]:
    return [flow for _listener, begins in _when_elected_later for flow in begins(cycle)]


class VotingFlow(SinceVoteFlow):
    """票决"""

    room, step = "voting", 4
    process_title = _("票决")
    desk = STEPS

    start = Begin().Next(this.at_desk)
    # A recount begins this flow anew with the ballots already issued.
    at_desk = desk.ballots_are_out().Then(this.count_again).Else(this.ordered)
    # A void vote is held again once the presidium has decided so, wherever the flow begins anew.
    ordered = desk.awaits_order().Then(this.revote).Else(this.keyless)
    revote = desk.deciding_anew("revote").Returns(this.revote).Next(this.keyless)
    keyless = desk.lacks_keys().Then(this.holding).Else(this.attendance)
    holding = nodes.Split().Next(this.hold_chief).Next(this.hold_teller).Next(this.hold_chair)
    hold_chief = desk.holding("chief_teller", _("总监票人设定开箱口令")).Next(this.held)
    hold_teller = desk.holding("teller", _("监票人设定开箱口令")).Next(this.held)
    hold_chair = desk.holding("chair", _("人大主席代主席团设定开箱口令")).Next(this.held)
    held = nodes.Join().Next(this.attendance)
    attendance = desk.attendance().Next(this.open)
    open = desk.opening_step().Returns(this.attendance).Next(this.open_confirm)
    open_confirm = desk.confirming_opening().Returns(this.open, this.attendance).Next(this.close)
    close = desk.closing_step().Next(this.close_confirm)
    close_confirm = desk.confirming_closing().Returns(this.close).Next(this.closed)
    count_again = desk.counting_again().Next(this.count_again_confirm)
    count_again_confirm = desk.confirming_count_again().Returns(this.count_again).Next(this.closed)
    closed = desk.is_closed().Then(this.on_paper).Else(this.ordered)
    on_paper = desk.has_paper().Then(this.keying).Else(this.open_box)
    keying = nodes.Split().Next(this.key_first).Next(this.key_second)
    key_first = desk.keying(1).Next(this.keyed_twice)
    key_second = desk.keying(2).Next(this.keyed_twice)
    keyed_twice = nodes.Join().Next(this.keyed)
    keyed = desk.keyed(sign=this.certifying, box=this.open_box, again=this.keying)
    open_box = desk.box().Next(this.box_opened)
    box_opened = RuleGate(desk.lacks_paper).Then(this.keying).Else(this.certifying)
    certifying = nodes.Split().Next(this.certify_chief).Next(this.certify_teller)
    certify_chief = desk.signing("chief_teller", _("总监票人在计票结果报告单上签字")).Next(this.certified)
    certify_teller = desk.signing("teller", _("监票人在计票结果报告单上签字")).Next(this.certified)
    certified = nodes.Join().Next(this.counted)
    # What the congress adopts by ballot goes over the same desk: the 票决办法 before the vote it is about, and the flow ends;
    # the resolution after it, as often as it takes, before it is recorded.
    counted = (
        Switch()
        .Case(this.declare, desk.asks(_elects), foretold=desk.foretells(_elects))
        .Case(
            this.declare_resolution, desk.asks(_is_on_resolution), foretold=desk.foretells(_is_on_resolution)
        )
        .Default(this.declare_method)
    )
    declare_method = desk.declaring(
        services.declare_question,
        form=forms.DeclareQuestionForm,
        title=_("宣布票决办法表决结果"),
        basis=_("《地方组织法》第二十五条：以全体代表的过半数通过；当场宣布"),
        output=_("通过或者未通过"),
    ).Next(this.end)
    declare_resolution = desk.declaring(
        services.declare_question,
        form=forms.DeclareQuestionForm,
        title=_("宣布决议表决结果"),
        basis=_("《地方组织法》第二十五条：以全体代表的过半数通过；当场宣布"),
        output=_("通过或者未通过"),
    ).Next(this.manner)
    declare = desk.declaring(
        services.declare_result,
        form=forms.DeclareForm,
        title=_("宣布票决结果"),
        basis=_("《地方组织法》第二十五条：以全体代表的过半数通过；当场宣布"),
        output=_("入选、未入选名单"),
        leads_on=True,
    ).Next(this.voted)
    voted = (
        desk.gate(lambda vote: vote.state == VoteState.DEFINED, _calls_for_another, withheld=True)
        .Then(this.attendance)
        .Else(this.tied)
    )
    tied = desk.gate(awaits_presidium, _leaves_a_tie, withheld=True).Then(this.settle_tie).Else(this.manner)
    settle_tie = MeetingView(
        office="presidium",
        title=_("主席团决定末位入选项目"),
        form=forms.TieForm,
        act=services.settle_tie,
        context=selectors.result_page,
        page="steps/voting/result.html",
        irreversible=True,
        basis=_("本地规定：末位票数相等不能确定的，由主席团在票数相等的项目中决定，提请大会以决议确定"),
        output=_("主席团关于末位项目的决定"),
        hint=_("已签字的计票结果不改动；决定附于计票结果报告单。"),
    ).Next(this.manner)
    manner = RuleGate(selectors.resolves_by_ballot).Then(this.asked).Else(this.resolution)
    asked = (
        Gate(_asks(selectors.is_resolution_carried), foretold=desk.foretells(_carries))
        .Then(this.resolution)
        .Else(this.put_resolution)
    )
    put_resolution = OfficeView(
        office="clerk",
        title=_("提请大会投票表决决议"),
        form=forms.PutResolutionForm,
        act=services.put_resolution,
        obstacles=services.obstacles_to_putting,
        context=selectors.result_page,
        page="steps/voting/result.html",
        irreversible=True,
        basis=_("《地方组织法》第二十五条：以全体代表的过半数通过；规则定为无记名投票的，提请大会投票表决"),
        output=_("决议（草案）、表决票"),
        hint=_("票决结果需要复票的，先复票再提请表决。未通过的，可以修改后再次提请。"),
    ).Next(this.keyless)
    resolution = (
        MeetingView(
            office="clerk",
            body="congress",
            title=_("大会通过决议"),
            form=forms.ResolutionForm,
            members=selectors.deputies_in_office,
            standard=standard_of,
            act=services.resolve,
            context=selectors.resolution_page,
            page="steps/voting/result.html",
            irreversible=True,
            basis=_("《地方组织法》第二十五条：以全体代表的过半数通过；闭会前通过"),
            output=_("关于确定年度民生实事项目的决议"),
            hint=_(
                "未通过的，可以修改后再次提请大会表决。无记名投票的，正文和票数以大会投票通过的为准，不再填写。"
            ),
        )
        .Returns(this.resolution)
        .Next(this.announce)
    )
    announce = MeetingView(
        office="presidium",
        title=_("发布公告"),
        form=forms.AnnounceForm,
        act=services.announce,
        context=selectors.result_page,
        page="steps/voting/result.html",
        irreversible=True,
        in_person=True,
        basis=_("票决结果由大会主席团发布公告"),
        output=_("公告"),
    ).Next(this.hand_on)
    # The year goes on to supervision; what is left of the vote goes its own way.
    hand_on = BeginFlows(_after_vote).Next(this.end)
    end = OfficeEnd()


def telling(title: Any) -> OfficeView:
    """The step that tells every proposer not told yet how the candidate ended."""
    return OfficeView(
        office="gov_clerk",
        title=title,
        form=forms.TellForm,
        act=services.tell_proposers,
        context=selectors.tell_page,
        page="steps/voting/tell_proposers.html",
        irreversible=True,
        basis=_("件件有回音：入选、未入选（转入储备库）逐件告知"),
        output=_("提出人凭查询码可见的结果"),
    )


class RemainderFlow(SinceVoteFlow):
    """余下名额留待下次会议"""

    room, step = "voting", 4
    process_title = _("余下名额另行票决")

    start = Begin().Next(this.remainder)
    remainder = MeetingView(
        office="presidium",
        title=_("决定余下名额是否提请本次会议另行票决"),
        findings=(_("会议作出以上决定。"), _("会议没有形成决定。")),
        form=forms.RemainderForm,
        act=services.decide_remainder,
        obstacles=services.obstacles_to_remainder,
        context=selectors.result_page,
        page="steps/voting/result.html",
        irreversible=True,
        basis=_("参照《地方组织法》第二十九条：过半数的少于应选数的，不足的名额可以在下次会议另行票决"),
        output=_("主席团会议纪要"),
        hint=_("下次会议举行期间办理；提请票决的，监票人、计票人由本次会议通过。"),
    ).Next(this.put)
    put = Gate(STEPS.is_in(VoteState.DEFINED)).Then(this.vote).Else(this.tell_left)
    vote = SubFlow(lambda: VotingFlow, _("余下名额另行票决")).Next(this.elected)
    elected = nodes.Function(this.tell_rooms).Next(this.more)
    more = BeginFlows(_after_later_vote).Next(this.end)
    tell_left = telling(_("告知提出人余下名额的结果")).Next(this.end)
    end = OfficeEnd()

    def tell_rooms(self, activation: Any) -> None:
        """What was elected besides goes on as the year's other projects do."""
        for listener, _begins in _when_elected_later:
            listener(current_act(), activation.process.artifact)


class AfterVoteFlow(SinceVoteFlow):
    """票决后续事项"""

    room, step = "voting", 4
    process_title = _("票决后续事项")

    start = Begin().Next(this.split)
    split = nodes.Split().Next(this.opinions).Next(this.tell_proposers).Next(this.file_county)
    opinions = RuleGate(selectors.has_opinions).Then(this.hand_opinions).Else(this.all_done)
    hand_opinions = MeetingView(
        office="presidium",
        title=_("交办审议意见"),
        form=forms.HandOpinionsForm,
        act=services.hand_opinions,
        context=selectors.opinions_page,
        page="steps/voting/opinions.html",
        basis=_("代表审议意见由主席团汇总，交乡镇人民政府研究处理"),
        output=_("审议意见交办单"),
    ).Next(this.opinions_reply)
    opinions_reply = (
        OfficeView(
            office="mayor",
            title=_("报告审议意见研究处理情况"),
            form=forms.OpinionsReplyForm,
            act=services.reply_to_opinions,
            context=selectors.opinions_page,
            page="steps/voting/opinions.html",
            basis=_("交办后 %(voting.opinions_reply)s内向主席团报告；意见不明确的退回主席团"),
            output=_("研究处理情况报告"),
            undo=services.undo_reply,
        )
        .Returns(this.hand_opinions)
        .Next(this.all_done)
    )
    tell_proposers = telling(_("告知提出人票决结果")).Next(this.all_done)
    file_county = OfficeView(
        office="clerk",
        title=_("报县级人大常委会备案"),
        form=forms.FilingForm,
        act=services.file_with_county,
        context=superseding.filing_page,
        page="steps/voting/file_county.html",
        irreversible=True,
        basis=_("备案材料：决议、公告、计票结果报告单；县级不审批"),
        output=_("备案报告"),
    ).Next(this.all_done)
    all_done = nodes.Join().Next(this.end)
    end = OfficeEnd()


class TurnFlow(YearlyFlow):
    """电子票改为纸质票"""

    room, step = "voting", 4
    process_title = _("电子票改为纸质票")

    start = Begin().Next(this.turn_confirm)
    turn_confirm = STEPS.confirming_turn().Next(this.end)
    end = OfficeEnd()


class RecountFlow(YearlyFlow):
    """复票"""

    room, step = "voting", 4
    process_title = _("复票")

    start = Begin().Next(this.recount_confirm)
    recount_confirm = STEPS.confirming_recount(VotingFlow, VotingFlow.count_again).Next(this.end)
    end = OfficeEnd()


class VoidFlow(YearlyFlow):
    """决定重新投票"""

    room, step = "voting", 4
    process_title = _("决定重新投票")

    start = Begin().Next(this.void_confirm)
    void_confirm = STEPS.confirming_void(VotingFlow, VotingFlow.attendance, title=process_title).Next(
        this.end
    )
    end = OfficeEnd()


DESK.follow_votes(
    {"turn": TurnFlow, "recount": RecountFlow, "void": VoidFlow},
    opening=(VotingFlow.open, VotingFlow.open_confirm),
    to=VotingFlow.attendance.name,
)
