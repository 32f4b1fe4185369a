"""The tellers' desk for any vote beside that of the year's projects: its acts, and the steps a flow is drawn with.

A room says where its vote is, what it is called, what has to be there before anybody votes and what follows its end; how
it is opened, counted, balanced and signed is `services` and the same for all (rules.md §6.2, integrity.md §2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from projects.ballots import boxes, forms, keys, services, witnessing
from projects.ballots import figures as fig
from projects.ballots.models import Vote, VoteState
from projects.ballots.outcomes import lines_told, outcome_of
from projects.ballots.reporting import make_report, publish_trackers
from projects.ballots.selectors import (
    STANDING,
    agreed_on_paper,
    compared_with_first,
    desk_of,
    entered_on,
    last_rejection,
)
from projects.cycles.selectors import cycle_of
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.forms import StepForm
from workflow.flows.nodes import OfficeView
from workflow.flows.services import Outcome

Text = str | Promise


def _nothing(*_anything: Any) -> None:
    """What a room does where it has nothing to do."""


@dataclass(frozen=True)
class Desk:
    """One kind of vote at the desk. vote_of: subject → its vote; Vote.DoesNotExist before there is one.

    name stands before each step's title, paper is what the ballot is called. ready: subject, at → what is missing before
    anybody is counted. attending: act, subject, vote → what the room does at the roll call. replaced: act, old, new,
    where a void vote or a recount puts another in its place. facts: subject → what its pages show besides.
    """

    vote_of: Callable[[Any], Vote]
    name: Text
    paper: Text
    ready: Callable[[Any, datetime], Sequence[str]]
    attending: Callable[[Act, Any, Vote], None] = field(default=_nothing)
    replaced: Callable[[Act, Vote, Vote], None] = field(default=_nothing)
    facts: Callable[[Any], dict[str, Any]] = field(default=lambda _subject: {})

    # ------------------------------------------------------------------------------- acts

    def locked(self, subject: Any) -> Vote:
        """The subject's vote with its row locked."""
        return Vote.objects.select_for_update(of=("self",)).get(pk=self.vote_of(subject).pk)

    def attend(self, act: Act, subject: Any, **figures: Any) -> None:
        """应到、请假、实到."""
        vote = self.locked(subject)
        self.attending(act, subject, vote)
        services.record_attendance(act, vote, **figures)

    def obstacles(self, subject: Any, at: datetime) -> list[str]:
        """What keeps the vote from opening: what the room asks for, the quorum, the keys."""
        vote = self.vote_of(subject)
        return [
            *self.ready(subject, at),
            *services.obstacles_to_quorum(vote),
            *keys.obstacles_to_opening(vote),
        ]

    def enter_opening(
        self, act: Act, subject: Any, *, issued: int | None = None, on_paper: Sequence[str] = ()
    ) -> None:
        """The chair says what is issued, on the attendance last counted; by device everybody present has a ballot."""
        vote = self.vote_of(subject)
        present = vote.deputies_present or 0
        services.enter_opening(
            act, vote, issued=present if issued is None else issued, on_paper=[int(line) for line in on_paper]
        )

    def confirm_opening(self, act: Act, subject: Any, **_confirmed: bool) -> Outcome:
        """The chief teller confirms exactly what the chair entered, and the vote is open."""
        vote = self.vote_of(subject)
        told = self._entered(vote, "open")
        services.confirm_opening(act, vote)
        return Outcome(after=told)

    def enter_closing(self, act: Act, subject: Any, *, returned: int) -> None:
        """The chief teller says how many came back."""
        services.enter_closing(act, self.vote_of(subject), returned=returned)

    def confirm_closing(self, act: Act, subject: Any, **_confirmed: bool) -> Outcome:
        """A teller confirms; more returned than issued makes the vote void, and another takes its place."""
        vote, cycle = self.vote_of(subject), cycle_of(subject)
        told = self._entered(vote, "close")
        now = services.confirm_closing(act, vote)
        if now != vote:
            self.replaced(act, vote, now)
            return Outcome(after=told | {"void": vote.reference, "new_vote": now.reference})
        if cycle:
            publish_trackers(act, cycle, vote)
        return Outcome(after=told)

    def send_back_opening(self, act: Act, subject: Any, **_why: str) -> None:
        services.send_back(self.vote_of(subject), "open")

    def send_back_closing(self, act: Act, subject: Any, **_why: str) -> None:
        services.send_back(self.vote_of(subject), "close")

    def _entered(self, vote: Vote, what: str) -> dict[str, Any]:
        """What the second person's entry says of the first's: the figures and whose they are."""
        found = witnessing.entered(vote, what)
        figures = found.figures | {"entered_by": found.by.username} if found else {}
        return figures | ({"on_paper": len(figures["on_paper"])} if "on_paper" in figures else {})

    def hold_key(self, act: Act, subject: Any, *, passphrase: str, **_repeated: str) -> None:
        keys.hold_key(act, self.locked(subject), act.office, passphrase)

    def key_first(self, act: Act, subject: Any, **figures: int) -> Outcome | None:
        return self._key(act, subject, 1, **figures)

    def key_second(self, act: Act, subject: Any, **figures: int) -> Outcome | None:
        return self._key(act, subject, 2, **figures)

    def _key(
        self, act: Act, subject: Any, turn: int, *, valid: int, invalid: int, **marks: int
    ) -> Outcome | None:
        vote = self.vote_of(subject)
        figures = fig.sheet(vote, valid=valid, invalid=invalid, marks=marks)
        rejected = services.key_tally(act, vote, turn=turn, figures=figures)
        if not rejected:
            return None
        return Outcome(
            after={"accepted": False, "differ": rejected.places, "unbalanced": len(rejected.problems)}
        )

    def open_box(self, act: Act, subject: Any, **given: str) -> None:
        first, second = (
            keys.Opening(given[which], given[f"{which}_passphrase"], given[f"{which}_sheet"])
            for which in ("first", "second")
        )
        services.open_box(act, self.vote_of(subject), first, second, because=given.get("because", ""))

    def sign(self, act: Act, subject: Any, **_confirmed: bool) -> Outcome:
        """A teller's signature in the office the step is of; with the second the report is made."""
        vote, cycle = self.vote_of(subject), cycle_of(subject)
        signed = services.sign(act, vote, act.office)
        # A digest of figures is as good as the figures to whoever tries them all: none before both have signed.
        if not signed.certified or cycle is None:
            return Outcome()
        make_report(act, cycle, vote, signed.digest)
        return Outcome(after={"digest": signed.digest})

    def declare(self, act: Act, subject: Any) -> Vote:
        """The chair announces the result, and it is not counted again."""
        vote = self.vote_of(subject)
        services.declare(act, vote)
        witnessing.overtake(act, Vote.objects.filter(pk=vote.pk), reason=str(_("结果已经宣布，不再复票。")))
        return vote

    def void_vote(self, act: Act, subject: Any, meets: Callable[[witnessing.Entered], Any]) -> Outcome:
        """The chair confirms the presidium's minutes: the vote under way is void, another takes its place.

        meets: what was entered of the presidium's meeting → its record.
        """
        if reasons := self.obstacles_to_new_vote(subject, act.at):
            raise Refused(*reasons)
        vote = self.locked(subject)
        asked = witnessing.confirm(act, vote, "void")
        meets(asked)
        reason = asked.figures["reason"]
        now = services.void_vote(act, vote, reason=reason)
        self.replaced(act, vote, now)
        told = {"agreed": True, "void": vote.reference, "new_vote": now.reference}
        return Outcome(after=told, reason=reason)

    def ask(self, act: Act, subject: Any, what: str, *, reason: str, **more: Any) -> Outcome:
        """Asked for by one ("recount", "void"); a second person's agreement does it."""
        witnessing.enter(act, self.locked(subject), what, {"reason": reason, **more})
        return Outcome(reason=reason)

    def decline(self, act: Act, subject: Any, what: str, *, reason: str) -> Outcome:
        """The second person does not agree: nothing is done."""
        services.send_back(self.vote_of(subject), what)
        return Outcome(after={"agreed": False}, reason=reason)

    def recount(self, act: Act, subject: Any) -> Outcome:
        """The second person agrees: the ballots are counted again in a new record that names the old one."""
        if reasons := self.obstacles_to_recount(subject, act.at):
            raise Refused(*reasons)
        vote = self.locked(subject)
        reason = witnessing.confirm(act, vote, "recount").figures["reason"]
        now = services.recount(act, vote, reason=reason)
        self.replaced(act, vote, now)
        return Outcome(after={"agreed": True, "of": vote.reference, "new_vote": now.reference}, reason=reason)

    def obstacles_to_new_vote(self, subject: Any, at: datetime) -> list[str]:
        """Why the presidium cannot order a new vote now: none under way, or signed already."""
        if self._state(subject) in (VoteState.OPEN, VoteState.CLOSED, VoteState.KEYED):
            return []
        return [str(_("没有正在进行、尚未签字的投票。"))]

    def obstacles_to_recount(self, subject: Any, at: datetime) -> list[str]:
        """Why the ballots cannot be counted again now: not collected, or announced already."""
        if self._state(subject) in (VoteState.CLOSED, VoteState.KEYED, VoteState.CERTIFIED):
            return []
        return [str(_("票尚未收回，或结果已经宣布，不能复票。"))]

    def obstacles_to_asking_recount(self, subject: Any, at: datetime) -> list[str]:
        """The same, and that it is asked for already."""
        if found := self.obstacles_to_recount(subject, at):
            return found
        return witnessing.obstacles_to_asking(self.vote_of(subject), "recount")

    def obstacles_to_asking_void(self, subject: Any, at: datetime) -> list[str]:
        """Why no new vote can be asked for now; that it waits for the chair already."""
        if found := self.obstacles_to_new_vote(subject, at):
            return found
        return witnessing.obstacles_to_asking(self.vote_of(subject), "void")

    def _state(self, subject: Any) -> str:
        try:
            return str(self.vote_of(subject).state)
        except Vote.DoesNotExist:
            return ""

    # ------------------------------------------------------------------------------- what a flow asks

    def asks(self, question: Callable[[Vote], Any]) -> Callable[[Any], bool]:
        """A gate's condition on the vote."""
        return lambda activation: bool(question(self.vote_of(activation.process.artifact)))

    def is_in(self, *states: str) -> Callable[[Any], bool]:
        """A gate: whether the vote is in one of these states."""
        return self.asks(lambda vote: vote.state in states)

    @property
    def lacks_keys(self) -> Callable[[Any], bool]:
        return self.asks(keys.needs_keys)

    @property
    def has_paper(self) -> Callable[[Any], bool]:
        """A gate: whether there is paper to key, or nothing at all, which is keyed as nothing."""
        return self.asks(lambda vote: fig.on_paper(vote, "issued") or not boxes.waits_to_be_opened(vote))

    @property
    def box_is_next(self) -> Callable[[Any], bool]:
        """A gate: the paper's keyings stand, the box waits."""
        return self.asks(lambda vote: boxes.waits_to_be_opened(vote) and agreed_on_paper(vote) is not None)

    # ------------------------------------------------------------------------------- pages

    def at_desk(self, subject: Any) -> dict[str, Any]:
        """People and papers, and what stands on the ballot; no sum."""
        vote = self.vote_of(subject)
        told = {"desk": desk_of(vote), "vote": vote, "options": list(vote.options.all())}
        return self.facts(subject) | told

    def at_opening(self, subject: Any) -> dict[str, Any]:
        """The desk with what the chair entered, for the chief teller to confirm."""
        return self.at_desk(subject) | {"entered": entered_on(self.vote_of(subject), "open")}

    def at_closing(self, subject: Any) -> dict[str, Any]:
        """The desk with what the chief teller counted, for a teller to confirm."""
        return self.at_desk(subject) | {"entered": entered_on(self.vote_of(subject), "close")}

    def at_recount(self, subject: Any) -> dict[str, Any]:
        """The desk with why the ballots are to be counted again."""
        return self.at_desk(subject) | {"entered": entered_on(self.vote_of(subject), "recount")}

    def at_void(self, subject: Any) -> dict[str, Any]:
        """The desk with the presidium's minutes, for the chair to confirm."""
        return self.at_desk(subject) | {"entered": entered_on(self.vote_of(subject), "void")}

    def at_keys(self, subject: Any) -> dict[str, Any]:
        """The desk with who has set a passphrase; never a share."""
        there = {one.office: one.by for one in self.vote_of(subject).holders.select_related("by")}
        holders = [{"title": title, "by": there.get(office)} for office, title in keys.HOLDERS.items()]
        return self.at_desk(subject) | {"holders": holders}

    def at_keying(self, subject: Any) -> dict[str, Any]:
        """What a counter sees before keying: where the round before went wrong, never a keyed figure."""
        rejected = last_rejection(self.vote_of(subject))
        return self.at_desk(subject) | {
            "differ": rejected.places if rejected else [],
            "unbalanced": [problem.sentence for problem in rejected.problems] if rejected else [],
        }

    def at_signing(self, subject: Any) -> dict[str, Any]:
        """The accepted tally as it is signed: sums, the reconciliation line by line, what follows from them."""
        vote = self.vote_of(subject)
        if vote.state not in (VoteState.KEYED, *STANDING):
            return self.at_desk(subject)
        counted = fig.decided(vote)
        told = outcome_of(vote, counted)
        return self.at_desk(subject) | {
            "figures": [word for word, _n in fig.told(vote, told["sums"][fig.titles_of(vote)[0]])],
            "rows": [
                line | {"figures": fig.told(vote, told["sums"][line["title"]])}
                for line in lines_told(vote, told)
            ],
            "equations": fig.equations(vote),
            "valid": counted.count.valid,
            "invalid": counted.count.invalid,
            "spoiled": fig.spoiled_of(vote),
            "compared": compared_with_first(vote),
            "digest": fig.digest_of(vote),
        }

    # ------------------------------------------------------------------------------- steps

    def _step(self, title: Text, **kwargs: Any) -> OfficeView:
        view = OfficeView(title=format_lazy("{}：{}", self.name, title), **kwargs)
        view.vote_of = self.vote_of
        return view

    def holding(self, office: str, title: Text) -> OfficeView:
        """One of the three steps that make the key of a vote by device."""
        return self._step(
            title,
            office=office,
            form=forms.KeyForm,
            act=self.hold_key,
            context=self.at_keys,
            page="steps/voting/keys.html",
            basis=_("电子票的密钥分三份保管，两份合并方可开箱；口令只有本人知道"),
            output=_("本次投票的密钥"),
        )

    def attendance(self, *, form: type[StepForm] = forms.AttendanceForm) -> OfficeView:
        return self._step(
            _("清点到会人数"),
            office="clerk",
            form=form,
            act=self.attend,
            obstacles=self.ready,
            context=self.at_desk,
            page="steps/voting/desk.html",
            basis=_("《地方组织法》第十四条：全体代表的三分之二以上出席"),
            output=_("应到、请假、实到人数"),
        )

    def opening_step(self) -> OfficeView:
        return self._step(
            format_lazy("{}{}", _("发出"), self.paper),
            office="chair",
            form=forms.OpenForm,
            act=self.enter_opening,
            obstacles=self.obstacles,
            context=self.at_desk,
            page="steps/voting/desk.html",
            irreversible=True,
            in_person=True,
            basis=_("《地方组织法》第十四条；发出的票不多于实到代表"),
            hint=_("总监票人确认后投票才开始。人数有变动的，退回重新清点。"),
        )

    def confirming_opening(self) -> OfficeView:
        return self._step(
            _("确认开始投票"),
            office="chief_teller",
            form=forms.ConfirmOpenForm,
            act=self.confirm_opening,
            obstacles=self.obstacles,
            on_return=self.send_back_opening,
            context=self.at_opening,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("投票由主持人和总监票人两人共同开始；投票前当众检查票箱"),
            output=_("开始投票的时间、发出张数和到会名册"),
            hint=_("开始后，票面和到会人数不再变动。数字不符的，退回主持人。"),
        )

    def closing_step(self) -> OfficeView:
        return self._step(
            format_lazy("{}{}", _("收回"), self.paper),
            office="chief_teller",
            form=forms.CloseForm,
            act=self.enter_closing,
            context=self.at_desk,
            page="steps/voting/desk.html",
            irreversible=True,
            in_person=True,
            basis=_("收回的票等于或少于发出的，投票有效；多于发出的，投票无效，重新投票"),
            output=_("发出、收回张数"),
            hint=_("监票人确认后投票才截止。"),
        )

    def confirming_closing(self) -> OfficeView:
        return self._step(
            _("确认截止投票"),
            office="teller",
            form=forms.ConfirmCloseForm,
            act=self.confirm_closing,
            on_return=self.send_back_closing,
            context=self.at_closing,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("投票由总监票人和监票人两人共同截止；收回多于发出的，投票无效，重新投票"),
            output=_("截止投票的时间、收回张数"),
            hint=_("数字不符的，退回总监票人重新清点。"),
        )

    def confirming_recount(self, act: Callable[..., Any], *, form: type[StepForm]) -> OfficeView:
        """A teller agrees to a recount or not; act: the room's, which begins the flow anew."""
        return self._step(
            _("确认复票"),
            office="teller",
            form=form,
            act=act,
            context=self.at_recount,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("复票由总监票人提出、监票人确认；已签字的计票结果不改动，另立新的记录并写明理由"),
            output=_("新的计票记录，由另外两名计票人录入并与前次比较"),
        )

    def confirming_void(self, act: Callable[..., Any], *, form: type[StepForm]) -> OfficeView:
        """The chair agrees that the vote is void or not; act: the room's, which begins the flow anew."""
        return self._step(
            _("确认重新投票"),
            office="chair",
            form=form,
            act=act,
            context=self.at_void,
            page="steps/voting/confirm.html",
            irreversible=True,
            in_person=True,
            basis=_("重新投票由主席团会议决定，会议主持人核对纪要后确认；原投票保留备查"),
            output=_("主席团会议纪要，重新进行的投票"),
        )

    def keying(self, turn: int) -> OfficeView:
        return self._step(
            _("第一次录入计票") if turn == 1 else _("第二次录入计票"),
            office="counter",
            form=forms.TallyForm,
            act=self.key_first if turn == 1 else self.key_second,
            context=self.at_keying,
            page="steps/voting/keying.html",
            basis=_("无记名投票；两名计票人分别录入，相符方可签字"),
        )

    def box(self) -> OfficeView:
        return self._step(
            _("开箱计票"),
            office="chief_teller",
            form=forms.OpenBoxForm,
            act=self.open_box,
            context=self.at_keys,
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
            act=self.sign,
            context=self.at_signing,
            page="steps/voting/signing.html",
            irreversible=True,
            in_person=True,
            basis=_("总监票人、监票人核对无误后签字；票数不平衡的不能签字"),
            output=_("计票结果报告单"),
        )

    def declaring(
        self, act: Callable[..., Any], *, form: type[StepForm], basis: Text, output: Text
    ) -> OfficeView:
        """The chair announces the result; act: the room's, on the subject."""
        return self._step(
            _("宣布结果"),
            office="chair",
            form=form,
            act=act,
            context=self.at_signing,
            page="steps/voting/signing.html",
            irreversible=True,
            in_person=True,
            basis=basis,
            output=output,
        )
