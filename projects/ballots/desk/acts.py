"""What is done at the tellers' desk of a vote, and what its pages show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext_lazy

from projects.ballots import boxes, keys, rolls, services, tellers, witnessing
from projects.ballots import figures as fig
from projects.ballots.models import Channel, Vote, VoteState
from projects.ballots.outcomes import outcome_of
from projects.ballots.printing import how_to_mark
from projects.ballots.reporting import make_report, publish_trackers
from projects.ballots.rules import next_step
from projects.ballots.selectors import (
    PROJECTS,
    STANDING,
    Rejection,
    awaits_order,
    came_back_at,
    came_back_before,
    compared_with_first,
    desk_of,
    entered_on,
    keyings_of,
    lacks_paper,
    last_rejection,
    read_keyings,
    repeats_void,
    round_of,
    told_besides,
    turnout_of,
    went_out,
)
from projects.cycles.models import Presence
from projects.cycles.papers import make_paper
from projects.cycles.selectors import cycle_of
from projects.cycles.services import presidium_decided
from workflow.audit.services import Act
from workflow.flows.base import OfficeFlow
from workflow.flows.errors import Refused
from workflow.flows.events import events_on
from workflow.flows.models import Meeting
from workflow.flows.nodes import OfficeView
from workflow.flows.processes import begun_anew, call_off, hold
from workflow.flows.services import Outcome, give_back
from workflow.machines.models import Record
from workflow.people.models import User
from workflow.people.saying import said as _
from workflow.roles.models import RoleGrant

Text = str | Promise
Barred = Callable[[Any, User], list[str]]


def _nothing(*_anything: Any) -> None:
    """What a room does where it has nothing to do."""


def _of_the_year(vote: Vote) -> Iterable[Record]:
    cycle = cycle_of(vote)
    return [cycle] if cycle else []


@dataclass(frozen=True)
class Desk:
    """One kind of vote at the desk. vote_of: subject → its vote; Vote.DoesNotExist before there is one. votes_of: the votes of
    several that have one, by their primary keys, in as many statements for however many.

    purposes: which votes are of this kind (`Purpose`); subjects_of: such a vote → what it is about, its year unless the
    room says otherwise. name stands before each step's title. ready: subject, at →
    what is missing before anybody is counted. attending: act, subject, vote → what the room does at the roll call.
    replaced: act, old, new, where a void vote or a recount puts another in its place. facts: subject → what its pages
    show besides.
    """

    vote_of: Callable[[Any], Vote]
    votes_of: Callable[[Sequence[Any]], dict[int, Vote]]
    purposes: tuple[str, ...]
    name: Text
    ready: Callable[[Any, datetime], Sequence[str]]
    attending: Callable[[Act, Any, Vote], None] = field(default=_nothing)
    replaced: Callable[[Act, Vote, Vote], None] = field(default=_nothing)
    facts: Callable[[Any], dict[str, Any]] = field(default=lambda _subject: {})
    subjects_of: Callable[[Vote], Iterable[Record]] = field(default=_of_the_year)

    def titled(self, title: Text) -> Text:
        """What a step or an act at this desk is called: after its vote, where that has a name of its own."""
        return format_lazy("{}{}{}", self.name, gettext_lazy("："), title) if self.name else title

    # ------------------------------------------------------------------------------- acts

    def locked(self, subject: Any) -> Vote:
        """The subject's vote with its row locked."""
        return _locked(self.vote_of(subject))

    def locked_to_count_again(self, subject: Any) -> Vote:
        """The vote whose ballots a recount asked for now would count, with its row locked after that of the subject's vote."""
        return _locked(self.locked(subject).to_count_again)

    def attend(self, act: Act, subject: Any, **figures: Any) -> None:
        """应到、请假、实到."""
        vote = self.locked(subject)
        self.attending(act, subject, vote)
        services.record_attendance(act, vote, **figures)

    def below_quorum(self, subject: Any, grant: RoleGrant) -> dict[str, Any]:
        """What the roll call has come to, where too few are here for a vote that has not opened; to whoever may register a
        latecomer then, where that is done."""
        vote = self.vote_of(subject)
        if vote.state != VoteState.DEFINED or vote.deputies_present is None:
            return {"became": []}
        told = [*services.obstacles_to_quorum(vote), *services.until_quorum(vote)]
        doors = (
            [one for one in events_on(subject, grant, timezone.now()) if one.act == self.arrive]
            if told
            else []
        )
        return {"became": told, "doors": doors, "on": subject}

    def recovery_to_print(self, subject: Any, _grant: Any) -> dict[str, Any]:
        """That a holder of the key prints what stands in for the passphrase, as soon as the key is made."""
        vote = self.vote_of(subject)
        if vote.public_key:
            told = _("密钥已经生成。请打印您的密钥恢复单，当场密封，由本人保管；口令忘记时，凭它开箱。")
        else:
            told = _("三人都设定口令后，请从本次投票页打印您的密钥恢复单，密封保管；口令忘记时，凭它开箱。")
        return {"vote": vote, "told": told, "prints": "recovery" if vote.public_key else ""}

    def codes_to_print(self, subject: Any, _grant: Any) -> dict[str, Any]:
        """That codes are to be printed and handed out, where a vote by device has opened."""
        vote = self.vote_of(subject)
        if not vote.device or vote.state != VoteState.OPEN:
            return {}
        told = _(
            "投票已经开始。请打印投票码，裁开后当面交给不用本人账号投票的代表；人大办和监票人都可以打印。"
        )
        return {"vote": vote, "told": told, "prints": "codes"}

    def in_the_way(self, subject: Any, at: datetime) -> dict[str, list[str]]:
        """All that keeps the vote from opening, by its matter; the readiness sheet tells what the opening refuses by.

        "room": what the room asks for; "holders": shares of the key with who has left the office; the others as
        `services.in_the_way` names them.
        """
        vote = self.vote_of(subject)
        return {
            "room": [*self.ready(subject, at)],
            **services.in_the_way(vote),
            "holders": tellers.obstacles_in_keys(vote, at),
        }

    def obstacles(self, subject: Any, at: datetime) -> list[str]:
        """The same before the chair says what is issued; who takes paper is the chair's to say, and may put the groups
        right."""
        found = self.in_the_way(subject, at)
        if found.get("present"):
            found["present"] += services.until_quorum(self.vote_of(subject))
        return [reason for matter, reasons in found.items() if matter != "groups" for reason in reasons]

    def enter_opening(
        self, act: Act, subject: Any, *, issued: int | None = None, on_paper: Sequence[str] = ()
    ) -> None:
        """The chair says what is issued, on the attendance last counted.

        By device everybody present has a ballot, and by keypad where a roll says who they are: those on paper, who are told
        here, and all the others.
        """
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

    def enter_closing(self, act: Act, subject: Any, **returned: int) -> None:
        """The chief teller says how many came back, on paper and on a hall's device."""
        services.enter_closing(act, self.vote_of(subject), **returned)

    def confirm_closing(self, act: Act, subject: Any, **_confirmed: bool) -> Outcome:
        """A teller confirms; more returned than issued makes the vote void, and the presidium decides on another."""
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

    def after_keying(self, subject: Any, other: Text) -> list[str]:
        """What follows a keying of the round under way: the other one, then whatever the figures of both come to.

        other: the title of the other keying's step.
        """
        vote = self.current(subject)
        if vote is None:
            return []
        if not keyings_of(vote, round_of(vote)):
            told = _("另一名计票人办理“%(title)s”；两次都录入以后，系统比对两次的数字。")
            return [told % {"title": other}]
        stands = (
            _("两次录入相符且票数平衡的，由总监票人开箱计票，电子票和纸质票合并计票。")
            if boxes.waits_to_be_opened(vote)
            else _("两次录入相符且票数平衡的，由总监票人、监票人在计票结果报告单上签字。")
        )
        return [stands, _("不相符或者不平衡的，两次都不作数，由两名计票人重新录入。")]

    def after_signing(self, subject: Any) -> list[str]:
        """What follows the first of the two signatures: the other one, whatever comes after both; empty of the second."""
        vote = self.current(subject)
        if vote is None or vote.signatures.exists():
            return []
        return [_("总监票人、监票人两人都签字以后，由主持人宣布结果。")]

    def open_box(self, act: Act, subject: Any, **given: str) -> Outcome:
        """Two holders open the box; where the paper's keyings were lost it stays closed, and they are made again first."""
        vote = self.locked(subject)
        if lacks_paper(vote):
            told = _("系统恢复后没有纸质票的录入数字，先重新录入，票箱未开。")
            return Outcome(reason=told, after={"box_opened": False})
        first, second = (
            keys.Opening(given[which], given[where[0]], given[where[1]], where)
            for which in ("first", "second")
            for where in [(f"{which}_passphrase", f"{which}_sheet")]
        )
        services.open_box(act, vote, first, second, because=given.get("because", ""))
        return Outcome()

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
        witnessing.overtake(act, Vote.objects.filter(pk=vote.pk), reason=_("结果已经宣布，不再复票。"))
        return vote

    def announced(self, subject: Any, _grant: Any) -> dict[str, Any]:
        """What the result last announced leads to, to whoever reads the end of its announcement; nothing once its ballots
        are counted again, or what goes on from it has begun."""
        vote = self.vote_of(subject).to_count_again
        told = told_besides(vote) if vote.state == VoteState.DECLARED else []
        return {"vote": vote, "told": told} if told else {}

    # ------------------------------------------------------------- what two people do, one does not do twice

    # Each reads for all the subjects of a page (`OfficeView.barred`).

    def barred_from_keying(self, subjects: Sequence[Any]) -> Barred:
        votes = self.votes_of(subjects)
        read_keyings(votes.values())
        return _barred(
            votes, lambda vote, who: services.barred_from_keying(vote, who, keyings_of(vote, round_of(vote)))
        )

    def barred_from_signing(self, subjects: Sequence[Any]) -> Barred:
        votes = self.votes_of(subjects)
        prefetch_related_objects(list(votes.values()), "signatures")
        return _barred(votes, lambda vote, who: services.barred_from_signing(who, vote.signatures.all()))

    def barred_from_opening(self, subjects: Sequence[Any]) -> Barred:
        votes = self.votes_of(subjects)
        return _barred(votes, lambda vote, who: witnessing.barred_from_confirming(vote, "open", who))

    def barred_from_closing(self, subjects: Sequence[Any]) -> Barred:
        votes = self.votes_of(subjects)
        return _barred(votes, lambda vote, who: witnessing.barred_from_confirming(vote, "close", who))

    # ------------------------------------------------------------- asked for by one, done by two

    def asking(self, what: str, flow: type[OfficeFlow]) -> Callable[..., Outcome]:
        """An act that asks for what only a second person's agreement does ("turn", "recount", "void").

        flow: the second person's task. Of a new vote the presidium's minutes wait with it. Refused: what cannot be asked for
        now, by the obstacles of its kind.
        """
        obstacles = {
            "turn": self.obstacles_to_turning,
            "recount": self.obstacles_to_asking_recount,
            "void": self.obstacles_to_asking_void,
        }[what]

        def ask(act: Act, subject: Any, *, reason: str, **given: Any) -> Outcome:
            told = {"meeting": _as_kept(**given)} if what == "void" else {}
            vote = self.locked(subject)
            # Whoever opens, closes or signs the vote meanwhile holds its row and not the year's: asked once more under the
            # lock.
            if reasons := obstacles(subject, act.at):
                raise Refused(*reasons)
            witnessing.enter(act, vote, what, {"reason": reason, **told})
            flow.begin(subject)
            return Outcome(reason=reason)

        return ask

    def decline(self, act: Act, subject: Any, what: str, *, reason: str) -> Outcome:
        """The second person does not agree: nothing is done, and whoever asked for it is told why; of a recount whoever was
        named to count as well."""
        vote = self.vote_of(subject)
        waiting = witnessing.entered(vote, what)
        services.send_back(vote, what)
        return Outcome(after={"agreed": False} | _whom_it_kept(vote, what, waiting, act.on), reason=reason)

    def recount(self, act: Act, subject: Any, anew: type[OfficeFlow]) -> Outcome:
        """The second person agrees: the ballots are counted again in a new record that names the old one.

        anew: the vote's flow, which begins again where the vote now stands. A vote that goes on from the one counted again is
        withdrawn, and its tasks with it.
        """
        if reasons := self.obstacles_to_recount(subject, act.at):
            raise Refused(*reasons)
        waiting = witnessing.entered(self.vote_of(subject), "recount")
        asked = waiting.figures if waiting else {"reason": ""}
        with begun_anew(anew, subject, act, reason=_("复票，有关环节重新办理。复票理由：%(reason)s") % asked):
            current = self.locked(subject)
            reason = witnessing.confirm(act, current, "recount").figures["reason"]
            vote = current.to_count_again
            self.recounting(act, vote)
            now = services.recount(act, vote, reason=reason)
            self.replaced(act, vote, now)
        told = {"agreed": True, "of": vote.reference, "new_vote": now.reference}
        return Outcome(
            after=told if current == vote else told | {"withdrawn": current.reference}, reason=reason
        )

    def recounting(self, act: Act, vote: Vote) -> None:
        """What the room does before a vote is counted again."""

    def undone_by_recount(self, _subject: Any, _vote: Vote) -> list[str]:
        """What has been done on a result and has to be done anew once its ballots have been counted again."""
        return []

    def order_new_vote(self, act: Act, subject: Any, anew: type[OfficeFlow], title: Text) -> Outcome:
        """The chair confirms the presidium's minutes: the vote under way is void, another takes its place.

        title: of the presidium's meeting.
        """
        if reasons := self.obstacles_to_new_vote(subject, act.at):
            raise Refused(*reasons)
        with begun_anew(anew, subject, act, reason=str(title)):
            vote = self.locked(subject)
            asked = witnessing.confirm(act, vote, "void")
            meeting = _record_meeting(act, subject, title, asked)
            reason = asked.figures["reason"]
            now = services.void_vote(act, vote, reason=reason, ordered_by=meeting)
            self.replaced(act, vote, now)
        told = {"agreed": True, "void": vote.reference, "new_vote": now.reference}
        return Outcome(after=told, reason=reason)

    def decide_on_new_vote(self, act: Act, subject: Any, meeting: Meeting) -> Outcome:
        """More came back than was issued, and the presidium has decided to vote again: the new vote may be held."""
        vote = self.locked(subject)
        void = services.order_vote(vote, meeting)
        file_minutes(act, vote, meeting, _("主席团会议纪要（决定重新投票）"))
        return Outcome(after={"void": void.reference, "new_vote": vote.reference})

    def follow_votes(
        self, flows: dict[str, type[OfficeFlow]], opening: Sequence[OfficeView], to: str
    ) -> None:
        """Where nobody needs a second person's answer any more, or a roll call opens nothing, the inbox follows.

        flows: by what was asked for, the second person's task; it is called off, and the trail says why. opening: the steps
        between the roll call and the vote, the chair's and the second person's, which go back to it; to: its name in the
        same flow. Where somebody has only come late, the second person's goes back to the chair's.
        """

        back = {
            "open": [(step.key, to) for step in opening],
            "issue": [(opening[-1].key, opening[0].name)],
        }

        def at_this_desk(vote: Vote) -> Iterable[Record]:
            return self.subjects_of(vote) if vote.purpose in self.purposes else ()

        def overtaken(
            act: Act, vote: Vote, what: str, reason: str, waiting: witnessing.Entered | None
        ) -> None:
            for subject in at_this_desk(vote):
                if what in flows:
                    told = _whom_it_kept(vote, what, waiting, act.on)
                    call_off(flows[what], subject, act, reason=reason, told=told)
                for key, target in back.get(what, ()):
                    give_back(subject, key, act, to=target, reason=reason)

        def held(vote: Vote) -> None:
            for subject in at_this_desk(vote):
                hold(opening[0].flow_class, subject)

        witnessing.on_overtaken(overtaken)
        witnessing.on_hold(held)

    def obstacles_to_new_vote(self, subject: Any, at: datetime) -> list[str]:
        """Why the presidium cannot order a new vote now: none under way, or signed already."""
        vote = self.current(subject)
        if vote and vote.state in (VoteState.OPEN, VoteState.CLOSED, VoteState.KEYED):
            return []
        return [_("没有正在进行、尚未签字的投票。")]

    def obstacles_to_recount(self, subject: Any, at: datetime) -> list[str]:
        """Why the ballots cannot be counted again now: not at this time, or too few other counters."""
        if reasons := self.obstacles_to_counting_again(subject, at):
            return reasons
        if not tellers.missing_counters(self.counted_again(subject), localdate(at)):
            return []
        # Nobody is replaced once a vote has opened: these two come beside those who have counted.
        return [
            _("复票须由另外两名计票人录入，人选由主席团确定后，人大办办理“%(door)s”。")
            % {"door": self.titled(tellers.NAMING)}
        ]

    def obstacles_to_counting_again(self, subject: Any, at: datetime) -> list[str]:
        """Why it is not the time to count the ballots again: not collected yet, or announced already."""
        vote = self.current(subject)
        if vote is None or vote.state not in (VoteState.CLOSED, VoteState.KEYED, VoteState.CERTIFIED):
            return [_("票尚未收回，或结果已经宣布，不能复票。")]
        return []

    def obstacles_to_naming_counters(self, subject: Any, at: datetime) -> list[str]:
        """Why the presidium names no counters for a recount now: no recount is possible, or nobody is missing for one."""
        if reasons := self.obstacles_to_counting_again(subject, at):
            return reasons
        vote = self.counted_again(subject)
        if not fig.to_key(vote, "issued"):
            return [_("本次投票没有须由计票人录入的票，复票不须另外确定计票人。")]
        if not tellers.missing_counters(vote, localdate(at)):
            return [_("已有另外两名计票人，可以复票，不须另外确定。")]
        return []

    def is_time_to_count_again(self, subject: Any, at: datetime) -> bool:
        """Whether a recount is to be found on the pages, though others may have to be named to count before."""
        return not self.obstacles_to_counting_again(subject, at)

    def counted_again(self, subject: Any) -> Vote:
        """The vote whose ballots a recount asked for now would count."""
        return self.vote_of(subject).to_count_again

    def to_count_again(self, subject: Any) -> Vote | None:
        """The same; None before there is a vote."""
        vote = self.current(subject)
        return vote.to_count_again if vote else None

    def obstacles_to_asking_recount(self, subject: Any, at: datetime) -> list[str]:
        """The same, and that it is asked for already."""
        return self.obstacles_to_recount(subject, at) or self._asked_already(subject, "recount")

    def obstacles_to_asking_void(self, subject: Any, at: datetime) -> list[str]:
        """Why no new vote can be asked for now; that it waits for the chair already."""
        return self.obstacles_to_new_vote(subject, at) or self._asked_already(subject, "void")

    def _asked_already(self, subject: Any, what: str) -> list[str]:
        return witnessing.obstacles_to_asking(self.vote_of(subject), what)

    def current(self, subject: Any) -> Vote | None:
        """The subject's vote; None before there is one."""
        try:
            return self.vote_of(subject)
        except Vote.DoesNotExist:
            return None

    # ------------------------------------------------------------- late, and from device to paper

    def arrive(self, act: Act, subject: Any, *, lines: list[str], arrived_at: time) -> Outcome:
        """登记迟到: who came late, and when, while the vote has not opened."""
        vote = self.vote_of(subject)
        moment = datetime.combine(act.on, arrived_at, get_current_timezone())
        witnessing.hold_turns([vote])
        services.record_arrivals(act, vote, lines=[int(line) for line in lines], arrived_at=moment)
        return Outcome(after={"present": vote.deputies_present, "on_leave": vote.on_leave})

    def obstacles_to_arriving(self, subject: Any, at: datetime) -> list[str]:
        """Why nobody is registered as late now: not counted yet, open already, or everybody is here."""
        vote = self.current(subject)
        if vote is None or vote.state != VoteState.DEFINED or vote.deputies_present is None:
            return [_("清点到会人数以后、投票开始以前才登记迟到。")]
        away = (Presence.LEAVE, Presence.ABSENT)
        if vote.session is None or not vote.session.roll.in_office().filter(presence__in=away).exists():
            return [_("名册上没有请假或缺席的代表。")]
        return []

    def hand_paper(self, act: Act, subject: Any, *, lines: list[str], reason: str) -> Outcome:
        """改用纸质票: deputies who cannot or will not vote by device, before they have."""
        vote = self.locked(subject)
        issued = rolls.to_paper(act, vote, [int(line) for line in lines], reason=reason)
        if rolls.obstacles_to_emptying(vote):
            told = _("没有电子票须要改用。")
            witnessing.overtake(act, Vote.objects.filter(pk=vote.pk), reason=told, asked=["turn"])
        return Outcome(after={"paper_issued": issued}, reason=reason)

    def obstacles_to_handing_paper(self, subject: Any, at: datetime) -> list[str]:
        """Why nobody can change to paper now: no vote by device or keypad under way, or no roll to say who does."""
        vote = self.current(subject)
        if (
            vote is None
            or vote.state != VoteState.OPEN
            or vote.is_recount
            or not (vote.device or vote.keypad)
        ):
            return [_("没有正在进行的电子表决或会场表决器表决。")]
        return [] if vote.roll.exists() else [_("没有代表名册，会场表决器表决时不能同时使用纸质票。")]

    def too_few_by_device(self, subject: Any, grant: RoleGrant) -> dict[str, Any]:
        """That those left with a ballot by device are too few to be counted by it, and the act that puts them on paper too."""
        vote = self.vote_of(subject)
        if rolls.obstacles_to_emptying(vote):
            return {"became": []}
        told = _(
            "用电子票的代表只余 %(n)s 人，少于 %(least)s 人，电子票不得单独计票：还须由总监票人提出、监票人确认，"
            "将电子票改为纸质票，然后收回表决票。"
        ) % {"n": vote.roll.filter(channel=Channel.DEVICE).count(), "least": vote.device_least}
        there = events_on(subject, grant, timezone.now())
        doors = [one for one in there if one.when == self.obstacles_to_turning]
        return {"became": [told], "doors": doors, "on": subject}

    def turn_to_paper(self, act: Act, subject: Any) -> Outcome:
        """Too few by device, and a teller agrees: their ballots are destroyed unopened and they vote on paper."""
        vote = self.locked(subject)
        asked = witnessing.confirm(act, vote, "turn").figures["reason"]
        issued = rolls.empty_box(act, vote, reason=asked)
        return Outcome(after={"agreed": True, "paper_issued": issued}, reason=asked)

    def obstacles_to_turning(self, subject: Any, at: datetime) -> list[str]:
        """Why it cannot be asked for now that the box is emptied."""
        vote = self.current(subject)
        if vote is None:
            return [_("没有正在进行的电子表决。")]
        return rolls.obstacles_to_emptying(vote) or witnessing.obstacles_to_asking(vote, "turn")

    # --------------------------------------------------------------- a holder of the key changes

    def releasing(self, anew: type[OfficeFlow]) -> Callable[..., Outcome]:
        """更换密钥保管人 before the vote opens: the pair is forgotten, and the tasks of the key begin anew.

        anew: the vote's flow.
        """

        def release(act: Act, subject: Any, *, office: str, reason: str) -> Outcome:
            with begun_anew(anew, subject, act, reason=reason):
                keys.release_holder(act, self.locked(subject), office, reason=reason)
            return Outcome(after={"office": office}, reason=reason)

        return release

    def obstacles_to_releasing(self, subject: Any, at: datetime) -> list[str]:
        """Why no holder can be changed now: none has set a passphrase, or the vote has opened."""
        vote = self.current(subject)
        if vote and vote.device and vote.state == VoteState.DEFINED and vote.holders.exists():
            return []
        return [_("没有尚未开始的电子表决，或口令都未设定。")]

    # ------------------------------------------------------------------------------- pages

    def at_desk(self, subject: Any) -> dict[str, Any]:
        """People and papers, and what stands on the ballot; no sum."""
        return self._at(subject, self.vote_of(subject))

    def _at(self, subject: Any, vote: Vote) -> dict[str, Any]:
        told = {
            "desk": desk_of(vote),
            "vote": vote,
            "went_out": went_out(vote),
            "came_back_before": came_back_before(vote),
            "options": list(vote.options.all()),
        }
        return self.facts(subject) | told

    def at_asking_recount(self, subject: Any) -> dict[str, Any]:
        """The desk of the vote whose ballots would be counted again, and what that leaves to be done anew."""
        vote = self.counted_again(subject)
        undone = self.undone_by_recount(subject, vote)
        return self._at(subject, vote) | {"asks_recount": True, "undone": undone}

    def at_naming_counters(self, subject: Any) -> dict[str, Any]:
        """The same desk, and how many counters that recount lacks today."""
        missing = tellers.missing_counters(self.counted_again(subject), localdate())
        return self.at_asking_recount(subject) | {"missing": missing}

    def became(self, subject: Any, _grant: Any) -> dict[str, Any]:
        """What the last step has come to, where that is not what was meant: a void vote, keyings that did not stand."""
        vote = self.vote_of(subject)
        told = []
        if awaits_order(vote):
            told.append(
                _("本次投票无效，由主席团决定重新投票。理由：%(reason)s") % {"reason": vote.follows_because}
            )
        elif repeats_void(vote):
            told.append(
                _("本次投票无效，从清点到会人数起重新投票。理由：%(reason)s")
                % {"reason": vote.follows_because}
            )
        rejected = None if keyings_of(vote, round_of(vote)) else last_rejection(vote)
        if rejected:
            told.append(_rejected_because(rejected))
        return {"became": told}

    def at_opening(self, subject: Any) -> dict[str, Any]:
        """The desk with what the chair entered, for the chief teller to confirm."""
        return self.at_asked(subject, "open")

    def at_closing(self, subject: Any) -> dict[str, Any]:
        """The desk with what the chief teller counted, for a teller to confirm; whose names are read out before."""
        vote = self.vote_of(subject)
        missing = [entry.line.name for entry in rolls.yet_to_vote(vote)] if vote.device else []
        return self.at_asked(subject, "close") | {"yet_to_vote": missing}

    def at_turning(self, subject: Any) -> dict[str, Any]:
        """The desk with why the box is to be emptied, how many ballots that destroys, and who is to have paper then."""
        told = self.at_asked(subject, "turn")
        if told["entered"]:
            told["entered"]["figures"] = [(_("将作废的电子票"), turnout_of(told["vote"])["voted"])]
            group = told["vote"].roll.filter(channel=Channel.DEVICE).select_related("line")
            told["to_have_paper"] = [entry.line.name for entry in group]
        return told

    def at_recount(self, subject: Any) -> dict[str, Any]:
        """The desk of that vote with why it is to be counted again, and which vote is withdrawn then."""
        current = self.vote_of(subject)
        told = self.at_asking_recount(subject) | {"entered": entered_on(current, "recount")}
        told["came_back_before"] = came_back_at(told["vote"])  # what is counted again, not what that repeats
        return told if told["vote"] == current else told | {"withdraws": current.title}

    def at_void(self, subject: Any) -> dict[str, Any]:
        """The desk with the presidium's minutes, for the chair to confirm."""
        return self.at_asked(subject, "void")

    def at_asked(self, subject: Any, what: str) -> dict[str, Any]:
        """The desk with what the first of two people entered (`entered_on`), for the second to confirm."""
        return self.at_desk(subject) | {"entered": entered_on(self.vote_of(subject), what)}

    def at_keys(self, subject: Any) -> dict[str, Any]:
        """The desk with who has set a passphrase; never a share."""
        there = {one.office: one.by for one in self.vote_of(subject).holders.select_related("by")}
        holders = [{"title": title, "by": there.get(office)} for office, title in keys.HOLDERS.items()]
        return self.at_desk(subject) | {"holders": holders}

    def at_box(self, subject: Any) -> dict[str, Any]:
        """The same, and whether the paper has to be keyed again before the box is opened."""
        return self.at_keys(subject) | {"lacks_paper": lacks_paper(self.vote_of(subject))}

    def at_keying(self, subject: Any) -> dict[str, Any]:
        """What a counter sees before keying: how the paper was to be marked, where the round before went wrong, never a
        keyed figure."""
        vote = self.vote_of(subject)
        rejected = last_rejection(vote)
        return self.at_desk(subject) | {
            "marking": [] if fig.is_without_ballots(vote) else how_to_mark(vote),
            "differ": rejected.places if rejected else [],
            "unbalanced": [problem.sentence for problem in rejected.problems] if rejected else [],
            "lost": bool(rejected and rejected.lost),
        }

    def at_signing(self, subject: Any) -> dict[str, Any]:
        """The accepted tally as it is signed: sums, the reconciliation line by line, what follows from them."""
        vote = self.vote_of(subject)
        if vote.state not in (VoteState.KEYED, *STANDING):
            return self.at_desk(subject)
        counted = fig.decided(vote)
        told = outcome_of(vote, counted)
        heads = {"valid": counted.count.valid, "invalid": counted.count.invalid}
        return (
            self.at_desk(subject)
            | ({} if fig.is_without_ballots(vote) else heads)
            | {
                "ask_first": witnessing.asked_before_announcing(vote),
                "figures": [word for word, _n in fig.told(vote, told["sums"][fig.titles_of(vote)[0]])],
                "rows": fig.counted_lines(vote, told),
                "equations": fig.equations(vote),
                "spoiled": fig.spoiled_of(vote),
                "next_step": next_step(counted) if vote.purpose in PROJECTS else "",
                "compared": compared_with_first(vote),
                "digest": fig.digest_of(vote),
            }
        )


