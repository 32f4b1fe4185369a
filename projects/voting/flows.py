"""Whose turn it is in step 4 (steps.md, 4 票决; responsible: 乡镇人民代表大会, its 主席团 presides)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes

from projects.ballots import witnessing
from projects.ballots.forms import (
    AttendanceForm,
    CloseForm,
    ConfirmCloseForm,
    ConfirmOpenForm,
    KeyForm,
    OpenBoxForm,
    OpenForm,
    SignForm,
    TallyForm,
)
from projects.ballots.models import Vote, VoteState
from projects.ballots.selectors import PROJECTS
from projects.cycles.flows import YearlyFlow
from projects.cycles.models import Cycle
from projects.cycles.selectors import cycle_of, standard_of
from projects.voting import forms, selectors, services
from workflow.audit.services import Act
from workflow.calendar.offsets import DueDate
from workflow.flows.acting import current_act
from workflow.flows.base import Begin
from workflow.flows.errors import Refused
from workflow.flows.nodes import Gate, MeetingView, OfficeEnd, OfficeView, SubFlow
from workflow.flows.processes import call_off, running
from workflow.flows.services import Outcome, cancel_flow

Elected = Callable[[Act, Cycle], None]
_when_elected_later: list[Elected] = []


def on_elected_later(listener: Elected) -> None:
    """Have `listener` called inside the act that announces the vote on places left: the year has more projects then."""
    if listener not in _when_elected_later:
        _when_elected_later.append(listener)


class SinceVoteFlow(YearlyFlow):
    """A flow whose days count from the year's vote; once places left were voted on at a later session, from that one."""

    @classmethod
    def term(cls, cycle: Cycle, key: str, opened_on: date, **more: Any) -> DueDate | None:
        later = selectors.held_later(cycle)
        if later and later.session and opened_on >= later.session.held_on:
            more["sessions"] = {**(more.get("sessions") or {}), "vote": later.session.held_on}
        return super().term(cycle, key, opened_on, **more)


PAPER_BALLOT = _("无记名投票，纸质表决票；两名计票人分别录入，相符方可签字")


def holding_key(office: str, title: Any) -> OfficeView:
    """One of the three tasks that make a vote's key."""
    return OfficeView(
        office=office,
        title=title,
        form=KeyForm,
        act=services.hold_key,
        context=selectors.key_desk,
        page="steps/voting/keys.html",
        basis=_("电子票的密钥分三份保管，两份合并方可开箱；口令只有本人知道"),
        output=_("本次投票的密钥"),
        hint=_("请用一句自己记得住的话，写在纸上密封保存。口令不能找回；一人忘记，另两人仍可开箱。"),
    )


