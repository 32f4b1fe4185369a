"""How close it was: the least number of ballots that would have changed a candidate's end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from projects.ballots.rules.electing import places
from projects.ballots.rules.terms import Mode, Outcome, Paper, Sum, Verdict


class End(StrEnum):
    """Where a candidate ends; in this order more votes lead from the first towards the last."""

    NOT_ELECTED = "not_elected"
    TIED = "tied"
    ELECTED = "elected"


@dataclass(frozen=True, slots=True)
class Swing:
    """The smallest change of one candidate's sum that changes its end. votes: ballots more (> 0) or fewer (< 0)."""

    votes: int
    end: End


def swings(outcome: Outcome) -> dict[str, tuple[Swing, ...]]:
    """For every candidate the fewest ballots that, marked otherwise for it alone, would change its end.

    All other sums stay, and none goes below 0 or above the valid ballots. In `rank` a ballot more names the candidate
    first, a ballot fewer had it first. One tied may have two swings, up and down; none where nothing changes the end.
    Empty where the vote itself has no result.
    """
    if outcome.verdict in (Verdict.NO_QUORUM, Verdict.VOID, Verdict.UNBALANCED):
        return {}
    return {
        one: tuple(found for sign in (1, -1) if (found := _swing(outcome, one, sign)))
        for one in outcome.vote.paper.candidates
    }


def _swing(outcome: Outcome, one: str, sign: int) -> Swing | None:
    """The least change in one direction. More votes never lower a candidate, so halving the range finds it."""
    of, now = outcome.count.sums[one], _end_of(outcome, one, 0)
    most = outcome.count.valid - of.in_favour if sign > 0 else of.in_favour
    if most < 1 or _end_of(outcome, one, sign * most) is now:
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _end_of(outcome, one, sign * middle) is not now else (middle, high)
    return Swing(sign * high, _end_of(outcome, one, sign * high))


def _end_of(outcome: Outcome, one: str, votes: int) -> End:
    """Where a candidate ends with so many ballots more or fewer."""
    vote, sums = outcome.vote, outcome.count.sums
    changed = {**sums, one: moved(sums[one], votes, vote.paper)}
    _ranked, _equals, elected, tied = places(changed, vote.paper, outcome.majority, vote.rules.tie)
    return End.ELECTED if one in elected else End.TIED if one in tied else End.NOT_ELECTED


def moved(of: Sum, votes: int, paper: Paper) -> Sum:
    """A sum with so many ballots more or fewer in favour, as far as its place is concerned: marks and points.

    In `rank` each ballot has its whole weight, `seats` points, as far as the marks left allow (one point at least).
    """
    if paper.mode is not Mode.RANK:
        return Sum(of.in_favour + votes)
    marks = of.in_favour + votes
    return Sum(marks, points=max(of.points + votes * paper.seats, min(of.points, marks)))
