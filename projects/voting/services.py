"""Step 4's acts: the desk's, the declaration, the resolution, and what is told to whom afterwards."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext as _

from projects.ballots import figures as fig
from projects.ballots import keys, rolls, witnessing
from projects.ballots import services as ballots
from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.reporting import make_report, publish_trackers
from projects.ballots.selectors import (
    Rejection,
    awaits_presidium,
    compared_with_first,
    keyers_before,
    lines_of,
    votes_about,
)
from projects.collection.models import Outcome as ProposalOutcome
from projects.cycles.divisions import figures_of
from projects.cycles.models import Cycle, CycleSession, CycleState, Paper, Presence, Session, SessionState
from projects.cycles.papers import make_paper
from projects.cycles.selectors import cycles_of, open_session, paper_of, standard_of
from projects.cycles.services import presidium_decided
from projects.deliberation.selectors import AFTER_THE_VOTE, seated_at
from projects.selection.models import Item, ItemState
from projects.voting import drafts, selectors
from projects.voting.selectors import vote_of
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.roles.selectors import holders_of

# The desk


def attendance(act: Act, cycle: Cycle, **figures: Any) -> None:
    """应到、请假、实到, kept on the vote that is about to open."""
    ballots.record_attendance(act, vote_of(cycle), **figures)


def arrive(act: Act, cycle: Cycle, *, line: str, arrived_at: time) -> Outcome:
    """登记迟到: who came late, and when, while the vote has not opened."""
    vote = vote_of(cycle)
    moment = datetime.combine(act.on, arrived_at, get_current_timezone())
    ballots.record_arrival(act, vote, line=int(line), arrived_at=moment)
    return Outcome(after={"present": vote.deputies_present, "on_leave": vote.on_leave})


def obstacles_to_arriving(cycle: Cycle, at: datetime) -> list[str]:
    """Why nobody is registered as late now: not counted yet, open already, or everybody is here."""
    vote = _current(cycle)
    if vote is None or vote.state != VoteState.DEFINED or vote.deputies_present is None:
        return [_("清点到会人数以后、投票开始以前才登记迟到。")]
    away = (Presence.LEAVE, Presence.ABSENT)
    if vote.session is None or not vote.session.roll.filter(presence__in=away).exists():
        return [_("名册上没有请假或缺席的代表。")]
    return []


def obstacles_to_open(cycle: Cycle, at: datetime) -> list[str]:
    """What keeps the vote from opening: the quorum, tellers or counters not there."""
    vote = vote_of(cycle)
    return [
        *ballots.obstacles_to_quorum(vote),
        *obstacles_at_desk(cycle, at),
        *keys.obstacles_to_opening(vote),
    ]


def obstacles_at_desk(cycle: Cycle, at: datetime) -> list[str]:
    """Who is missing at the desk: a chief teller and another teller, two counters (rules.md §6.2)."""
    on = localdate(at)
    chief, tellers, counters = (
        {user.pk for user in holders_of(office, cycle.unit, on)}
        for office in ("chief_teller", "teller", "counter")
    )
    found = []
    if not chief:
        found.append(_("尚未确定总监票人，请系统管理员按通过的监票人名单授权。"))
    if not tellers - chief and not (tellers and chief - tellers):
        found.append(_("总监票人以外还须有监票人，请系统管理员按通过的监票人名单授权。"))
    if len(counters) < 2:
        found.append(_("计票人不足两人，两次录入须由不同的人进行，请系统管理员授权。"))
    return found


def hold_key(act: Act, cycle: Cycle, *, passphrase: str, **_repeated: str) -> None:
    """设定开箱口令: one of the three who hold the key of a vote by device."""
    keys.hold_key(act, vote_of(cycle, lock=True), act.office, passphrase)


def enter_opening(
    act: Act, cycle: Cycle, *, issued: int | None = None, on_paper: tuple[str, ...] = ()
) -> None:
    """发出表决票, on the attendance last counted. By device everybody present is issued a ballot of one kind."""
    vote = vote_of(cycle)
    present = vote.deputies_present or 0
    ballots.enter_opening(
        act, vote, issued=present if issued is None else issued, on_paper=[int(line) for line in on_paper]
    )


def open_voting(act: Act, cycle: Cycle, *, confirmed: bool) -> Outcome:
    """开始投票: the chief teller confirms exactly what the chair entered."""
    vote = vote_of(cycle)
    told = _entered(vote, "open")
    ballots.confirm_opening(act, vote)
    return Outcome(after=told)


def send_back_opening(act: Act, cycle: Cycle, **_why: str) -> None:
    """退回: what the chair entered no longer waits for the chief teller."""
    ballots.send_back(vote_of(cycle), "open")


def send_back_closing(act: Act, cycle: Cycle, **_why: str) -> None:
    """退回: what the chief teller entered no longer waits for a teller."""
    ballots.send_back(vote_of(cycle), "close")


def _entered(vote: Vote, what: str) -> dict[str, Any]:
    """What the second person's entry says of the first's: the figures and whose they are."""
    found = witnessing.entered(vote, what)
    figures = found.figures | {"entered_by": found.by.username} if found else {}
    return figures | ({"on_paper": len(figures["on_paper"])} if "on_paper" in figures else {})


def hand_paper(act: Act, cycle: Cycle, *, lines: list[str], reason: str) -> Outcome:
    """改用纸质票: deputies who cannot or will not vote by device, before they have."""
    vote = vote_of(cycle, lock=True)
    issued = rolls.to_paper(act, vote, [int(line) for line in lines], reason=reason)
    if rolls.obstacles_to_emptying(vote):
        told = _("没有电子票须要改用。")
        witnessing.overtake(act, Vote.objects.filter(pk=vote.pk), reason=told, asked=["turn"])
    return Outcome(after={"paper_issued": issued}, reason=reason)


def ask(act: Act, cycle: Cycle, what: str, *, reason: str, **more: Any) -> Outcome:
    """The first of two people asks for what only a second one's agreement does ("turn", "recount", "void")."""
    witnessing.enter(act, vote_of(cycle, lock=True), what, {"reason": reason, **more})
    return Outcome(reason=reason)


