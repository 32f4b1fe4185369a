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
        figures = f"{majority_phrase(self.majority, self.paper.mode)}，{self._got(one)}"
        if self.majority.base is MajorityBase.NONE:
            passed, reached, failed = "，", "，", "，未入选。"
        else:
            passed, reached, failed = "，通过；", "，票数达到，但", "，未通过。"
        if one not in self.ranked:
            return Reason("below_majority", f"{figures}{failed}")
        if one in self.tied:
            then = "由主席团在票数相等的项目中决定" if self.by_presidium else "须就票数相等的项目再次投票"
            return Reason("tied", f"{figures}{reached}{self._tie()}，{then}，暂未入选。")
        if one not in self.elected:
            return Reason(
                "outside_seats",
                f"{figures}{reached}{self._rank(one)}，在应选 {self.paper.seats} 项之外，未入选。",
            )
        if one in self.equals:
            return Reason(
                "elected_with_equals", f"{figures}{passed}{self._tie()}，按规则票数相等的全部入选。"
            )
        return Reason(
            "elected", f"{figures}{passed}{self._rank(one)}，在应选 {self.paper.seats} 项之内，入选。"
        )

    def _got(self, one: str) -> str:
        of = self.sums[one]
        if self.paper.mode is Mode.RANK:
            return f"得 {of.in_favour} 票、{of.points} 分"
        # Whoever pressed nothing did not agree: of all deputies the majority must come without them.
        return f"得 {of.in_favour} 票" + (f"（另有 {of.not_pressed} 人未按）" if of.not_pressed else "")

    def _rank(self, one: str) -> str:
        mine = standing(self.sums[one], self.paper.mode)
        better = sum(standing(self.sums[other], self.paper.mode) > mine for other in self.ranked)
        return f"{self._by()}列第 {better + 1} 位"

    def _tie(self) -> str:
        first = self.ranked.index(self.equals[0])
        places = self.paper.seats - first
        figure = "得分" if self.paper.mode is Mode.RANK else "得票"
        return f"{len(self.equals)} 个项目{figure}相等，同列第 {first + 1} 位，名额只余 {places} 个"

    def _by(self) -> str:
        return "按得分" if self.paper.mode is Mode.RANK else "按得票"


def majority_phrase(majority: Majority, mode: Mode) -> str:
    """What a candidate needs, in Chinese: 需 33 票（全体代表 64 人的过半数）; without a majority, what decides instead."""
    if majority.base is MajorityBase.NONE:
        return f"以{'得分高' if mode is Mode.RANK else '得票多'}的入选，不要求过半数"
    bases = {
        MajorityBase.IN_OFFICE: f"全体代表 {majority.of} 人的过半数",
        MajorityBase.PRESENT: f"实到代表 {majority.of} 人的过半数",
        MajorityBase.VALID: f"有效票 {majority.of} 张的过半数",
    }
    return f"需 {majority.needed} 票（{bases[majority.base]}）"
