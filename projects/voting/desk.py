"""The desk of the vote on the year's projects: like every other, and what only this vote knows.

Its ballots may be counted again after the announcement on the spot. Where the rulebook says so the congress adopts the
票决办法 before it and the resolution after it over the same desk, by ballots of the same flow.
"""

from __future__ import annotations

from datetime import datetime

from projects.ballots.desk import Desk
from projects.ballots.models import Vote, VoteState
from projects.ballots.services import obstacles_to_going_back
from projects.ballots.tellers import obstacles_at_desk
from projects.cycles.models import Cycle, CycleState, SessionState
from projects.deliberation.replacing import REPLACING
from projects.selection.models import ItemState
from projects.voting import selectors
from projects.voting.selectors import AT_DESK, items_of, vote_at_desk, votes_at_desk
from workflow.audit.services import Act
from workflow.machines.services import fire
from workflow.people.saying import said as _


class ProjectsDesk(Desk):
    """A result announced on the spot may be corrected while the congress can still resolve on it; not while the ballots on
    the resolution itself are out, nor once those who tie, or the places left, are being voted on again.
    """

    def recounting(self, act: Act, vote: Vote) -> None:
        """A result announced already is taken back until the next declaration."""
        if vote.state != VoteState.DECLARED:
            return
        for item in items_of(vote.options.values_list("reference", flat=True)).values():
            if item.state != ItemState.ON_BALLOT:  # tied or left over, and not decided on yet
                fire(item, "count_again", act, decision_reason="")

    def undone_by_recount(self, subject: Cycle, vote: Vote) -> list[str]:
        """The announcement on the spot, and the resolution that rests on it."""
        if vote.state != VoteState.DECLARED:
            return []
        told = [_("结果已经当场宣布：同意复票后，原结果不再作为依据，复票后由会议主持人重新宣布。")]
        if selectors.is_resolved(subject, vote):
            told.append(
                _(
                    "大会已就原结果通过决议：复票后须由大会重新通过决议，尚未发布的公告停止办理，届时重新办理。"
                )
            )
        return told

    def obstacles_to_counting_again(self, subject: Cycle, at: datetime) -> list[str]:
        """As for every vote; once the session is closed only the congress itself can decide otherwise."""
        vote = self.current(subject)
        if vote is None or vote.is_question:
            return super().obstacles_to_counting_again(subject, at)
        counted = vote.to_count_again
        if counted.state != VoteState.DECLARED:
            going_on = vote.state in (VoteState.DEFINED, VoteState.OPEN)
            begun = obstacles_to_going_back(vote) if going_on else []
            return begun or super().obstacles_to_counting_again(subject, at)
        if _may_still_correct(subject, counted):
            return []
        return [_("会议已经闭会或结果已经公告，不再复票；认为结果有误的，由代表大会依法另行决定。")]


def _may_still_correct(cycle: Cycle, vote: Vote) -> bool:
    in_session = vote.session is None or vote.session.state == SessionState.OPEN
    voting = cycle.state == CycleState.VOTING or selectors.held_later(cycle) is not None
    return voting and in_session and not selectors.is_announced(cycle, vote)


def _ready(cycle: Cycle, at: datetime) -> list[str]:
    return obstacles_at_desk(cycle.unit, at, door=REPLACING)


DESK = ProjectsDesk(
    vote_of=vote_at_desk,
    votes_of=votes_at_desk,
    purposes=AT_DESK,
    name="",
    ready=_ready,
)
