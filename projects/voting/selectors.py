"""Reads of step 4: the desk, the result, the papers that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.questions import figures_by_ballot, is_carried
from projects.ballots.selectors import (
    PROJECTS,
    DeclaredVote,
    Line,
    current_vote,
    current_votes,
    declared_votes,
    is_left_over,
    lines_of,
    ranks_of,
)
from projects.collection.models import Proposal, ProposalState
from projects.cycles.divisions import sentence_of
from projects.cycles.models import Cycle, CycleState, Paper, Session
from projects.cycles.numerals import numeral
from projects.cycles.selectors import papers_of, session_of
from projects.deliberation.models import Opinion
from projects.deliberation.selectors import is_method_at_desk
from projects.selection.models import Item, ItemState

# The votes of the year's desk: on the projects, and on what the congress adopts by ballot.
AT_DESK = (*PROJECTS, Purpose.METHOD, Purpose.RESOLUTION)
VOTED = (
    ItemState.ELECTED,
    ItemState.NOT_ELECTED,
    ItemState.RESERVED,
    ItemState.SUBSTITUTED,
    ItemState.WITHDRAWN,
)
FILED = ("resolution", "announcement", "tally_report", "vote_decision", "method", "tellers")
EACH_FILED = ("tally_report", "vote_decision")  # one for each ballot, all of them filed


def vote_of(cycle: Cycle) -> Vote:
    """The project vote the cycle is at now; Vote.DoesNotExist before the ballot is settled."""
    vote = current_vote(cycle.reference, *PROJECTS)
    if vote is None:
        raise Vote.DoesNotExist(cycle.reference)
    return vote


def resolution_vote(cycle: Cycle) -> Vote | None:
    """The ballot on the resolution on the result that stands; None before there is one, or where none is held.

    What was voted on a result that has been counted again since, or at an earlier session, is none.
    """
    vote = current_vote(cycle.reference, Purpose.RESOLUTION)
    return vote if vote and vote.pk > vote_of(cycle).pk else None


def vote_at_desk(cycle: Cycle) -> Vote:
    """The vote the tellers' desk is at; Vote.DoesNotExist before there is one.

    That on the projects, or what the congress adopts by ballot while it is under way: the resolution after it, the 票决办法
    before there is any other.
    """
    last = current_vote(cycle.reference, *AT_DESK)
    if last and _is_left(last):
        last = current_vote(cycle.reference, *PROJECTS) or last
    if last is None:
        raise Vote.DoesNotExist(cycle.reference)
    return last


def votes_at_desk(cycles: Sequence[Cycle]) -> dict[int, Vote]:
    """The same of several years, by their primary keys, in two queries; a year without one is not among them."""
    last = current_votes([cycle.reference for cycle in cycles], *AT_DESK)
    left = [about for about, vote in last.items() if _is_left(vote)]
    at_desk = last | (current_votes(left, *PROJECTS) if left else {})
    return {cycle.pk: at_desk[cycle.reference] for cycle in cycles if cycle.reference in at_desk}


def _is_left(vote: Vote) -> bool:
    """Whether the desk has gone back from a vote to that on the projects: one question, and its answer is announced."""
    return vote.is_question and vote.state == VoteState.DECLARED


def is_at_desk(cycle: Cycle) -> bool:
    """Whether the desk is at a vote of the year: its own, that of places left, or the one on the 票决办法."""
    return cycle.state == CycleState.VOTING or is_method_at_desk(cycle) or held_later(cycle) is not None


def resolves_by_ballot(cycle: Cycle) -> bool:
    """Whether the rulebook has the resolution adopted by ballot."""
    return bool(cycle.rules.resolution_adoption == "ballot")


def is_resolution_carried(cycle: Cycle) -> bool:
    """Whether a ballot on the resolution has carried it."""
    return is_carried(resolution_vote(cycle))


def draft_voted_on(vote: Vote) -> Paper:
    """The draft a vote on the resolution asks about."""
    return Paper.objects.get(pk=vote.options.get().reference.removeprefix("paper:"))


def held_later(cycle: Cycle) -> Vote | None:
    """The vote on places left, where the year is at one held at a later session than its own; None otherwise."""
    vote = current_vote(cycle.reference, *PROJECTS)
    own = session_of(cycle, "vote")
    return vote if vote and vote.session and own and vote.session != own else None


def leaves_places(cycle: Cycle) -> Vote | None:
    """The declared vote whose places left wait for the next session; None where none do."""
    vote = current_vote(cycle.reference, *PROJECTS)
    return vote if vote and vote.state == VoteState.DECLARED and is_left_over(vote) else None


def is_announced(cycle: Cycle, vote: Vote) -> bool:
    """Whether the result has been published by 公告; that of a later session has its own."""
    return _issued(cycle, vote, "announcement")


def is_resolved(cycle: Cycle, vote: Vote) -> bool:
    """Whether the congress has adopted the resolution on the vote's result."""
    return _issued(cycle, vote, "resolution")