def as_entered(*, held_on: date, **meeting: Any) -> dict[str, Any]:
    """The presidium's minutes as they wait on a vote for the chair to confirm them (`forms.NewVoteForm`)."""
    return {"meeting": {"held_on": held_on.isoformat(), **meeting}}


def record_meeting(act: Act, subject: Any, title: str, asked: witnessing.Entered) -> Meeting:
    """The presidium's meeting that ordered a vote anew, once the chair has confirmed what was entered of it.

    asked: with `as_entered` among its figures; recorded by whoever entered it.
    """
    told = dict(asked.figures["meeting"])
    held_on = date.fromisoformat(told.pop("held_on"))
    return presidium_decided(act, subject, title, held_on=held_on, recorded_by=asked.by, **told)


def order_new_vote(act: Act, cycle: Cycle, *, title: str) -> Outcome:
    """The chair has confirmed the presidium's minutes: the vote under way is void, a new one takes its place."""
    vote = vote_of(cycle, lock=True)
    asked = witnessing.confirm(act, vote, "void")
    record_meeting(act, cycle, title, asked)
    new = ballots.void_vote(act, vote, reason=asked.figures["reason"])
    return Outcome(
        after={"agreed": True, "void": vote.reference, "new_vote": new.reference},
        reason=asked.figures["reason"],
    )


def agreed(act: Act, cycle: Cycle, what: str) -> tuple[Vote, str]:
    """The vote, locked, and the reason asked with, once the second person agrees; Refused where it is the first."""
    vote = vote_of(cycle, lock=True)
    return vote, witnessing.confirm(act, vote, what).figures["reason"]


def declined(act: Act, cycle: Cycle, what: str, *, reason: str) -> Outcome:
    """The second person does not agree: nothing is done."""
    ballots.send_back(vote_of(cycle), what)
    return Outcome(after={"agreed": False}, reason=reason)


