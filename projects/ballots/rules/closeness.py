"""How close it was: the least number of ballots, marked otherwise as a ballot may be, that would have changed an end."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from projects.ballots.rules.counting import read_ballot
from projects.ballots.rules.electing import places, ranked_with_majority, standing
from projects.ballots.rules.terms import Count, Mode, Outcome, Verdict, VoteFile


class End(StrEnum):
    """Where a candidate ends; in this order more votes lead from the first towards the last."""

    NOT_ELECTED = "not_elected"
    TIED = "tied"
    ELECTED = "elected"


@dataclass(frozen=True, slots=True)
class Swing:
    """The fewest ballots that, marked otherwise in one way, change a candidate's end. votes: more (> 0) or fewer (< 0).

    instead_of: the candidate whose mark those ballots give up for it; "" where whatever they give up leads to that end; None
    where they give up nothing, and every other sum stays.
    """

    votes: int
    end: End
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a candidate marked by rank stands from the other end. votes: over (≥ 0) or short of (< 0) what the majority needs.

    rival: who holds the place it lacks, or would come next for the one it has; "" where no other stands in between.
    points: its own less the rival's; where these are level, marks decide: its own less the rival's.
    """

    votes: int
    rival: str = ""
    points: int = 0
    marks: int = 0


def swings(outcome: Outcome) -> dict[str, tuple[Swing, ...]]:
    """For every candidate of a paper that is not ranked, the fewest ballots that, marked otherwise, would change its end.

    More: ballots that leave it out and have room mark it besides, every other sum staying. Where too few have room, ballots
    mark it in the place of one other, the one that takes the fewest; where none has so many to give, of whatever: what they
    give up only helps. Fewer: ballots leave it out, every other sum staying. A candidate tied may have both; none where no
    such change is sure to be there. Of a tally only what its sums prove is told: at least so many ballots have room, or name
    the one and not the other. Empty where the vote itself has no result, and for a ranked paper, where a mark more moves all
    those behind it (`gaps`).
    """
    if _has_no_result(outcome) or outcome.vote.paper.mode is Mode.RANK:
        return {}
    close = _Close(outcome, _marks_in(outcome.vote))
    return {
        one: tuple(found for found in (close.more(one), close.fewer(one)) if found)
        for one in outcome.vote.paper.candidates
    }


def is_beyond_change(outcome: Outcome, one: str) -> bool:
    """Whether a candidate's end is the same were it marked on every valid ballot, or on none, and all others as they are."""
    close, of = _Close(outcome, ()), outcome.count.sums[one].in_favour
    ends = {close.end_of(one, {one: change}) for change in (-of, 0, outcome.count.valid - of)}
    return len(ends) == 1


def gaps(outcome: Outcome) -> dict[str, Gap]:
    """For every candidate of a ranked paper how far it is from the other end, as its sums say.

    Empty where the vote itself has no result, and for a paper that is not ranked.
    """
    if _has_no_result(outcome) or outcome.vote.paper.mode is not Mode.RANK:
        return {}
    return {one: _gap(outcome, one) for one in outcome.vote.paper.candidates}


def _has_no_result(outcome: Outcome) -> bool:
    return outcome.verdict in (Verdict.NO_QUORUM, Verdict.VOID, Verdict.UNBALANCED)


def _marks_in(vote: VoteFile) -> tuple[frozenset[str], ...]:
    """What each valid ballot of an opened box is in favour of."""
    read = (read_ballot(ballot, vote.paper) for ballot in vote.ballots)
    return tuple(frozenset(marks.in_favour) for marks in read if marks)