def _issued(cycle: Cycle, vote: Vote, kind: str) -> bool:
    papers = papers_of(cycle, kind=kind)
    later = vote.session_id and vote.session != session_of(cycle, "vote")
    return (papers.filter(data__vote=vote.reference) if later else papers).exists()


def deputies_in_office(cycle: Cycle) -> int:
    """N of the session the vote is held at, the base of what the congress decides there now (组织法 25)."""
    vote = vote_of(cycle)
    return (vote.session.deputies_in_office if vote.session else None) or vote.deputies_in_office


def in_office_at_votes(cycle: Cycle, held: Session) -> list[int]:
    """N now, then of the votes on the projects announced at a session, in order: a text may tell of either."""
    votes = declared_votes(cycle.reference, *PROJECTS)
    return [deputies_in_office(cycle), *(v.deputies_in_office for v in votes if v.session_id == held.pk)]


def present_at_votes(cycle: Cycle, held: Session) -> list[int]:
    """How many deputies were here at the votes on the projects announced at a session, in order: some come and go between."""
    votes = declared_votes(cycle.reference, *PROJECTS)
    return [v.deputies_present for v in votes if v.session_id == held.pk and v.deputies_present is not None]


def vote_session(cycle: Cycle) -> Session:
    """The session the cycle votes at."""
    session = vote_of(cycle).session or session_of(cycle, "vote")
    if session is None:
        raise Session.DoesNotExist(cycle.reference)
    return session


# The result


@dataclass(frozen=True)
class ResultRow:
    """One project's end in the vote: its last ballot's figures. item None: removed since, which never happens.

    base: in_office | present | valid | none; of: persons or ballots the majority counts on, None where none was
    asked; needed: votes; vote_title, session_id: the ballot these figures are of, and where it was held.
    """

    item: Item | None
    line: Line
    vote_title: str
    session_id: int | None

    @property
    def title(self) -> str:
        return self.line.title

    @property
    def elected(self) -> bool:
        return self.line.elected

    @property
    def reason(self) -> str:
        return self.line.reason


def result_of(cycle: Cycle) -> list[ResultRow]:
    """The declared result, the projects elected first in the order of their ranks, the others by their numbers.

    Empty until the chair has declared; a recounted, void or undeclared vote shows nothing.
    """
    last: dict[str, tuple[Line, str, int | None]] = {}
    rank: dict[str, tuple[int, int]] = {}
    for number, vote in enumerate(declared_votes(cycle.reference, *PROJECTS)):
        lines = lines_of(vote)
        ranks = ranks_of(vote, lines)
        for line in lines:
            last[line.reference] = (line, vote.title, vote.session_id)
            place = ranks[line.title] if line.elected else line.position
            rank[line.reference] = (number if line.elected else 1000, place)
    items = items_of(last)
    return [
        ResultRow(items.get(reference), *last[reference]) for reference in sorted(last, key=rank.__getitem__)
    ]


def items_of(references: Any) -> dict[str, Item]:
    """The items of references like "item:12", by reference."""
    numbers = [int(reference.partition(":")[2]) for reference in references if reference.startswith("item:")]
    return {item.reference: item for item in Item.objects.filter(pk__in=numbers)}