def turn_to_paper(act: Act, cycle: Cycle, *, decision: str, reason: str) -> Outcome:
    """Too few deputies by device: once a teller agrees their ballots are destroyed unopened and they vote on paper."""
    if decision != "agree":
        return declined(act, cycle, "turn", reason=reason)
    vote, asked = agreed(act, cycle, "turn")
    issued = rolls.empty_box(act, vote, reason=asked)
    return Outcome(after={"agreed": True, "paper_issued": issued}, reason=asked)


def recount(act: Act, cycle: Cycle, *, reason: str) -> Outcome:
    """复票 on the running vote; a result announced already is taken back until the next declaration."""
    vote = vote_of(cycle)
    if vote.state == VoteState.DECLARED:
        for item in selectors.items_of(vote.options.values_list("reference", flat=True)).values():
            if item.state != ItemState.ON_BALLOT:  # tied or left over, and not decided on yet
                fire(item, "count_again", act, decision_reason="")
    new = ballots.recount(act, vote, reason=reason)
    return Outcome(after={"agreed": True, "of": vote.reference, "new_vote": new.reference}, reason=reason)


def open_box(
    act: Act,
    cycle: Cycle,
    *,
    first: str,
    first_passphrase: str,
    first_sheet: str,
    second: str,
    second_passphrase: str,
    second_sheet: str,
    because: str = "",
) -> None:
    """开箱计票: two holders in one sitting; the box's sums are added to the paper's (integrity.md §2.5)."""
    ballots.open_box(
        act,
        vote_of(cycle),
        keys.Opening(first, first_passphrase, first_sheet),
        keys.Opening(second, second_passphrase, second_sheet),
        because=because,
    )


def enter_closing(act: Act, cycle: Cycle, *, returned: int) -> None:
    """收回表决票, as the chief teller counts them."""
    ballots.enter_closing(act, vote_of(cycle), returned=returned)


def close_voting(act: Act, cycle: Cycle, *, confirmed: bool) -> Outcome:
    """截止投票: a teller confirms; more returned than issued makes the vote void and puts a new one in its place."""
    vote = vote_of(cycle)
    told = _entered(vote, "close")
    now = ballots.confirm_closing(act, vote)
    if now != vote:
        return Outcome(after=told | {"void": vote.reference, "new_vote": now.reference})
    publish_trackers(act, cycle, vote)
    return Outcome(after=told)


def key_first(act: Act, cycle: Cycle, *, valid: int, invalid: int, **marks: int) -> Outcome | None:
    """第一次录入."""
    return _key(act, cycle, 1, valid=valid, invalid=invalid, marks=marks)


def key_second(act: Act, cycle: Cycle, *, valid: int, invalid: int, **marks: int) -> Outcome | None:
    """第二次录入, by another person who has not seen the first."""
    return _key(act, cycle, 2, valid=valid, invalid=invalid, marks=marks)


def _key(
    act: Act, cycle: Cycle, turn: int, *, valid: int, invalid: int, marks: dict[str, int]
) -> Outcome | None:
    vote = vote_of(cycle)
    figures = fig.sheet(vote, valid=valid, invalid=invalid, marks=marks)
    rejected = ballots.key_tally(act, vote, turn=turn, figures=figures)
    return Outcome(after=_said(rejected)) if rejected else None


def _said(rejected: Rejection) -> dict[str, Any]:
    if rejected.places:
        return {"accepted": False, "differ": rejected.places}
    return {"accepted": False, "unbalanced": len(rejected.problems)}


def sign_as_chief(act: Act, cycle: Cycle, **_confirmed: bool) -> Outcome:
    """总监票人签字."""
    return _sign(act, cycle, "chief_teller")


def sign_as_teller(act: Act, cycle: Cycle, **_confirmed: bool) -> Outcome:
    """监票人签字."""
    return _sign(act, cycle, "teller")