class VotingFlow(SinceVoteFlow):
    """票决"""

    room, step = "voting", 4
    process_title = _("票决")

    start = Begin().Next(this.at_desk)
    # A recount begins this flow anew with the ballots already issued.
    at_desk = Gate(selectors.is_in_state(VoteState.OPEN)).Then(this.close).Else(this.keyless)
    keyless = Gate(selectors.lacks_keys).Then(this.holding).Else(this.attendance)
    holding = nodes.Split().Next(this.hold_chief).Next(this.hold_teller).Next(this.hold_chair)
    hold_chief = holding_key("chief_teller", _("总监票人设定开箱口令")).Next(this.held)
    hold_teller = holding_key("teller", _("监票人设定开箱口令")).Next(this.held)
    hold_chair = holding_key("chair", _("人大主席代主席团设定开箱口令")).Next(this.held)
    held = nodes.Join().Next(this.attendance)
    attendance = OfficeView(
        office="clerk",
        title=_("清点到会人数"),
        form=AttendanceForm,
        act=services.attendance,
        context=selectors.desk,
        page="steps/voting/desk.html",
        basis=_("《地方组织法》第十四条：全体代表的三分之二以上出席"),
        output=_("应到、请假、实到人数"),
    ).Next(this.open)
    open = (
        OfficeView(
            office="chair",
            title=_("发出表决票"),
            form=OpenForm,
            act=services.enter_opening,
            obstacles=services.obstacles_to_open,
            context=selectors.desk,
            page="steps/voting/desk.html",
            irreversible=True,
            in_person=True,
            basis=_("《地方组织法》第十四条；票决办法：发出表决票不多于实到代表"),
            hint=_("总监票人确认后投票才开始。人数有变动的，退回重新清点。"),
        )
        .Returns(this.attendance)
        .Next(this.open_confirm)
    )
    open_confirm = (
        OfficeView(
            office="chief_teller",
            title=_("确认开始投票"),
            form=ConfirmOpenForm,
            act=services.open_voting,
            obstacles=services.obstacles_to_open,
            on_return=services.send_back_opening,
            context=selectors.opening,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("投票由主持人和总监票人两人共同开始；投票前当众检查票箱"),
            output=_("开始投票的时间、发出张数和到会名册"),
            hint=_("开始后，票面、应选数和到会人数不再变动。数字不符的，退回主持人。"),
        )
        .Returns(this.open)
        .Next(this.close)
    )
    close = OfficeView(
        office="chief_teller",
        title=_("收回表决票"),
        form=CloseForm,
        act=services.enter_closing,
        context=selectors.desk,
        page="steps/voting/desk.html",
        irreversible=True,
        in_person=True,
        basis=_("收回的表决票等于或少于发出的，投票有效；多于发出的，投票无效，重新投票"),
        output=_("发出、收回张数"),
        hint=_("监票人确认后投票才截止；确认以前，电子票仍可投出。"),
    ).Next(this.close_confirm)
    close_confirm = (
        OfficeView(
            office="teller",
            title=_("确认截止投票"),
            form=ConfirmCloseForm,
            act=services.close_voting,
            on_return=services.send_back_closing,
            context=selectors.closing,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("投票由总监票人和监票人两人共同截止；收回多于发出的，投票无效，重新投票"),
            output=_("截止投票的时间、收回张数；电子票箱封存"),
            hint=_("确认后票箱即行封存，不再收票。数字不符的，退回总监票人重新清点。"),
        )
        .Returns(this.close)
        .Next(this.closed)
    )
    closed = Gate(selectors.is_in_state(VoteState.CLOSED)).Then(this.on_paper).Else(this.attendance)
    on_paper = Gate(selectors.has_paper).Then(this.keying).Else(this.open_box)
    keying = nodes.Split().Next(this.key_first).Next(this.key_second)
    key_first = OfficeView(
        office="counter",
        title=_("第一次录入计票"),
        form=TallyForm,
        act=services.key_first,
        context=selectors.keying_desk,
        page="steps/voting/keying.html",
        basis=PAPER_BALLOT,
    ).Next(this.keyed_twice)
    key_second = OfficeView(
        office="counter",
        title=_("第二次录入计票"),
        form=TallyForm,
        act=services.key_second,
        context=selectors.keying_desk,
        page="steps/voting/keying.html",
        basis=PAPER_BALLOT,
    ).Next(this.keyed_twice)
    keyed_twice = nodes.Join().Next(this.keyed)
    keyed = (
        nodes.Switch()
        .Case(this.certifying, selectors.is_in_state(VoteState.KEYED))
        .Case(this.open_box, selectors.is_ready_to_open_box)
        .Default(this.keying)
    )
    open_box = OfficeView(
        office="chief_teller",
        title=_("开箱计票"),
        form=OpenBoxForm,
        act=services.open_box,
        context=selectors.key_desk,
        page="steps/voting/open_box.html",
        in_person=True,
        basis=_("两名密钥保管人同时在场输入口令方可开箱；电子票与纸质票合并计票，不分别公布"),
        output=_("合并后的票数"),
    ).Next(this.certifying)
    certifying = nodes.Split().Next(this.certify_chief).Next(this.certify_teller)
    certify_chief = OfficeView(
        office="chief_teller",
        title=_("总监票人在计票结果报告单上签字"),
        form=SignForm,
        act=services.sign_as_chief,
        context=selectors.tally,
        page="steps/voting/tally.html",
        irreversible=True,
        in_person=True,
        basis=_("总监票人、监票人核对无误后签字；票数不平衡的不能签字"),
        output=_("计票结果报告单"),
    ).Next(this.certified)
    certify_teller = OfficeView(
        office="teller",
        title=_("监票人在计票结果报告单上签字"),
        form=SignForm,
        act=services.sign_as_teller,
        context=selectors.tally,
        page="steps/voting/tally.html",
        irreversible=True,
        in_person=True,
        basis=_("总监票人、监票人核对无误后签字；票数不平衡的不能签字"),
        output=_("计票结果报告单"),
    ).Next(this.certified)
    certified = nodes.Join().Next(this.declare)
    declare = OfficeView(
        office="chair",
        title=_("宣布票决结果"),
        form=forms.DeclareForm,
        act=services.declare_result,
        context=selectors.tally,
        page="steps/voting/tally.html",
        irreversible=True,
        in_person=True,
        basis=_("《地方组织法》第二十五条：以全体代表的过半数通过；当场宣布"),
        output=_("入选、未入选名单"),
    ).Next(this.voted)
    voted = Gate(selectors.is_in_state(VoteState.DEFINED)).Then(this.attendance).Else(this.tied)
    tied = Gate(selectors.is_tied).Then(this.settle_tie).Else(this.resolution)
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
    ).Next(this.resolution)
    resolution = (
        MeetingView(
            office="clerk",
            body="congress",
            title=_("大会通过决议"),
            form=forms.ResolutionForm,
            members=selectors.deputies_in_office,
            standard=standard_of,
            act=services.resolve,
            context=selectors.result_page,
            page="steps/voting/result.html",
            irreversible=True,
            basis=_("《地方组织法》第二十五条：以全体代表的过半数通过；闭会前通过"),
            output=_("关于确定年度民生实事项目的决议"),
            hint=_("未通过的，可以修改后再次提请大会表决。"),
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
        basis=_("票决结果由大会主席团发布公告"),
        output=_("公告"),
    ).Next(this.hand_on)
    hand_on = nodes.Function(this.begin_after_vote).Next(this.end)
    end = OfficeEnd()

    def begin_after_vote(self, activation: Any) -> None:
        """The year goes on to supervision; what is left of the vote goes its own way."""
        cycle = activation.process.artifact
        AfterVoteFlow.begin(cycle)
        if selectors.leaves_places(cycle):
            RemainderFlow.begin(cycle)


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
    put = Gate(selectors.is_in_state(VoteState.DEFINED)).Then(this.vote).Else(this.tell_left)
    vote = SubFlow(lambda: VotingFlow, _("余下名额另行票决")).Next(this.elected)
    elected = nodes.Function(this.tell_rooms).Next(this.end)
    tell_left = telling(_("告知提出人余下名额的结果")).Next(this.end)
    end = OfficeEnd()

    def tell_rooms(self, activation: Any) -> None:
        """What was elected besides goes on as the year's other projects do."""
        for listener in _when_elected_later:
            listener(current_act(), activation.process.artifact)


class AfterVoteFlow(SinceVoteFlow):
    """票决后续事项"""

    room, step = "voting", 4
    process_title = _("票决后续事项")

    start = Begin().Next(this.split)
    split = nodes.Split().Next(this.opinions).Next(this.tell_proposers).Next(this.file_county)
    opinions = Gate(selectors.has_opinions).Then(this.hand_opinions).Else(this.all_done)
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
            basis=_("交办后三个月内向主席团报告；意见不明确的退回主席团"),
            output=_("研究处理情况报告"),
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
        context=selectors.filing_page,
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
    turn_confirm = OfficeView(
        office="teller",
        title=_("确认电子票改为纸质票"),
        form=forms.SecondForm,
        act=services.turn_to_paper,
        context=selectors.turning,
        page="steps/voting/confirm.html",
        irreversible=True,
        in_person=True,
        basis=_("电子票少于规定张数的不单独计票，由总监票人和监票人两人决定作废，代表改投纸质票"),
        output=_("作废的电子票张数、发出纸质票张数"),
        hint=_("同意后，已投出的电子票未经开启即行作废，不能恢复。"),
    ).Next(this.end)
    end = OfficeEnd()


def second_to_recount(act: Act, cycle: Any, *, decision: str, reason: str) -> Outcome:
    """复票 once a teller agrees: the ballots are returned, keyed and signed again in a record that names the old one."""
    if decision != forms.SecondForm.AGREE:
        return services.declined(act, cycle, "recount", reason=reason)
    if reasons := services.obstacles_to_recount(cycle, act.at):
        raise Refused(*reasons)
    waiting = witnessing.entered(selectors.vote_of(cycle), "recount")
    with beginning_anew(act, cycle, reason=waiting.figures["reason"] if waiting else ""):
        _vote, asked = services.agreed(act, cycle, "recount")
        return services.recount(act, cycle, reason=asked)


class RecountFlow(YearlyFlow):
    """复票"""

    room, step = "voting", 4
    process_title = _("复票")

    start = Begin().Next(this.recount_confirm)
    recount_confirm = OfficeView(
        office="teller",
        title=_("确认复票"),
        form=forms.SecondForm,
        act=second_to_recount,
        context=selectors.recounting,
        page="steps/voting/confirm.html",
        irreversible=True,
        in_person=True,
        basis=_("复票由总监票人提出、监票人确认；已签字的计票结果不改动，另立新的记录并写明理由"),
        output=_("新的计票记录，由另外两名计票人录入并与前次比较"),
    ).Next(this.end)
    end = OfficeEnd()


def second_to_void(act: Act, cycle: Any, *, decision: str, reason: str) -> Outcome:
    """决定重新投票 once the chair has confirmed the presidium's minutes: attendance is counted again."""
    if decision != forms.SecondForm.AGREE:
        return services.declined(act, cycle, "void", reason=reason)
    if reasons := services.obstacles_to_new_vote(cycle, act.at):
        raise Refused(*reasons)
    with beginning_anew(act, cycle, reason=str(VoidFlow.process_title)):
        return services.order_new_vote(act, cycle, title=str(VoidFlow.process_title))


class VoidFlow(YearlyFlow):
    """决定重新投票"""

    room, step = "voting", 4
    process_title = _("决定重新投票")

    start = Begin().Next(this.void_confirm)
    void_confirm = OfficeView(
        office="chair",
        title=_("确认重新投票"),
        form=forms.SecondForm,
        act=second_to_void,
        context=selectors.voiding,
        page="steps/voting/confirm.html",
        irreversible=True,
        in_person=True,
        basis=_("重新投票由主席团会议决定，会议主持人核对纪要后确认；原投票保留备查"),
        output=_("主席团会议纪要，重新进行的投票"),
        hint=_("同意后，进行中的投票即行作废，从清点到会人数重新开始。"),
    ).Next(this.end)
    end = OfficeEnd()


ASKED = {"turn": TurnFlow, "recount": RecountFlow, "void": VoidFlow}


def _call_off_asked(act: Act, vote: Vote, what: str, reason: str) -> None:
    """Nobody needs the second person's answer any more: the task leaves the inbox, and the trail says why."""
    cycle = cycle_of(vote)
    if cycle and vote.purpose in PROJECTS:
        call_off(ASKED[what], cycle, act, reason=reason)


witnessing.on_overtaken(_call_off_asked)


@contextmanager
def beginning_anew(
    act: Act, subject: Any, *, reason: str, flow: type[YearlyFlow] | None = None
) -> Iterator[None]:
    """Hold the running vote's flow for a block, then call it off and begin it again where the vote now stands.

    Whoever waited for the old one waits for the new one. The flow is locked before any vote, as every task does.
    flow: that of another vote than the one on the year's projects, on its own subject.
    """
    flow = flow or VotingFlow
    process = running(flow, subject).select_related("parent_task").get()
    with transaction.atomic(), flow.lock(process.pk):
        yield
        cancel_flow(process, act, reason=reason)
        flow.begin(subject, parent=process.parent_task)