def resolution_of(cycle: Cycle) -> Paper | None:
    """The congress's resolution on the result that stands.

    None before one, and from the moment the ballots are counted again until the congress has resolved on what came of it.
    """
    vote = current_vote(cycle.reference, *PROJECTS)
    if vote is None or vote.state != VoteState.DECLARED:
        return None
    report = papers_of(cycle, kind="tally_report").get(subject=vote.reference)
    resolutions = papers_of(cycle, kind="resolution").filter(subject=cycle.reference, pk__gt=report.pk)
    return resolutions.order_by("pk").last()


def elected_items(cycle: Cycle) -> list[Item]:
    """The projects of the year, in the order of their ranks."""
    return [row.item for row in result_of(cycle) if row.elected and row.item]


def result_now(cycle: Cycle) -> list[ResultRow]:
    """The result of the session the year votes at now: of a later one only what was put to the vote there."""
    held = vote_session(cycle)
    return [row for row in result_of(cycle) if row.session_id == held.pk]


def declared_of(cycle: Cycle) -> list[DeclaredVote]:
    """Every declared ballot of the cycle in order: the first, run-offs, a second round."""
    return [DeclaredVote(vote, lines_of(vote)) for vote in declared_votes(cycle.reference, *PROJECTS)]


def result_page(cycle: Cycle) -> dict[str, Any]:
    """The result for the pages of resolution, announcement and filing."""
    return {"result": result_of(cycle), "declared": declared_of(cycle)}


def resolution_page(cycle: Cycle) -> dict[str, Any]:
    """The same, and by ballot the draft the congress has voted on with the figures that carried it."""
    page, vote = result_page(cycle), resolution_vote(cycle)
    if vote is None or not is_carried(vote):
        return page
    return page | {"draft": draft_voted_on(vote), "division": sentence_of(figures_by_ballot(vote))}


# After the vote


def next_announcement(cycle: Cycle) -> str:
    """公告〔N届〕第M号, the term as papers write it: the number after its last announcement."""
    prefix = f"公告〔{numeral(vote_session(cycle).term)}届〕第"
    made = Paper.objects.filter(unit=cycle.unit, kind="announcement", number__startswith=prefix).count()
    return f"{prefix}{made + 1}号"


def signature_line(cycle: Cycle) -> str:
    """XX镇第N届人民代表大会第M次会议主席团."""
    return f"{vote_session(cycle)}{cycle.rules.words['presidium']}"


def opinions_of(cycle: Cycle) -> QuerySet[Opinion]:
    """The delegations' opinions on the year's candidates."""
    return Opinion.objects.filter(cycle=cycle).select_related("delegation", "item").order_by("pk")


def has_opinions(cycle: Cycle) -> bool:
    """Whether the deputies left any opinion to hand over; at a later session nothing is deliberated anew."""
    return held_later(cycle) is None and opinions_of(cycle).exists()


def opinions_page(cycle: Cycle) -> dict[str, Any]:
    return {"opinions": list(opinions_of(cycle))}


def untold(cycle: Cycle) -> QuerySet[Proposal]:
    """Proposals behind the candidates of the vote whose proposers have not been told its result."""
    return (
        Proposal.objects.filter(
            source__item__cycle=cycle, source__item__state__in=VOTED, state=ProposalState.CARRIED
        )
        .select_related("source__item")
        .order_by("pk")
    )


def tell_page(cycle: Cycle) -> dict[str, Any]:
    """The candidates with how many proposers each has to be told about."""
    waiting = list(untold(cycle))
    items = list(Item.objects.filter(cycle=cycle, state__in=VOTED))
    return {
        "items": [
            {"item": item, "proposers": sum(proposal.source.item_id == item.pk for proposal in waiting)}
            for item in items
        ],
        "proposers": len(waiting),
    }


def filed_papers(cycle: Cycle) -> list[Paper]:
    """The documents sent to the county with the report, the last of each kind and every tally."""
    found: list[Paper] = []
    for kind in FILED:
        papers = list(papers_of(cycle, kind=kind).order_by("pk"))
        found.extend(papers if kind in EACH_FILED else papers[-1:])
    return found
