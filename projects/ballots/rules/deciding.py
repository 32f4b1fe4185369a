"""From a vote's figures to its outcome, and what follows from that."""

from __future__ import annotations

from projects.ballots.rules.counting import whole_count
from projects.ballots.rules.electing import elect, nobody_elected, verdict_of
from projects.ballots.rules.reconciling import reconcile
from projects.ballots.rules.terms import (
    Count,
    Majority,
    MajorityBase,
    Outcome,
    Problem,
    Quorum,
    Reason,
    Result,
    ShortfallRule,
    Verdict,
    VoteFile,
)
from workflow.flows.meetings import majority_needed, quorum_needed


def decide(vote: VoteFile) -> Outcome:
    """Count, reconcile and elect (rules.md §6.2).

    Nothing in the figures is an exception: a missing quorum, too many ballots returned and contradictory figures are
    outcomes, in that order, and nobody is elected then; the sums are reported all the same.
    """
    count = whole_count(vote)
    quorum = quorum_of(vote)
    majority = majority_of(vote, valid=count.valid)
    problems = tuple(reconcile(vote))
    bar = _bar_to_electing(vote, quorum, problems)
    result = nobody_elected(vote, bar) if bar else _elected(vote, count, majority)
    verdict = Verdict(bar.code) if bar else verdict_of(result, vote.paper.seats)
    return Outcome(
        verdict, quorum, majority, vote.ballots_issued, vote.returned, count, problems, result, vote
    )


def _elected(vote: VoteFile, count: Count, majority: Majority) -> Result:
    rules = vote.rules
    return elect(count.sums, vote.paper, majority, rules.tie, by_presidium=rules.tie_by_presidium)


# Quorum and majority


def quorum_of(vote: VoteFile) -> Quorum:
    """The quorum of this vote; a rulebook without one is met whoever came."""
    needed = quorum_needed(vote.rules.quorum, vote.deputies_in_office)
    met = vote.rules.quorum is None or vote.deputies_present >= needed
    return Quorum(needed, vote.deputies_present, met)


def majority_of(vote: VoteFile, *, valid: int) -> Majority:
    """The majority of this vote. valid: valid ballots of the whole count."""
    base = vote.rules.majority_base
    if base is MajorityBase.NONE:
        return Majority(base, None, 1)
    figures = {
        MajorityBase.IN_OFFICE: vote.deputies_in_office,
        MajorityBase.PRESENT: vote.deputies_present,
        MajorityBase.VALID: valid,
    }
    return Majority(base, figures[base], majority_needed(figures[base]))


def _bar_to_electing(vote: VoteFile, quorum: Quorum, problems: tuple[Problem, ...]) -> Reason | None:
    """The first thing that keeps the vote from having a result, with its figures."""
    if not quorum.met:
        sentence = (
            f"到会不足法定人数：需 {quorum.needed} 人，实到 {quorum.present} 人，票决不能进行，未入选。"
        )
        return Reason(Verdict.NO_QUORUM, sentence)
    if vote.returned > vote.ballots_issued:
        sentence = f"收回{vote.paper.words.ballot} {vote.returned} 张，多于发出的 {vote.ballots_issued} 张，本次票决无效，未入选。"
        return Reason(Verdict.VOID, sentence)
    if problems:
        return Reason(Verdict.UNBALANCED, f"票数不平衡（{len(problems)} 处），不能认定结果，未入选。")
    return None


def next_step(outcome: Outcome) -> str:
    """What the presiding side does now, in Chinese (rules.md §6.2)."""
    if outcome.verdict is Verdict.NO_QUORUM:
        missing = outcome.quorum.needed - outcome.quorum.present
        return f"还差 {missing} 人达到法定人数，暂不能票决；达到后重新清点人数。"
    if outcome.verdict is Verdict.RUNOFF:
        return _next_after_a_tie(outcome)
    if outcome.verdict is Verdict.SHORTFALL:
        return _next_after_a_shortfall(outcome)
    return {
        Verdict.VOID: "本次票决无效，由主席团决定重新投票。",
        Verdict.UNBALANCED: "逐项核对后重新计票；票数不平衡的报告单不能签字。",
        Verdict.DECIDED: "由主持人当场宣布结果，提请大会通过决议。",
    }[outcome.verdict]


def _next_after_a_tie(outcome: Outcome) -> str:
    if outcome.vote.rules.tie_by_presidium:
        tied = "、".join(outcome.result.tied)
        return f"由主席团会议在票数相等的 {tied} 中决定 {outcome.places_left} 项入选，提请大会以决议确定。"
    again = f"重新核对法定人数后，只就票数相等的 {'、'.join(outcome.result.tied)} 再次投票，选 {outcome.places_left} 项"
    if outcome.vote.rules.runoff_majority:
        return f"{again}，仍须过半数。"
    return f"{again}，得票多的入选，不再要求过半数。"


def _next_after_a_shortfall(outcome: Outcome) -> str:
    left = outcome.places_left
    if not outcome.result.not_elected:
        return f"候选项目全部入选，余下 {left} 个名额没有候选项目，空缺。"
    if outcome.vote.rules.left_to_next_session:
        names = "、".join(outcome.result.not_elected)
        return f"余下 {left} 个名额留待下次会议，就未入选的 {names} 另行票决。"
    if outcome.vote.rules.shortfall is ShortfallRule.VACANT:
        return f"余下 {left} 个名额空缺，不再另行票决；未入选项目转入储备库。"
    return f"就未入选的 {'、'.join(outcome.result.not_elected)} 进行第二轮票决，选 {left} 项。"