def _sign(act: Act, cycle: Cycle, office: str) -> Outcome:
    vote = vote_of(cycle)
    signed = ballots.sign(act, vote, office)
    # A digest of figures is as good as the figures to whoever tries them all: none before both have signed.
    if not signed.certified:
        return Outcome()
    make_report(act, cycle, vote, signed.digest)
    return Outcome(after={"digest": signed.digest})


# The result


def declare_result(act: Act, cycle: Cycle, **_confirmed: bool) -> Outcome:
    """宣布结果: 入选 and 未入选 on the spot; those tied, voted on again or left to the next session stay on the ballot."""
    vote = vote_of(cycle)
    ballots.declare(act, vote)
    again = ballots.continue_vote(act, vote)
    _settle_items(act, vote, again)
    Paper.objects.filter(subject=vote.reference, kind="tally_report", published_at=None).update(
        published_at=act.at
    )
    told = {"outcome": vote.outcome, "next_vote": again.reference if again else ""}
    if compared := compared_with_first(vote):
        told["differences"] = list(compared.differences)
    return Outcome(after=told)


def _settle_items(act: Act, vote: Vote, again: Vote | None) -> None:
    lines = lines_of(vote)
    items = selectors.items_of([line.reference for line in lines])
    undecided = set(again.options.values_list("reference", flat=True)) if again else set()
    for line in lines:
        if line.reference not in undecided and not line.is_open:
            fire(
                items[line.reference],
                "elect" if line.elected else "not_elect",
                act,
                decision_reason=line.reason,
            )


def settle_tie(act: Act, cycle: Cycle, *, meeting: Meeting, chosen: list[str]) -> Outcome:
    """末位票数相等: the presidium chooses among those tied, for the congress to confirm by its resolution.

    chosen: references, as many as places are left. The signed tally stays as it is; the decision stands beside it.
    """
    vote = vote_of(cycle, lock=True)
    if not awaits_presidium(vote):
        raise Refused(_("没有末位票数相等、待主席团决定的项目。"))
    tied = [line.reference for line in lines_of(vote) if line.is_open]
    names = "、".join(line.title for line in lines_of(vote) if line.reference in chosen)
    make_paper(act, cycle, "minutes", _("主席团会议纪要（决定末位入选项目）"), body=meeting.minutes, step=4)
    title, told = f"关于{vote.title}末位票数相等项目的决定", f"末位票数相等，决定{names}入选。"
    _decide_after(act, cycle, vote, meeting, title, told, chosen=chosen)
    _settle_lines(act, vote, tied)
    return Outcome(after={"vote": vote.reference, "tied": tied, "elected": chosen})


def _decide_after(
    act: Act, cycle: Cycle, vote: Vote, meeting: Meeting, title: str, told: str, *, chosen: list[str]
) -> None:
    """What the presidium decides after a vote, published beside its signed tally."""
    presidium, day = cycle.rules.words["presidium"], date_format(meeting.held_on)
    division = (
        f"应到 {meeting.members} 人，实到 {meeting.present} 人；赞成 {meeting.votes_for} 票，"
        f"反对 {meeting.votes_against} 票，弃权 {meeting.votes_abstain} 票"
    )
    make_paper(
        act,
        cycle,
        "vote_decision",
        f"{presidium}{title}",
        body=f"按照票决办法，{presidium}于{day}举行会议，{division}。{told}",
        data={"chosen": chosen, "decided": f"{presidium}{day}决定"},
        subject=vote.reference,
        step=4,
        publish=True,
    )


def _settle_lines(act: Act, vote: Vote, references: list[str]) -> None:
    """What was open is elected or not, as the presidium has decided."""
    items = selectors.items_of(references)
    for line in lines_of(vote):
        if line.reference in items:
            arrow = "elect" if line.elected else "not_elect"
            fire(items[line.reference], arrow, act, decision_reason=line.reason)


def obstacles_to_remainder(cycle: Cycle, at: datetime) -> list[str]:
    """Places left to the next session are decided on while a later one sits."""
    vote, session = selectors.leaves_places(cycle), open_session(cycle.unit)
    if vote is None:
        return [_("没有留待下次会议的名额。")]
    if session is None or session == vote.session:
        return [_("余下名额留待下次会议，下次会议尚未举行。")]
    return []