@dataclass(frozen=True)
class _Close:
    """The changes of one outcome. box: what each opened ballot is in favour of."""

    outcome: Outcome
    box: Sequence[frozenset[str]]

    @property
    def cap(self) -> int | None:
        """How many a ballot may be in favour of; None where each candidate is voted on by itself."""
        paper = self.outcome.vote.paper
        return None if paper.mode is Mode.EACH and not paper.each_cap else paper.seats

    def more(self, one: str) -> Swing | None:
        if found := self._least(one, {one: 1}, most=self._with_room(one)):
            return found
        best: Swing | None = None
        for other, most in self._in_place_of(one).items():
            if found := self._least(one, {one: 1, other: -1}, most=min(most, best.votes) if best else most):
                swing = replace(found, instead_of=other)
                best = min(best or swing, swing, key=lambda swing: (swing.votes, swing.end is End.TIED))
        return best or self._from_any(one)

    def _from_any(self, one: str) -> Swing | None:
        """As many more as elect it where every other sum stays: where some fall instead, it is elected all the more."""
        of = self.outcome.count
        without = of.valid - of.sums[one].in_favour
        if self.end_of(one, {one: 0}) is End.ELECTED or self.end_of(one, {one: without}) is not End.ELECTED:
            return None
        votes = bisect_left(
            range(without), True, key=lambda more: self.end_of(one, {one: more}) is End.ELECTED
        )
        return Swing(votes, End.ELECTED, "")

    def fewer(self, one: str) -> Swing | None:
        found = self._least(one, {one: -1}, most=self.outcome.count.sums[one].in_favour)
        return replace(found, votes=-found.votes) if found else None

    def _least(self, one: str, a_ballot: Mapping[str, int], *, most: int) -> Swing | None:
        """The fewest ballots, of at most so many, that change its end if each changes the sums so.

        More such ballots never take it back the other way.
        """

        def end(ballots: int) -> End:
            return self.end_of(one, {name: ballots * change for name, change in a_ballot.items()})

        now = end(0)
        if most < 1 or end(most) is now:
            return None
        ballots = bisect_left(range(most), True, key=lambda ballots: end(ballots) is not now)
        return Swing(ballots, end(ballots))

    def end_of(self, one: str, changes: Mapping[str, int]) -> End:
        """Where a candidate ends with so many votes more or fewer for some; others stay."""
        vote, sums = self.outcome.vote, dict(self.outcome.count.sums)
        for name, change in changes.items():
            sums[name] = replace(sums[name], in_favour=sums[name].in_favour + change)
        _ranked, _equals, elected, tied = places(sums, vote.paper, self.outcome.majority, vote.rules.tie)
        return End.ELECTED if one in elected else End.TIED if one in tied else End.NOT_ELECTED

    def _with_room(self, one: str) -> int:
        """How many valid ballots leave it out and could name one more; of a tally, how many do for certain."""
        cap = self.cap
        if cap is None:
            return self.outcome.count.valid - self.outcome.count.sums[one].in_favour
        found = sum(1 for marks in self.box if one not in marks and len(marks) < cap)
        tally = self.outcome.vote.tally
        return found + (_room_in_sums(tally, one, cap) if tally else 0)

    def _in_place_of(self, one: str) -> dict[str, int]:
        """How many valid ballots name each other candidate and not this one; of a tally, how many do for certain."""
        without = Counter(other for marks in self.box if one not in marks for other in marks)
        if tally := self.outcome.vote.tally:
            of = tally.sums[one].in_favour
            for other, its in tally.sums.items():
                together = 0 if self.cap == 1 else min(of, its.in_favour)
                without[other] += its.in_favour - together
        return {other: without[other] for other in self.outcome.vote.paper.candidates if other != one}


def _room_in_sums(tally: Count, one: str, cap: int) -> int:
    """How many of a tally's ballots leave one out and have room, however the sums lie on the ballots.

    At most so many can be full without it as the others' votes fill, each of them once on a ballot.
    """
    without = tally.valid - tally.sums[one].in_favour
    others = [of.in_favour for other, of in tally.sums.items() if other != one]

    def too_many(full: int) -> bool:
        return sum(min(votes, full) for votes in others) < cap * full

    return without + 1 - bisect_left(range(without + 1), True, key=too_many)


def _gap(outcome: Outcome, one: str) -> Gap:
    vote, sums, mode = outcome.vote, outcome.count.sums, outcome.vote.paper.mode
    mine, seats = standing(sums[one], mode), vote.paper.seats
    others = [other for other in ranked_with_majority(sums, vote.paper, outcome.majority) if other != one]
    if one in outcome.result.elected:
        rivals = [other for other in others if other not in outcome.result.elected]
    else:
        rivals = [other for other in others[seats - 1 : seats] if standing(sums[other], mode) >= mine]
    votes = sums[one].in_favour - outcome.majority.needed
    if not rivals:
        return Gap(votes)
    points, marks = (a - b for a, b in zip(mine, standing(sums[rivals[0]], mode), strict=True))
    return Gap(votes, rivals[0], points, 0 if points else marks)
