"""The steps a flow draws a vote at the desk with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from projects.ballots import boxes, forms, keys, witnessing
from projects.ballots import figures as fig
from projects.ballots.desk.acts import Desk, Text
from projects.ballots.models import Vote, VoteState
from projects.ballots.selectors import agreed_on_paper, awaits_order, lacks_paper
from projects.ballots.services import void_on_return
from workflow.audit.services import Act
from workflow.flows.base import OfficeFlow
from workflow.flows.forms import StepForm
from workflow.flows.models import Meeting
from workflow.flows.nodes import Gate, MeetingView, OfficeView, Switch
from workflow.flows.services import Outcome

AboutVote = TypeVar("AboutVote", bound=forms.VoteForm)
# Said where the step is done: what it has come to, what is to be printed now, what the announced result leads to.
BECAME, TO_PRINT = "steps/voting/_became.html", "steps/voting/_to_print.html"
LEADS_ON = "steps/voting/_leads_on.html"


@dataclass(frozen=True)
class DeskSteps:
    """One kind of vote at the desk as its room draws its flow: the steps, their forms, what its gates ask."""

    desk: Desk

    def _step(self, title: Text, **kwargs: Any) -> OfficeView:
        view = OfficeView(title=self.desk.titled(title), **kwargs)
        view.vote_of = self.desk.vote_of
        return view

    def form(self, form: type[AboutVote]) -> type[AboutVote]:
        """A form about this kind of vote, for an act or a step that does not say which it is about."""
        return type(form.__name__, (form,), {"vote_of": staticmethod(self.desk.vote_of)})

    def holding(self, office: str, title: Text) -> OfficeView:
        """One of the three steps that make the key of a vote by device."""
        return self._step(
            title,
            office=office,
            form=forms.KeyForm,
            act=self.desk.hold_key,
            context=self.desk.at_keys,
            page="steps/voting/keys.html",
            basis=_("电子票的密钥分三份保管，两份合并方可开箱；口令只有本人知道"),
            output=_("本次投票的密钥"),
            stays=_("口令只有本人知道，密钥随即生成；保管人更换的，由主席团决定后重新设定。"),
            handed_out=TO_PRINT,
            handed_told=self.desk.recovery_to_print,
            hint=_(
                "请用一句自己记得住的话，写在纸上密封保存。口令不能找回；一人忘记的，可凭事先打印的密钥恢复单，或者由另两人开箱。"
            ),
        )

    def attendance(self, *, form: type[StepForm] = forms.AttendanceForm) -> OfficeView:
        return self._step(
            _("清点到会人数"),
            office="clerk",
            form=form,
            act=self.desk.attend,
            obstacles=self.desk.ready,
            context=self.desk.at_desk,
            page="steps/voting/desk.html",
            basis=_("《地方组织法》第十四条：全体代表的三分之二以上出席"),
            output=_("应到、请假、实到人数"),
            handed_out=BECAME,
            handed_told=self.desk.below_quorum,
            hint=_("电子投票的，开始投票后请打印投票码，当面交给不用本人账号投票的代表。"),
            stays=_("到会人数是能否开始投票的依据；有变动的，由主持人退回重新清点。"),
        )

    def opening_step(self) -> OfficeView:
        return self._step(
            _("开始投票"),
            office="chair",
            form=forms.OpenForm,
            act=self.desk.enter_opening,
            obstacles=self.desk.obstacles,
            context=self.desk.at_desk,
            page="steps/voting/desk.html",
            irreversible=True,
            in_person=True,
            basis=_("《地方组织法》第十四条；发出的票不多于实到代表"),
            hint=_("总监票人确认后投票才开始。人数有变动的，退回重新清点。"),
            second=_("提交后本人不能撤回；总监票人确认后生效，数字不符的由其退回。请逐项核对。"),
        )

    def confirming_opening(self) -> OfficeView:
        return self._step(
            _("确认开始投票"),
            office="chief_teller",
            form=forms.ConfirmOpenForm,
            act=self.desk.confirm_opening,
            obstacles=self.desk.obstacles,
            barred=self.desk.barred_from_opening,
            on_return=self.desk.send_back_opening,
            context=self.desk.at_opening,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("投票由主持人和总监票人两人共同开始；投票前当众检查票箱"),
            output=_("开始投票的时间、发出张数和到会名册"),
            handed_out=TO_PRINT,
            handed_told=self.desk.codes_to_print,
            hint=_("开始后，票面和到会人数不再变动。数字不符的，退回主持人。"),
        )

    def _counting_returned(self, title: Text, **told: Text) -> OfficeView:
        """The chief teller's count of what came back."""
        return self._step(
            title,
            office="chief_teller",
            form=forms.CloseForm,
            act=self.desk.enter_closing,
            context=self.desk.at_desk,
            page="steps/voting/desk.html",
            irreversible=True,
            in_person=True,
            second=_("提交后本人不能撤回；监票人确认后生效，数字不符的由其退回。请逐项核对。"),
            **told,
        )

    def _confirming_returned(self, title: Text, **told: Text) -> OfficeView:
        """Another teller's confirmation of it."""
        return self._step(
            title,
            office="teller",
            form=forms.ConfirmCloseForm,
            act=self.desk.confirm_closing,
            barred=self.desk.barred_from_closing,
            on_return=self.desk.send_back_closing,
            context=self._at_closing,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            handed_out=BECAME,
            handed_told=self.desk.became,
            **told,
        )

    def _at_closing(self, subject: Any) -> dict[str, Any]:
        """What is to be confirmed, and what whoever entered it was warned of."""
        return self.desk.at_closing(subject) | {"warned": forms.warned_on_return(self.desk.vote_of(subject))}

    def closing_step(self) -> OfficeView:
        return self._counting_returned(
            _("截止投票"),
            basis=_("收回的票等于或少于发出的，投票有效；多于发出的，投票无效，由主席团决定重新投票"),
            output=_("发出、收回张数；会场表决器表决的，表决器记录的人数"),
            hint=_("监票人确认后生效；数字不符的，由监票人退回重新清点。"),
        )

    def confirming_closing(self) -> OfficeView:
        return self._confirming_returned(
            _("确认截止投票"),
            basis=_("投票由总监票人和监票人两人共同截止；收回多于发出的，投票无效，由主席团决定重新投票"),
            output=_("截止投票的时间、收回张数；电子投票的，票箱封存"),
            hint=_("确认后票箱即行封存，不再收票。数字不符的，退回总监票人重新清点。"),
        )

    def counting_again(self) -> OfficeView:
        """A recount's first step: what came back is counted once more. Nobody votes, nothing is handed out or in."""
        return self._counting_returned(
            _("复票清点"),
            basis=_("复票对已收回的票重新清点、计票；票多于发出的，投票无效，由主席团决定重新投票"),
            output=_("重新清点的张数"),
            hint=_("监票人确认后，重新计票；数字不符的，由监票人退回再次清点。"),
        )

    def confirming_count_again(self) -> OfficeView:
        return self._confirming_returned(
            _("确认复票清点"),
            basis=_("复票由总监票人和监票人两人共同清点；票多于发出的，投票无效，由主席团决定重新投票"),
            output=_("重新清点的张数；电子投票的，核对封存的票箱"),
            hint=_("与前次不同的，请先共同复核。数字不符的，退回总监票人再次清点。"),
        )

    def deciding_anew(self, name: str) -> MeetingView:
        """The presidium decides on another vote where more came back than was issued; name: the step's own in its flow.

        What is void has no result, and nothing but another vote gives it one: where no decision to vote again is reached the
        refusal is recorded with its reason and the matter stays with the presidium.
        """

        def answer(act: Act, subject: Any, *, meeting: Meeting, return_reason: str) -> Outcome:
            if not meeting.agreed:
                return Outcome(returns_to=name, reason=return_reason)
            return self.desk.decide_on_new_vote(act, subject, meeting)

        return MeetingView(
            office="presidium",
            title=self.desk.titled(_("主席团决定重新投票")),
            form=self.form(forms.VoteAnewForm),
            act=answer,
            context=self.desk.at_desk,
            page="steps/voting/desk.html",
            irreversible=True,
            basis=_("票决办法：收回的票多于发出的，投票无效，由主席团决定重新投票；原投票保留备查"),
            output=_("主席团会议纪要"),
            hint=_("决定以后，从清点到会人数起重新投票；没有形成决定的，由主席团再次会议决定。"),
        )

    def confirming_turn(self) -> OfficeView:
        """A teller agrees that the box is emptied and all vote on paper, or not."""

        def answer(act: Act, subject: Any, *, decision: str, reason: str) -> Outcome:
            if decision != forms.SecondForm.AGREE:
                return self.desk.decline(act, subject, "turn", reason=reason)
            return self.desk.turn_to_paper(act, subject)

        return self._step(
            _("确认电子票改为纸质票"),
            office="teller",
            form=forms.SecondForm,
            act=answer,
            context=self.desk.at_turning,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("电子票少于规定张数的不单独计票，由总监票人和监票人两人决定作废，代表改投纸质票"),
            output=_("作废的电子票张数、发出纸质票张数"),
            hint=_("同意后，已投出的电子票未经开启即行作废，不能恢复。"),
            then=_(
                "没有转出的事项。请即向原用电子票的代表发放纸质票，由其当场投票；截止投票时由总监票人清点。"
            ),
        )

    def confirming_recount(self, anew: type[OfficeFlow], counting: OfficeView) -> OfficeView:
        """A teller agrees to a recount or not; anew: the vote's flow, which begins again with its `counting`."""

        def answer(act: Act, subject: Any, *, decision: str, reason: str) -> Outcome:
            if decision != forms.SecondForm.AGREE:
                return self.desk.decline(act, subject, "recount", reason=reason)
            return self.desk.recount(act, subject, anew)

        return self._step(
            _("确认复票"),
            office="teller",
            form=forms.SecondForm,
            act=answer,
            context=self.desk.at_recount,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("复票由总监票人提出、监票人确认；已签字的计票结果不改动，另立新的记录并写明理由"),
            output=_("新的计票记录，由另外两名计票人录入并与前次比较"),
            begins=counting,
        )

    def confirming_void(self, anew: type[OfficeFlow], attendance: OfficeView, *, title: Text) -> OfficeView:
        """The chair agrees that the vote is void or not; title: what the presidium met on.

        anew: the vote's flow, which begins again with its `attendance`: the keys of a vote by device stay with their holders.
        """

        def answer(act: Act, subject: Any, *, decision: str, reason: str) -> Outcome:
            if decision != forms.SecondForm.AGREE:
                return self.desk.decline(act, subject, "void", reason=reason)
            return self.desk.order_new_vote(act, subject, anew, title)

        return self._step(
            _("确认重新投票"),
            office="chair",
            form=forms.SecondForm,
            act=answer,
            context=self.desk.at_void,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("重新投票由主席团会议决定，会议主持人核对纪要后确认；原投票保留备查"),
            output=_("主席团会议纪要，重新进行的投票"),
            hint=_("同意后，进行中的投票即行作废，从清点到会人数重新开始。"),
            begins=attendance,
        )

    def keying(self, turn: int) -> OfficeView:
        first, second = _("第一次录入计票"), _("第二次录入计票")
        own, other = (first, second) if turn == 1 else (second, first)
        return self._step(
            own,
            office="counter",
            form=forms.TallyForm,
            act=self.desk.key_first if turn == 1 else self.desk.key_second,
            barred=self.desk.barred_from_keying,
            what_follows=lambda subject: self.desk.after_keying(subject, self.desk.titled(other)),
            context=self.desk.at_keying,
            page="steps/voting/keying.html",
            in_person=True,
            basis=_("无记名投票；两名计票人分别录入，相符方可签字"),
            handed_out=BECAME,
            handed_told=self.desk.became,
        )

    def box(self) -> OfficeView:
        return self._step(
            _("开箱计票"),
            office="chief_teller",
            form=forms.OpenBoxForm,
            act=self.desk.open_box,
            context=self.desk.at_box,
            page="steps/voting/open_box.html",
            in_person=True,
            basis=_("两名密钥保管人同时在场输入口令方可开箱；电子票与纸质票合并计票，不分别公布"),
            output=_("合并后的票数"),
        )

    def signing(self, office: str, title: Text) -> OfficeView:
        return self._step(
            title,
            office=office,
            form=forms.SignForm,
            act=self.desk.sign,
            barred=self.desk.barred_from_signing,
            what_follows=self.desk.after_signing,
            context=self.desk.at_signing,
            page="steps/voting/signing.html",
            irreversible=True,
            in_person=True,
            basis=_("总监票人、监票人核对无误后签字；票数不平衡的不能签字"),
            output=_("计票结果报告单"),
        )

    def declaring(
        self,
        act: Callable[..., Any],
        *,
        form: type[StepForm],
        basis: Text,
        output: Text,
        title: Text,
        leads_on: bool = False,
    ) -> OfficeView:
        """The chair announces the result; act: the room's, on the subject. leads_on: more may have to be voted on after it.

        One person, and rightly so (rules.md §6.2, report; steps.md 4, declare): the chair reads out what the chief teller
        and a teller have signed and decides nothing, and is refused what is not as they signed it (`services.declare`).
        The two people of integrity.md §3 are those signatures. That the same chair presides over the presidium's meeting
        which issues the 公告 later is the office's: the body decides on that, by its own attendance and votes.
        """
        return self._step(
            title,
            office="chair",
            form=form,
            act=act,
            context=self.desk.at_signing,
            page="steps/voting/signing.html",
            irreversible=True,
            in_person=True,
            basis=basis,
            output=output,
            handed_out=LEADS_ON if leads_on else "",
            handed_told=self.desk.announced if leads_on else None,
        )

    # A gate's condition is asked once a step is done; what it foretells, before: None where the step itself decides.

    def gate(
        self,
        question: Callable[[Vote], Any],
        foretold: Callable[[Vote | None], bool | None],
        *,
        withheld: bool = False,
    ) -> Gate:
        """A gate on the vote; foretold: the vote as it stands before the step, None before there is one."""
        return Gate(self.asks(question), foretold=self.foretells(foretold), withheld=withheld)

    def foretells(self, answer: Callable[[Vote | None], bool | None]) -> Callable[[Any], bool | None]:
        """What a gate on the vote foretells."""
        return lambda subject: answer(self.desk.current(subject))

    def ballots_are_out(self) -> Gate:
        """Whether the vote is open where its flow begins: a recount is, with the ballots issued before."""
        return self.gate(_is_open, lambda vote: vote is not None and _is_open(vote))

    def awaits_order(self) -> Gate:
        """Whether the presidium has yet to decide on this vote in place of a void one."""
        return self.gate(awaits_order, _will_await_order)

    def lacks_keys(self) -> Gate:
        """Whether the key of a vote by device has yet to be made."""
        return self.gate(keys.needs_keys, _will_lack_keys)

    def is_closed(self) -> Gate:
        """Whether the closing has closed the vote, and not made it void."""
        return self.gate(lambda vote: vote.state == VoteState.CLOSED, _will_be_closed)

    def has_paper(self) -> Gate:
        """Whether there is paper to key, or nothing at all, which is keyed as nothing."""
        return self.gate(
            lambda vote: fig.to_key(vote, "issued") or not boxes.waits_to_be_opened(vote), _will_have_paper
        )

    def keyed(self, *, sign: Any, box: Any, again: Any) -> Switch:
        """Once two have keyed: the tally is signed, the box is opened, or the paper is keyed again. Pages say it in words
        (`Desk.after_keying`)."""
        waits = boxes.waits_to_be_opened
        return (
            Switch()
            .Case(sign, self.is_in(VoteState.KEYED))
            .Case(box, self.asks(lambda vote: waits(vote) and agreed_on_paper(vote) is not None))
            .Default(again)
        )

    def asks(self, question: Callable[[Vote], Any]) -> Callable[[Any], bool]:
        """A gate's condition on the vote."""
        return lambda activation: bool(question(self.desk.vote_of(activation.process.artifact)))

    def is_in(self, *states: str) -> Callable[[Any], bool]:
        """A gate: whether the vote is in one of these states."""
        return self.asks(lambda vote: vote.state in states)

    def lacks_paper(self, subject: Any) -> bool:
        """A gate known beforehand: whether a backup gave the vote back without its paper, which is keyed again."""
        return lacks_paper(self.desk.vote_of(subject))


def _is_open(vote: Vote) -> bool:
    return vote.state == VoteState.OPEN


def _will_await_order(vote: Vote | None) -> bool:
    # From an open vote nothing leads here but a closing that makes it void: no presidium has decided on what follows it.
    return vote is not None and (_is_open(vote) or awaits_order(vote))


def _will_lack_keys(vote: Vote | None) -> bool | None:
    if vote is None:
        return None
    # Beyond a vote that is over another one is defined, held the same way.
    return keys.needs_keys(vote) if vote.state == VoteState.DEFINED else vote.device


def _will_be_closed(vote: Vote | None) -> bool | None:
    entered = witnessing.entered(vote, "close") if vote and _is_open(vote) else None
    if vote is None or entered is None:
        return None
    figures = entered.figures
    return not void_on_return(vote, figures["returned"], figures.get("paper_returned", 0))


def _will_have_paper(vote: Vote | None) -> bool | None:
    if vote is None:
        return None
    if not vote.device or fig.to_key(vote, "issued"):
        return True
    # While it is open ballots may still come; those that are in stay in.
    return False if boxes.marks_on_roll(vote) else None
