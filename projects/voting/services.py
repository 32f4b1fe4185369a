"""Step 4's acts after the count: the declaration, the resolution, and what is told to whom afterwards."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.timezone import localdate

from projects.ballots import figures as fig
from projects.ballots import services as ballots
from projects.ballots import witnessing
from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.questions import figures_by_ballot, is_carried, obstacles_to_recording
from projects.ballots.reporting import report_text
from projects.ballots.selectors import (
    awaits_presidium,
    compared_with_first,
    corrected_by,
    lines_of,
    votes_about,
)
from projects.ballots.witnessing import asked_on
from projects.collection.models import Outcome as ProposalOutcome
from projects.cycles.divisions import figures_of
from projects.cycles.models import Cycle, CycleSession, CycleState, Paper, Session
from projects.cycles.papers import make_paper, take_out
from projects.cycles.selectors import cycles_of, open_session, paper_of, standard_of
from projects.deliberation.selectors import AFTER_THE_VOTE, seated_at
from projects.selection.models import Item, ItemState
from projects.voting import drafts, selectors
from projects.voting.desk import DESK
from projects.voting.selectors import vote_of
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome, is_return
from workflow.machines.services import fire
from workflow.people.saying import said as _

# The result


def declare_result(act: Act, cycle: Cycle, **_confirmed: bool) -> Outcome:
    """宣布结果: 入选 and 未入选 on the spot; those tied, voted on again or left to the next session stay on the ballot."""
    vote = vote_of(cycle)
    ballots.declare(act, vote)
    again = ballots.continue_vote(act, vote)
    _settle_items(act, vote, again)
    _publish_report(act, vote)
    told = {
        "outcome": vote.outcome,
        "next_vote": again.reference if again else "",
        **_corrects(vote),
    }
    if compared := compared_with_first(vote):
        told["differences"] = list(compared.differences)
    return Outcome(after=told)


def declare_question(act: Act, cycle: Cycle, **_confirmed: bool) -> Outcome:
    """Of what the congress adopts by ballot: what is carried is recorded by the step that follows, what is not is put on
    file as it was voted on.
    """
    vote = DESK.declare(act, cycle)
    _publish_report(act, vote)
    agreed = is_carried(vote)
    if not agreed:
        make_paper(
            act,
            cycle,
            "minutes",
            _("大会表决情况（%(title)s）") % {"title": vote.title},
            body=report_text(vote),
            data=figures_by_ballot(vote),
            subject=vote.reference,
            step=vote.step,
        )
    return Outcome(after={"vote": vote.reference, "carried": agreed})


def _corrects(vote: Vote) -> dict[str, str]:
    """On which day the result was announced that this one corrects; nothing where it corrects none."""
    before = corrected_by(vote)
    if before is None:
        return {}
    report = Paper.objects.get(subject=before.reference, kind="tally_report")
    return {"corrects": localdate(report.published_at).isoformat()}


def _publish_report(act: Act, vote: Vote) -> None:
    reports = Paper.objects.filter(subject=vote.reference, kind="tally_report", published_at=None)
    reports.update(published_at=act.at)


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
    vote = DESK.locked(cycle)
    if not awaits_presidium(vote):
        raise Refused(_("没有末位票数相等、待主席团决定的项目。"))
    tied = [line.reference for line in lines_of(vote) if line.is_open]
    names = "、".join(line.title for line in lines_of(vote) if line.reference in chosen)
    make_paper(act, cycle, "minutes", _("主席团会议纪要（决定末位入选项目）"), body=meeting.minutes, step=4)
    title, told = f"关于{vote.title}末位票数相等项目的决定", f"末位票数相等，决定{names}入选。"
    _decide_after(act, cycle, vote, meeting, title, told, chosen=chosen)
    _settle_lines(act, vote, tied)
    return Outcome(after={"vote": vote.reference, "tied": tied, "elected": chosen, **_corrects(vote)})


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
        data={"chosen": chosen, "presidium": presidium, "on": meeting.held_on.isoformat()},
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


def obstacles_to_putting(cycle: Cycle, at: datetime) -> list[str]:
    """A result that is asked to be counted again is no matter of a resolution yet."""
    return asked_on(votes_about(cycle.reference, *selectors.PROJECTS))


def put_resolution(act: Act, cycle: Cycle, *, body: str, number: str) -> Outcome:
    """提请表决: the draft is laid before the congress, and the ballot on it defined for the desk that counted the result."""
    result, title = vote_of(cycle), drafts.resolution_title(cycle)
    draft = make_paper(
        act,
        cycle,
        "resolution_draft",
        f"{title}（草案）",
        body=body,
        number=number,
        data={"vote": result.reference},
        step=4,
    )
    vote = ballots.put_question(
        act,
        result.session,
        cycle.rules,
        about=cycle.reference,
        purpose=Purpose.RESOLUTION,
        title=f"{title}的表决",
        option=(draft.reference, draft.title),
        deputies_in_office=selectors.deputies_in_office(cycle),
        step=4,
    )
    return Outcome(after={"vote": vote.reference, "draft": draft.reference})


def resolve(
    act: Act, cycle: Cycle, *, meeting: Meeting, body: str, number: str, return_reason: str = ""
) -> Outcome | None:
    """决议: adopted with more than half of all deputies (组织法 25), else put to the congress again.

    By ballot, where the rulebook says so: text and figures are those of the vote, which has carried it.
    """
    figures = figures_of(meeting, standard_of(cycle))
    if selectors.resolves_by_ballot(cycle):
        vote = selectors.resolution_vote(cycle)
        if vote is None or not is_carried(vote):
            raise Refused(*obstacles_to_recording(vote))
        draft = selectors.draft_voted_on(vote)
        body, number, figures = draft.body, draft.number, figures_by_ballot(vote)
    elif not meeting.agreed:
        return Outcome(returns_to="resolution", reason=return_reason)
    make_paper(
        act,
        cycle,
        "resolution",
        drafts.resolution_title(cycle),
        body=body,
        number=number,
        data=figures
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
    """公告: numbered, signed by the session's presidium, published. Refused: a number the township has used.

    The presidium decides on it as a body (meeting: two thirds there, more than half of all members), whoever enters that
    and whoever has announced the result on the spot (rules.md §6.2, announcement): nobody publishes alone (integrity.md §3).
    """
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


def undo_reply(act: Act, cycle: Cycle, *, done: Entry, reason: str) -> None:
    """The counter-act of the report on the opinions: they are unanswered again; a return answered none."""
    if not is_return(done):
        selectors.opinions_of(cycle).update(reply="")
        take_out(cycle, "opinions_reply", done)


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


def file_with_county(act: Act, cycle: Cycle, *, number: str, issued_by: str, body: str) -> None:
    """备案报告 with its documents; the county keeps it, it approves nothing. issued_by: 签发人, who let it go out."""
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
        data={"documents": documents, "issued_by": issued_by},
        step=4,
    )
