"""Who takes the seats, and why: the majority first, then rank; a tie across the last place is reported, never broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from projects.ballots.rules.terms import (
    Majority,
    MajorityBase,
    Mode,
    Paper,
    Reason,
    Result,
    Sum,
    TieRule,
    Verdict,
    VoteFile,
)
from workflow.people.sentences import sentence as _


def elect(
    sums: Mapping[str, Sum], paper: Paper, majority: Majority, tie: TieRule, *, by_presidium: bool = False
) -> Result:
    """Who takes the seats: the majority filters first, then rank decides (组织法 25; rules.md §6.2).

    sums: every candidate of the paper. Rank is by votes in favour, in `rank` by points and then marks. A tie across
    the last place or places is reported, never broken; a tie that exactly fills the seats is none. by_presidium: only
    the sentence about those tied says so.
    """
    ranked, equals, elected, tied = places(sums, paper, majority, tie)
    not_elected = [one for one in paper.candidates if one not in {*elected, *tied}]
    place = _Placing(
        sums, paper, majority, tuple(ranked), tuple(equals), frozenset(elected), frozenset(tied), by_presidium
    )
    reasons = {one: place.reason(one) for one in paper.candidates}
    return Result(tuple(elected), tuple(tied), tuple(not_elected), reasons, len(ranked))


def places(
    sums: Mapping[str, Sum], paper: Paper, majority: Majority, tie: TieRule
) -> tuple[list[str], list[str], list[str], list[str]]:
    """Those with the majority by rank, the equals across the last place, those elected and those tied."""
    ranked = ranked_with_majority(sums, paper, majority)
    equals = _equals_across_the_last_place(ranked, sums, paper)
    if equals and tie is TieRule.RUNOFF:
        return ranked, equals, ranked[: ranked.index(equals[0])], equals
    if equals:
        return ranked, equals, ranked[: ranked.index(equals[-1]) + 1], []
    return ranked, equals, ranked[: paper.seats], []


def standing(of: Sum, mode: Mode) -> tuple[int, int]:
    """What candidates are compared by, the greater first: votes, or in `rank` points and then marks."""
    return (of.points, of.in_favour) if mode is Mode.RANK else (of.in_favour, 0)


def ranked_with_majority(sums: Mapping[str, Sum], paper: Paper, majority: Majority) -> list[str]:
    """Those with the majority, best first, equals in the order of the paper."""
    passed = [one for one in paper.candidates if sums[one].in_favour >= majority.needed]
    return sorted(passed, key=lambda one: standing(sums[one], paper.mode), reverse=True)


def _equals_across_the_last_place(ranked: list[str], sums: Mapping[str, Sum], paper: Paper) -> list[str]:
    """Those level with each other of whom some would be inside the seats and some outside; empty without a tie."""
    if len(ranked) <= paper.seats:
        return []
    last_in, first_out = (
        standing(sums[one], paper.mode) for one in ranked[paper.seats - 1 : paper.seats + 1]
    )
    return (
        [one for one in ranked if standing(sums[one], paper.mode) == last_in] if last_in == first_out else []
    )


def verdict_of(result: Result, seats: int) -> Verdict:
    """The outcome of a vote that was held and balances."""
    if result.tied:
        return Verdict.RUNOFF
    return Verdict.SHORTFALL if result.passed < seats else Verdict.DECIDED


def nobody_elected(vote: VoteFile, bar: Reason) -> Result:
    """The result where the vote itself does not stand: nobody elected, nobody tied, one reason for all."""
    return Result((), (), vote.paper.candidates, dict.fromkeys(vote.paper.candidates, bar))


@dataclass(frozen=True, slots=True)
class _Placing:
    """The places of one election, for the sentences about them."""

    sums: Mapping[str, Sum]
    paper: Paper
    majority: Majority
    ranked: tuple[str, ...]
    equals: tuple[str, ...]
    elected: frozenset[str]
    tied: frozenset[str]
    by_presidium: bool = False

    def reason(self, one: str) -> Reason:
        """Why one stands where it stands, with its figures."""
        figures = {"majority": majority_phrase(self.majority, self.paper.mode), "got": self._got(one)}
        needs_majority = self.majority.base is not MajorityBase.NONE
        if one not in self.ranked:
            failed = (
                _("%(majority)s，%(got)s，未通过。")
                if needs_majority
                else _("%(majority)s，%(got)s，未入选。")
            )
            return Reason("below_majority", failed % figures)
        if needs_majority:
            reached = _("%(majority)s，%(got)s，票数达到，但") % figures
            passed = _("%(majority)s，%(got)s，通过；") % figures
        else:
            reached = passed = _("%(majority)s，%(got)s，") % figures
        if one in self.tied:
            return Reason("tied", self._when_tied() % {"reached": reached, "tie": self._tie()})
        rank = {"rank": self._rank(one), "seats": self.paper.seats}
        if one not in self.elected:
            sentence = _("%(reached)s%(rank)s，在应选 %(seats)s 项之外，未入选。")
            return Reason("outside_seats", sentence % {"reached": reached, **rank})
        if one in self.equals:
            sentence = _("%(passed)s%(tie)s，按规则票数相等的全部入选。")
            return Reason("elected_with_equals", sentence % {"passed": passed, "tie": self._tie()})
        sentence = _("%(passed)s%(rank)s，在应选 %(seats)s 项之内，入选。")
        return Reason("elected", sentence % {"passed": passed, **rank})

    def _when_tied(self) -> str:
        if self.by_presidium:
            return _("%(reached)s%(tie)s，由主席团在票数相等的项目中决定，暂未入选。")
        return _("%(reached)s%(tie)s，须就票数相等的项目再次投票，暂未入选。")

    def _got(self, one: str) -> str:
        of = self.sums[one]
        if self.paper.mode is Mode.RANK:
            return _("得 %(votes)s 票、%(points)s 分") % {"votes": of.in_favour, "points": of.points}
        return votes_phrase(of)

    def _rank(self, one: str) -> str:
        mine = standing(self.sums[one], self.paper.mode)
        better = sum(standing(self.sums[other], self.paper.mode) > mine for other in self.ranked)
        by = _("按得分列第 %(n)s 位") if self.paper.mode is Mode.RANK else _("按得票列第 %(n)s 位")
        return by % {"n": better + 1}

    def _tie(self) -> str:
        first = self.ranked.index(self.equals[0])
        equal = (
            _("有 %(n)s 个项目得分相等，同列第 %(place)s 位，名额只余 %(left)s 个")
            if self.paper.mode is Mode.RANK
            else _("有 %(n)s 个项目得票相等，同列第 %(place)s 位，名额只余 %(left)s 个")
        )
        return equal % {"n": len(self.equals), "place": first + 1, "left": self.paper.seats - first}


def votes_phrase(of: Sum) -> str:
    """How many voted for one; whoever pressed nothing did not agree: the majority must come without them."""
    if of.not_pressed:
        return _("得 %(votes)s 票（另有 %(n)s 人未按）") % {"votes": of.in_favour, "n": of.not_pressed}
    return _("得 %(votes)s 票") % {"votes": of.in_favour}


_MAJORITIES = {
    MajorityBase.IN_OFFICE: _("需 %(needed)s 票（全体代表 %(of)s 人的过半数）"),
    MajorityBase.PRESENT: _("需 %(needed)s 票（实到代表 %(of)s 人的过半数）"),
    MajorityBase.VALID: _("需 %(needed)s 票（有效票 %(of)s 张的过半数）"),
}


def majority_phrase(majority: Majority, mode: Mode) -> str:
    """What a candidate needs: 需 33 票（全体代表 64 人的过半数）; without a majority, what decides instead."""
    if majority.base is MajorityBase.NONE:
        return _("以得分高的入选，不要求过半数") if mode is Mode.RANK else _("以得票多的入选，不要求过半数")
    return _MAJORITIES[majority.base] % {"needed": majority.needed, "of": majority.of}