def faults_of_voting_later(cycle: Cycle) -> list[str]:
    """Why the places left cannot be voted on any more: what would be elected could not be carried out in its year."""
    if cycle.state == CycleState.SUPERVISING:
        return []
    return [_("本年度已进入评估，不再另行票决，余下名额由主席团决定空缺。")]


def decide_remainder(act: Act, cycle: Cycle, *, meeting: Meeting, decision: str, reason: str) -> Outcome:
    """余下名额: the presidium puts them to the vote of the session that sits, or they stay vacant after all."""
    vote, session = selectors.leaves_places(cycle), open_session(cycle.unit)
    if vote is None or session is None or session == vote.session:
        raise Refused(*obstacles_to_remainder(cycle, act.at))
    make_paper(act, cycle, "minutes", _("主席团会议纪要（余下名额）"), body=meeting.minutes, step=4)
    if decision == "vacant":
        return _leave_vacant(act, cycle, vote, meeting, reason)
    if reasons := faults_of_voting_later(cycle):
        raise Refused(*reasons)
    in_office = session.deputies_in_office or len(seated_at(session, act.on))
    later = ballots.vote_later(act, vote, session, deputies_in_office=in_office)
    return Outcome(after={"vote": vote.reference, "next_vote": later.reference, "places": later.seats})


def _leave_vacant(act: Act, cycle: Cycle, vote: Vote, meeting: Meeting, reason: str) -> Outcome:
    left = [line.reference for line in lines_of(vote) if line.is_open]
    places = fig.decided(vote).places_left
    told = f"决定不再另行票决，余下 {places} 个名额空缺。理由：{reason}"
    _decide_after(act, cycle, vote, meeting, f"关于{vote.title}余下名额的决定", told, chosen=[])
    _settle_lines(act, vote, left)
    return Outcome(after={"vote": vote.reference, "vacant": places}, reason=reason)


def resolve(
    act: Act, cycle: Cycle, *, meeting: Meeting, body: str, number: str, return_reason: str
) -> Outcome | None:
    """决议: adopted with more than half of all deputies (组织法 25), else put to the congress again."""
    if not meeting.agreed:
        return Outcome(returns_to="resolution", reason=return_reason)
    make_paper(
        act,
        cycle,
        "resolution",
        drafts.resolution_title(cycle),
        body=body,
        number=number,
        data=figures_of(meeting, standard_of(cycle))
        | {
            "vote": vote_of(cycle).reference,
            "items": [row.item.reference for row in selectors.result_now(cycle) if row.elected and row.item],
        },
        step=4,
        publish=True,
    )
    return None


def business_left(session: Session) -> list[str]:
    """What of a year is still to be done at a session; one session may vote on a year and evaluate the one before.

    Places an earlier session left to this one are among it.
    """
    busy = [use.cycle for use in session.uses.select_related("cycle", "cycle__unit") if _busy(use)] + [
        cycle
        for cycle in cycles_of(session.unit).filter(state__in=AFTER_THE_VOTE)
        if _votes_later_at(session, cycle)
    ]
    return [_("%(cycle)s尚有事项须在本次会议办理。") % {"cycle": cycle} for cycle in busy] + [
        _("%(cycle)s余下名额留待本次会议，由主席团提请另行票决或者决定空缺。") % {"cycle": cycle}
        for cycle in cycles_of(session.unit).filter(state__in=AFTER_THE_VOTE)
        if (vote := selectors.leaves_places(cycle)) and vote.session != session
    ]


def _votes_later_at(session: Session, cycle: Cycle) -> bool:
    """Whether a year votes on places left at this session, and the congress has not resolved on it yet."""
    vote = selectors.held_later(cycle)
    return vote is not None and vote.session == session and not selectors.is_resolved(cycle, vote)