def _barred(votes: Mapping[int, Vote], reasons: Callable[[Vote, User], list[str]]) -> Barred:
    """By the votes of a page's subjects, why a person may not do what is done at theirs; nothing before there is a vote."""
    return lambda subject, who: reasons(votes[subject.pk], who) if subject.pk in votes else []


def _locked(vote: Vote) -> Vote:
    return Vote.objects.select_for_update(of=("self",)).get(pk=vote.pk)


def file_minutes(act: Act, vote: Vote, meeting: Meeting, title: str) -> None:
    """The minutes of a body that has decided on a vote, as a paper of its year."""
    cycle, body = cycle_of(vote), meeting.minutes
    make_paper(act, cycle, "minutes", title, body=body, subject=vote.reference, step=vote.step)


def _rejected_because(rejected: Rejection) -> str:
    """Why neither of two keyings counts, without a figure."""
    if rejected.lost:
        return _("系统恢复后没有前一次录入的数字，两次都不作数，须重新录入。")
    if rejected.differences:
        return _("两名计票人录入的数字不一致，两次都不作数，须重新录入。")
    return _("两名计票人录入的数字相同，但票数不平衡，两次都不作数，须重新清点、录入。")


def _whom_it_kept(vote: Vote, what: str, waiting: witnessing.Entered | None, on: date) -> dict[str, Any]:
    """What the trail says of whom something asked for has kept waiting, which is not done: whoever asked for it, of a
    recount whoever was named to count as well."""
    told: dict[str, Any] = {"asked": what}
    if waiting:
        told["asked_by"] = waiting.by.username
    if what == "recount" and (named := tellers.named_to_count(vote.to_count_again, on)):
        told["counters"] = [user.username for user in named]
    return told


def _as_kept(*, held_on: date, **meeting: Any) -> dict[str, Any]:
    """The presidium's minutes as they wait on a vote for the chair to confirm them."""
    return {"held_on": held_on.isoformat(), **meeting}


def _record_meeting(act: Act, subject: Any, title: Text, asked: witnessing.Entered) -> Meeting:
    """The presidium's meeting that ordered a vote anew; recorded by whoever entered it."""
    told = dict(asked.figures["meeting"])
    held_on = date.fromisoformat(told.pop("held_on"))
    return presidium_decided(act, subject, title, held_on=held_on, recorded_by=asked.by, **told)
