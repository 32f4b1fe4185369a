"""Votes that hang together: what a vote's page leads to, later and earlier, each with its reason.

Ballots counted again, a vote held instead of a void one, those who tie voted on again, a second round, places left voted on
at a later session.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from projects.ballots.models import Purpose, Recounting, Vote, VoteState
from projects.ballots.selectors import followers_on, is_counting_again
from workflow.people.sentences import sentence as _


class Kind(StrEnum):
    """How a vote goes on from the one before it."""

    RECOUNT = "recount"
    AGAIN = "again"
    INSTEAD = "instead"  # of a recount that is void
    RUN_OFF = "run_off"
    SECOND_ROUND = "second_round"
    LATER = "later"


@dataclass(frozen=True)
class Way:
    """Where a vote's page leads. vote: the number of the other vote; called: the link; warns: this one does not hold.
    settles: the other's announced result says what this one left open.
    """

    told: str
    vote: int
    called: str
    warns: bool = False
    settles: bool = False


COUNTED_AGAIN = {
    Recounting.DECLARED: (_("本次计票已经复票，以复票结果为准；原计票结果保留备查。"), _("查看复票")),
    Recounting.COUNTING: (_("正在复票，以重新宣布的结果为准；原计票结果保留备查。"), _("查看复票")),
    Recounting.ORDERED: (_("复票无效，由主席团决定重新投票；原计票结果保留备查。"), _("查看重新投票")),
    Recounting.HELD: (
        _("复票无效，已经重新投票，以重新投票的结果为准；原计票结果保留备查。"),
        _("查看重新投票"),
    ),
    Recounting.COUNTING_ANEW: (
        _("复票无效，重新投票后正在复票，以重新宣布的结果为准；原计票结果保留备查。"),
        _("查看复票"),
    ),
}
# Before the later vote's result is announced, and after; what leads there.
WENT_ON = {
    Kind.AGAIN: (
        _("本次投票无效，由主席团决定重新投票；原投票保留备查。理由：%(reason)s。"),
        _("本次投票无效，已经重新投票，以重新投票的结果为准；原投票保留备查。理由：%(reason)s。"),
        _("查看重新投票"),
    ),
    Kind.INSTEAD: (
        _("本次复票无效，由主席团决定重新投票；本次计票保留备查。理由：%(reason)s。"),
        _("本次复票无效，已经重新投票，以重新投票的结果为准；本次计票保留备查。理由：%(reason)s。"),
        _("查看重新投票"),
    ),
    Kind.RUN_OFF: (
        _("就票数相等的项目再次投票，结果尚未宣布。理由：%(reason)s。"),
        _("已经就票数相等的项目再次投票，以再次投票的结果为准。理由：%(reason)s。"),
        _("查看再次投票"),
    ),
    Kind.SECOND_ROUND: (
        _("就未入选的项目进行第二轮票决，结果尚未宣布。理由：%(reason)s。"),
        _("已经就未入选的项目进行第二轮票决，余下名额以第二轮的结果为准。理由：%(reason)s。"),
        _("查看第二轮票决"),
    ),
    Kind.LATER: (
        _("余下名额另行票决，结果尚未宣布。理由：%(reason)s。"),
        _("余下名额已经另行票决，以另行票决的结果为准。理由：%(reason)s。"),
        _("查看另行票决"),
    ),
}
# In place of the first of them, while what was voted anew is counted again.
COUNTING_ANEW = {
    Kind.AGAIN: _(
        "本次投票无效，重新投票后正在复票，以重新宣布的结果为准；原投票保留备查。理由：%(reason)s。"
    ),
    Kind.INSTEAD: _(
        "本次复票无效，重新投票后正在复票，以重新宣布的结果为准；本次计票保留备查。理由：%(reason)s。"
    ),
}
CAME_FROM = {
    Kind.AGAIN: (_("原投票无效，本次为重新投票。理由：%(reason)s。"), _("查看原投票")),
    Kind.INSTEAD: (_("复票无效，本次为重新投票。理由：%(reason)s。"), _("查看复票")),
    Kind.RUN_OFF: (_("本次为再次投票，只就票数相等的项目投票。理由：%(reason)s。"), _("查看前次投票")),
    Kind.SECOND_ROUND: (_("本次为第二轮票决，只就未入选的项目投票。理由：%(reason)s。"), _("查看第一轮票决")),
    Kind.LATER: (_("本次为另行票决，只就余下名额投票。理由：%(reason)s。"), _("查看前次票决")),
}


def ways_of(vote: Any) -> list[Way]:
    """What the page of a vote leads to: what has become of it, then what it goes on from. vote: as `with_recounts` tells it."""
    return [way for way in (_later(vote), _earlier(vote)) if way]


def _later(vote: Any) -> Way | None:
    if vote.recount:
        told, called = COUNTED_AGAIN[vote.recount.came_to]
        return Way(told, vote.recount.now.pk, called, warns=True)
    followers = followers_on([vote.about_reference])
    then = followers.others.get(vote.pk)
    if then is None or then.is_withdrawn:
        return None
    kind, now = _kind_of(then), followers.now(then)
    before, after, called = WENT_ON[kind]
    held = now.state == VoteState.DECLARED
    if is_counting_again(now):
        before = COUNTING_ANEW.get(kind, before)
    told = (after if held else before) % _because(then)
    return Way(told, now.pk, called, warns=kind in (Kind.AGAIN, Kind.INSTEAD), settles=held)


def _earlier(vote: Vote) -> Way | None:
    first = vote.follows
    if first is None:
        return None
    kind = _kind_of(vote)
    if kind == Kind.RECOUNT:
        called = _("查看前次计票") if first.is_recount else _("查看原计票")
        return Way(_("复票理由：%(reason)s") % {"reason": vote.follows_because}, first.pk, called)
    told, called = CAME_FROM[kind]
    return Way(told % _because(vote), first.pk, called)


def _kind_of(vote: Vote) -> Kind:
    """How a vote that follows another goes on from it."""
    first = vote.follows
    if vote.is_recount:
        return Kind.RECOUNT
    if first and first.state == VoteState.VOID:
        return Kind.INSTEAD if first.is_recount else Kind.AGAIN
    if vote.purpose == Purpose.RUN_OFF:
        return Kind.RUN_OFF
    return Kind.SECOND_ROUND if first and first.session_id == vote.session_id else Kind.LATER


def _because(vote: Vote) -> dict[str, str]:
    return {"reason": vote.follows_because.rstrip("。")}