def _busy(use: CycleSession) -> bool:
    """Whether a year's business at a session is still to be done: no resolution on the result that stands, no measurement."""
    if use.use != CycleSession.Use.VOTE:
        return use.cycle.state == CycleState.EVALUATING and not _measured(use)
    before = use.cycle.state in (CycleState.DELIBERATING, CycleState.VOTING)
    return before and selectors.resolution_of(use.cycle) is None


def _measured(use: CycleSession) -> bool:
    """Whether the year's satisfaction was measured and declared at the session, or the report found nothing to measure."""
    votes = Vote.objects.filter(
        session=use.session_id, about_reference=use.cycle.reference, purpose=Purpose.MEASUREMENT
    )
    reported = paper_of(use.cycle, "presidium_report") is not None
    return votes.filter(state=VoteState.DECLARED).exists() or (reported and not votes.exists())


def announce(act: Act, cycle: Cycle, *, meeting: Meeting, number: str, body: str) -> None:
    """公告: numbered, signed by the session's presidium, published. Refused: a number the township has used."""
    try:
        with transaction.atomic():
            make_paper(
                act,
                cycle,
                "announcement",
                f"{selectors.vote_session(cycle)}公告",
                body=body,
                number=number,
                data={"signature": selectors.signature_line(cycle), "vote": vote_of(cycle).reference},
                step=4,
                publish=True,
            )
    except IntegrityError as error:
        if "announcement_number_once" not in str(error):
            raise
        raise Refused(_("%(number)s已经用过。") % {"number": number}) from error
    witnessing.overtake(
        act, votes_about(cycle.reference, *selectors.PROJECTS), reason=_("结果已经公告，不再复票。")
    )


# After the vote


def hand_opinions(act: Act, cycle: Cycle, *, meeting: Meeting, number: str, body: str) -> None:
    """审议意见交办单: the delegations' opinions to the government, answered within three months."""
    opinions = [
        {
            "delegation": opinion.delegation.name,
            "item": opinion.item.title if opinion.item else "",
            "words": opinion.words,
        }
        for opinion in selectors.opinions_of(cycle)
    ]
    make_paper(
        act,
        cycle,
        "opinions",
        f"关于交办{cycle}审议意见的通知",
        body=body,
        number=number,
        data={"opinions": opinions},
        step=4,
    )


def reply_to_opinions(act: Act, cycle: Cycle, *, body: str, **replies: str) -> None:
    """研究处理情况报告, one answer per opinion."""
    for opinion in selectors.opinions_of(cycle):
        opinion.reply = replies[f"reply_{opinion.pk}"]
        opinion.save(update_fields=["reply"])
    make_paper(act, cycle, "opinions_reply", f"关于{cycle}审议意见研究处理情况的报告", body=body, step=4)


def tell_proposers(act: Act, cycle: Cycle, *, words_elected: str, words_not_elected: str) -> Outcome:
    """Tell every proposer of a candidate how it ended; what was not elected goes into the pool, as they are told."""
    told = 0
    for proposal in selectors.untold(cycle).select_for_update(of=("self",)):
        item = proposal.source.item
        elected = item.state in (ItemState.ELECTED, ItemState.SUBSTITUTED)
        fire(
            proposal,
            "answer",
            act,
            outcome=ProposalOutcome.CARRIED if elected else ProposalOutcome.RESERVE,
            outcome_words=words_elected if elected else _words_for(item, words_not_elected),
            answered_at=act.at,
        )
        told += 1
    # `pool_all_year` is about what is taken in outside the window; candidates return to the pool in any case.
    _reserve(act, cycle)
    return Outcome(after={"told": told})


def _words_for(item: Item, words: str) -> str:
    return _("所在候选项目在表决前依程序撤回，已转入储备库。") if item.state == ItemState.WITHDRAWN else words


def _reserve(act: Act, cycle: Cycle) -> None:
    for item in Item.objects.filter(cycle=cycle, state__in=(ItemState.NOT_ELECTED, ItemState.WITHDRAWN)):
        fire(item, "reserve", act)


