"""The screen of the hall: turnout while a vote is open, that it is being counted, and what was declared. Never a sum before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from projects.ballots.models import Vote, VoteState
from projects.ballots.rules import Mode
from projects.ballots.selectors import Line, lines_of, ranks_of, turnout_of
from projects.portal.staff_selectors import votes_visible
from workflow.roles import registry
from workflow.roles.middleware import acting_grant, in_office

COUNTING = (VoteState.CLOSED, VoteState.KEYED)
LONG_LIST, LONGEST_LIST = 12, 18


@dataclass(frozen=True)
class Bar:
    """One candidate's declared result. width: of 1000, as a share of the deputies in office; rank: 0 if not elected."""

    line: Line
    rank: int
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
    told: dict[str, Any] = {"vote": now, "stage": _stage(now)}
    if now.state == VoteState.OPEN and now.device and not now.box_of_id:
        turnout = turnout_of(now)
        told |= turnout | {"width": 1000 * turnout["voted"] // max(turnout["by_device"], 1)}
    if now.state == VoteState.DECLARED and "elected" in now.outcome:
        told |= _result(now)
    return told


def current_of(vote: Vote) -> Vote:
    """The vote that is on: what repeats a void vote or counts one again, and a run-off once it has opened."""
    following = vote.followed_by.select_related("unit", "session").order_by("-pk").first()
    if following is None:
        return vote
    if vote.state == VoteState.DECLARED and following.state == VoteState.DEFINED:
        return vote
    return current_of(following)


def _stage(vote: Vote) -> str:
    if vote.state in COUNTING or (vote.box_of_id and vote.state == VoteState.OPEN):
        return "counting"
    return str(vote.state)


def _result(vote: Vote) -> dict[str, Any]:
    """Elected in the order of their ranks, then the others by votes; the majority's line where one was asked for."""
    lines = lines_of(vote)
    ranks = ranks_of(vote, lines)
    ordered = sorted(
        lines, key=lambda one: (ranks.get(one.title, 1000), -one.points, -one.in_favour, one.position)
    )
    whole = max(vote.deputies_in_office, 1)
    needed = lines[0].needed if lines and lines[0].of is not None else 0
    return {
        "bars": [Bar(line, ranks.get(line.title, 0), 1000 * line.in_favour // whole) for line in ordered],
        "needed": needed,
        "line_at": 1000 * needed // whole,
        "ballots": vote.outcome["ballots"],
        "by_points": vote.mode == Mode.RANK,
        "density": "longest" if len(lines) > LONGEST_LIST else "long" if len(lines) > LONG_LIST else "",
    }
