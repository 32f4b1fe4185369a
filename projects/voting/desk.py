"""The desk of the vote on the year's projects: like every other, and what only this vote knows.

Its ballots may be counted again after the announcement on the spot, deputies may change to paper or come late.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.ballots import rolls, witnessing
from projects.ballots import services as ballots
from projects.ballots.desk import Desk
from projects.ballots.forms import SecondForm
from projects.ballots.models import Vote, VoteState
from projects.ballots.tellers import obstacles_at_desk
from projects.cycles.models import Cycle, CycleState, Presence, SessionState
from projects.selection.models import ItemState
from projects.voting import selectors
from projects.voting.selectors import PROJECTS, items_of, vote_of
from workflow.audit.services import Act
from workflow.flows.services import Outcome
from workflow.machines.services import fire


class ProjectsDesk(Desk):
    """A result announced on the spot may be corrected while the congress can still resolve on it."""

    def recounting(self, act: Act, vote: Vote) -> None:
        """A result announced already is taken back until the next declaration."""
        if vote.state != VoteState.DECLARED:
            return
        for item in items_of(vote.options.values_list("reference", flat=True)).values():
            if item.state != ItemState.ON_BALLOT:  # tied or left over, and not decided on yet
                fire(item, "count_again", act, decision_reason="")

    def obstacles_to_recount(self, subject: Cycle, at: datetime) -> list[str]:
        """As for every vote; once the session is closed only the congress itself can decide otherwise."""
        vote = self.current(subject)
        if vote is None or vote.state != VoteState.DECLARED:
            return super().obstacles_to_recount(subject, at)
        if _may_still_correct(subject, vote):
            return self.obstacles_to_other_counters(vote, at)
        return [_("会议已经闭会或结果已经公告，不再复票；认为结果有误的，由代表大会依法另行决定。")]


def _may_still_correct(cycle: Cycle, vote: Vote) -> bool:
    in_session = vote.session is None or vote.session.state == SessionState.OPEN
    voting = cycle.state == CycleState.VOTING or selectors.held_later(cycle) is not None
    return voting and in_session and not selectors.is_announced(cycle, vote)


def _ready(cycle: Cycle, at: datetime) -> list[str]:
    return obstacles_at_desk(cycle.unit, at)


DESK = ProjectsDesk(
    vote_of=vote_of,
    purposes=PROJECTS,
    name="",
    paper=gettext_lazy("表决票"),
    ready=_ready,
)


# Late, and from device to paper


def arrive(act: Act, cycle: Cycle, *, line: str, arrived_at: time) -> Outcome:
    """登记迟到: who came late, and when, while the vote has not opened."""
    vote = vote_of(cycle)
    moment = datetime.combine(act.on, arrived_at, get_current_timezone())
    ballots.record_arrival(act, vote, line=int(line), arrived_at=moment)
    return Outcome(after={"present": vote.deputies_present, "on_leave": vote.on_leave})


def obstacles_to_arriving(cycle: Cycle, at: datetime) -> list[str]:
    """Why nobody is registered as late now: not counted yet, open already, or everybody is here."""
    vote = DESK.current(cycle)
    if vote is None or vote.state != VoteState.DEFINED or vote.deputies_present is None:
        return [_("清点到会人数以后、投票开始以前才登记迟到。")]
    away = (Presence.LEAVE, Presence.ABSENT)
    if vote.session is None or not vote.session.roll.filter(presence__in=away).exists():
        return [_("名册上没有请假或缺席的代表。")]
    return []


def hand_paper(act: Act, cycle: Cycle, *, lines: list[str], reason: str) -> Outcome:
    """改用纸质票: deputies who cannot or will not vote by device, before they have."""
    vote = DESK.locked(cycle)
    issued = rolls.to_paper(act, vote, [int(line) for line in lines], reason=reason)
    if rolls.obstacles_to_emptying(vote):
        told = _("没有电子票须要改用。")
        witnessing.overtake(act, Vote.objects.filter(pk=vote.pk), reason=told, asked=["turn"])
    return Outcome(after={"paper_issued": issued}, reason=reason)


def obstacles_to_handing_paper(cycle: Cycle, at: datetime) -> list[str]:
    """Why nobody can change to paper now: no vote by device under way."""
    vote = DESK.current(cycle)
    if vote and vote.device and vote.state == VoteState.OPEN and not vote.box_of_id:
        return []
    return [_("没有正在进行的电子表决。")]


def turn_to_paper(act: Act, cycle: Cycle, *, decision: str, reason: str) -> Outcome:
    """Too few deputies by device: once a teller agrees their ballots are destroyed unopened and they vote on paper."""
    if decision != SecondForm.AGREE:
        return DESK.decline(act, cycle, "turn", reason=reason)
    vote = DESK.locked(cycle)
    asked = witnessing.confirm(act, vote, "turn").figures["reason"]
    issued = rolls.empty_box(act, vote, reason=asked)
    return Outcome(after={"agreed": True, "paper_issued": issued}, reason=asked)


def obstacles_to_turning(cycle: Cycle, at: datetime) -> list[str]:
    """Why it cannot be asked for now that the box is emptied."""
    vote = DESK.current(cycle)
    if vote is None:
        return [_("没有正在进行的电子表决。")]
    return rolls.obstacles_to_emptying(vote) or witnessing.obstacles_to_asking(vote, "turn")


def at_turning(cycle: Cycle) -> dict[str, Any]:
    """The desk with why the box is to be emptied and how many ballots that destroys, for a teller to confirm."""
    told = DESK.at_asked(cycle, "turn")
    if told["entered"]:
        told["entered"]["figures"] = [(_("将作废的电子票"), selectors.turnout_of(told["vote"])["voted"])]
    return told