def file_with_county(act: Act, cycle: Cycle, *, number: str, body: str) -> None:
    """备案报告 with its documents; the county keeps it, it approves nothing."""
    documents = [
        {"paper": paper.reference, "kind": paper.kind, "title": paper.title, "number": paper.number}
        for paper in selectors.filed_papers(cycle)
    ]
    make_paper(
        act,
        cycle,
        "filing",
        f"关于{cycle}{cycle.rules.words['vote']}情况的备案报告",
        body=body,
        number=number,
        data={"documents": documents},
        step=4,
    )


# Beside the flow


def obstacles_to_new_vote(cycle: Cycle, at: datetime) -> list[str]:
    """Why the presidium cannot order a new vote now: none under way, or signed already."""
    vote = _current(cycle)
    if vote and vote.state in (VoteState.OPEN, VoteState.CLOSED, VoteState.KEYED):
        return []
    return [_("没有正在进行、尚未签字的投票。")]


def obstacles_to_asking_void(cycle: Cycle, at: datetime) -> list[str]:
    """The same, and that it waits for the chair already."""
    return obstacles_to_new_vote(cycle, at) or _asked_already(cycle, "void")


def obstacles_to_recount(cycle: Cycle, at: datetime) -> list[str]:
    """Why the ballots cannot be counted again now: not collected yet, the session over, too few other counters.

    After the announcement on the spot too, while the congress can still resolve on the corrected result; once the
    session is closed only the congress itself can decide otherwise.
    """
    vote = _current(cycle)
    if vote is None or vote.state not in ballots.COUNTED_AGAIN:
        return [_("表决票尚未收回，不能复票。")]
    if vote.state == VoteState.DECLARED and not _may_still_correct(cycle, vote):
        return [_("会议已经闭会或结果已经公告，不再复票；认为结果有误的，由代表大会依法另行决定。")]
    others = {user.pk for user in holders_of("counter", cycle.unit, localdate(at))} - _keyers(vote)
    if fig.on_paper(vote, "issued") and len(others) < 2:
        return [_("复票须由另外两名计票人录入，请系统管理员先授权。")]
    return []


def _may_still_correct(cycle: Cycle, vote: Vote) -> bool:
    in_session = vote.session is None or vote.session.state == SessionState.OPEN
    voting = cycle.state == CycleState.VOTING or selectors.held_later(cycle) is not None
    return voting and in_session and not selectors.is_announced(cycle, vote)


def _keyers(vote: Vote) -> set[int]:
    """Who may not key the recount of this vote."""
    return set(vote.keyings.values_list("by_id", flat=True)) | keyers_before(vote)


def obstacles_to_asking_recount(cycle: Cycle, at: datetime) -> list[str]:
    """The same, and that it is asked for already."""
    return obstacles_to_recount(cycle, at) or _asked_already(cycle, "recount")


def _asked_already(cycle: Cycle, what: str) -> list[str]:
    vote = _current(cycle)
    return witnessing.obstacles_to_asking(vote, what) if vote else []


def obstacles_to_handing_paper(cycle: Cycle, at: datetime) -> list[str]:
    """Why nobody can change to paper now: no vote by device under way."""
    vote = _current(cycle)
    if vote and vote.device and vote.state == VoteState.OPEN and not vote.box_of_id:
        return []
    return [_("没有正在进行的电子表决。")]


def obstacles_to_turning(cycle: Cycle, at: datetime) -> list[str]:
    """Why it cannot be asked for now that the box is emptied."""
    vote = _current(cycle)
    if vote is None:
        return [_("没有正在进行的电子表决。")]
    return rolls.obstacles_to_emptying(vote) or _asked_already(cycle, "turn")


def obstacles_to_releasing(cycle: Cycle, at: datetime) -> list[str]:
    """Why no holder can be changed now: none has set a passphrase, or the vote has opened."""
    vote = _current(cycle)
    if vote and vote.device and vote.state == VoteState.DEFINED and vote.holders.exists():
        return []
    return [_("没有尚未开始的电子表决，或口令都未设定。")]


def _current(cycle: Cycle) -> Vote | None:
    return selectors.current_vote(cycle.reference, *selectors.PROJECTS)
