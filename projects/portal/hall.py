"""The screen of the hall: turnout while a vote is open, that it is being counted, its result once both tellers have signed.

Once that is announced, what it leads to. Of a void vote that it is void and why, until the next one opens. Never a sum
before (ui.md, hall screen).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from projects.ballots import figures as fig
from projects.ballots import witnessing
from projects.ballots.models import Purpose, Vote, VoteState
from projects.ballots.outcomes import lines_told
from projects.ballots.rules import Mode
from projects.ballots.selectors import (
    PROJECTS,
    STANDING,
    awaits_order,
    back_by_way,
    lines_of,
    out_by_way,
    ranks_of,
    repeats_void,
    told_besides,
    turnout_of,
)
from projects.portal.staff_selectors import votes_visible
from workflow.people.saying import said_again
from workflow.roles import registry
from workflow.roles.middleware import acting_grant, in_office

COUNTING = (VoteState.CLOSED, VoteState.KEYED)
SHORT_LIST, LONG_LIST, LONGEST_LIST = 5, 12, 18


@dataclass(frozen=True)
class Bar:
    """What one line of the paper came to. number: its rank where it is elected, its place on the paper in a measurement.

    place: elected, tied, left or not_elected, by which it is coloured; good: whether that is what was asked for. figures:
    its sums in words. width: of 1000, as a share of the deputies in office, in a measurement of the valid ballots.
    """

    number: int
    title: str
    place: str
    word: str
    good: bool
    figures: list[str]
    width: int


@require_safe
def screen(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole screen; it fetches its board every two seconds, and reloads itself where there is no JavaScript."""
    return render(request, "voter/hall/screen.html", board_of(_vote_for(request, pk)) | {"asked": pk})


@never_cache
@require_safe
def board(request: HttpRequest, pk: int) -> HttpResponse:
    """What changes on it. Without a sign-in 401: a page to sign in at must not take the board's place."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    return render(request, "voter/hall/board.html", board_of(_vote_for(request, pk)))


def _vote_for(request: HttpRequest, pk: int) -> Vote:
    """A vote of the viewer's own township: the screen is opened by its staff on the hall's computer."""
    grant = acting_grant(in_office(request))
    if registry.office(grant.office).reads_below:
        raise PermissionDenied(_("会场大屏由本级工作人员打开。"))
    return get_object_or_404(votes_visible(grant), pk=pk)


def board_of(vote: Vote) -> dict[str, Any]:
    """The board of a vote, or of the one that has taken its place: the screen is opened once for the day."""
    now = current_of(vote)
    stage = _stage(now)
    told: dict[str, Any] = {"vote": now, "hall": now.unit, "stage": stage, "handed": _handed(now, stage)}
    if now.state == VoteState.OPEN and not now.is_recount:
        told |= _turnout(now)
    if now.state in STANDING and "sums" in now.outcome:
        told |= _result(now)
    if now.state == VoteState.DECLARED:
        told["besides"] = told_besides(now)
    if repeats_void(now):
        told |= {"void_reason": now.follows_because, "awaits_order": awaits_order(now)}
    return told


def _handed(vote: Vote, stage: str) -> list[tuple[Any, int | None]]:
    """What is out and, once it is in, what came back; paper apart only where it comes beside the hall's device."""
    out, back = out_by_way(vote)[:1], back_by_way(vote)
    if stage in ("defined", "again", "open") or vote.returned is None:
        return out
    return [*out, *(back if vote.keypad else back[:1])]


def _turnout(vote: Vote) -> dict[str, Any]:
    """By device how many have voted; on paper alone how many the chief teller has counted back, None before."""
    turnout = turnout_of(vote)
    if turnout["by_device"]:
        return turnout | {"width": 1000 * turnout["voted"] // turnout["by_device"]}
    counted = witnessing.entered(vote, "close")
    return {"counted_back": counted.figures["returned"] if counted else None}


def current_of(vote: Vote) -> Vote:
    """The vote that is on: what repeats a void vote or counts one again, and a run-off once it has opened; of one
    withdrawn before it began, whatever the vote it went on from has come to."""
    if vote.is_withdrawn and vote.follows:  # its own screen, put up before it was withdrawn
        return current_of(vote.follows)
    following = vote.followed_by.select_related("unit", "session").order_by("-pk").first()
    if following is None:
        return vote
    if vote.state == VoteState.DECLARED and following.state == VoteState.DEFINED:
        return vote
    return current_of(following)


def _stage(vote: Vote) -> str:
    if repeats_void(vote):
        return "again"
    if vote.state in COUNTING or (vote.is_recount and vote.state == VoteState.OPEN):
        return "counting"
    return str(vote.state)


def _result(vote: Vote) -> dict[str, Any]:
    """The lines sorted, and the majority's line where one was asked for."""
    bars = _elected(vote) if vote.purpose in PROJECTS else _judged(vote)
    majority = vote.outcome.get("majority", {})
    needed = majority["needed"] if majority.get("of") is not None else 0
    return {
        "bars": bars,
        "needed": needed,
        "line_at": 1000 * needed // max(vote.deputies_in_office, 1),
        "ballots": fig.ballots_told(vote),
        "density": _density(len(bars)),
    }


def _density(lines: int) -> str:
    """How close the lines stand, so that many fit on the screen and few fill it."""
    if lines > LONG_LIST:
        return "longest" if lines > LONGEST_LIST else "long"
    return "short" if lines <= SHORT_LIST else ""


def _elected(vote: Vote) -> list[Bar]:
    """Elected in the order of their ranks, then the others by votes."""
    lines = lines_of(vote)
    ranks = ranks_of(vote, lines)
    ordered = sorted(
        lines, key=lambda one: (ranks.get(one.title, 1000), -one.points, -one.in_favour, one.position)
    )
    whole = max(vote.deputies_in_office, 1)
    return [
        Bar(
            number=ranks.get(line.title, 0),
            title=line.title,
            place=line.place,
            word=line.word,
            good=line.elected,
            figures=[
                *([_("%(n)s 分") % {"n": line.points}] if vote.mode == Mode.RANK else []),
                _("%(n)s 票") % {"n": line.in_favour},
            ],
            width=1000 * line.in_favour // whole,
        )
        for line in ordered
    ]


def _judged(vote: Vote) -> list[Bar]:
    """Projects measured, those with the most satisfied first, or the change voted on: every figure, and what follows."""
    sums, graded = vote.outcome["sums"], vote.purpose == Purpose.MEASUREMENT
    whole = vote.outcome["ballots"]["valid"] if graded else vote.deputies_in_office
    ordered = sorted(
        lines_told(vote, fig.signed_outcome(vote)),
        key=lambda one: (-sums[one["title"]]["for"], one["position"]),
    )
    return [
        Bar(
            number=line["position"] if graded else 0,
            title=line["title"],
            place="elected" if line["good"] else "not_elected",
            word=line["word"],
            good=line["good"],
            figures=[f"{said_again(word)} {n}" for word, n in fig.told(vote, sums[line["title"]])],
            width=1000 * sums[line["title"]]["for"] // max(whole, 1),
        )
        for line in ordered
    ]
