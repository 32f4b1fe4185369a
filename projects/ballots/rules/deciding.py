"""From a vote's figures to its outcome, and what follows from that."""

from __future__ import annotations

from collections.abc import Sequence

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
from workflow.people.sentences import in_a_row
from workflow.people.sentences import sentence as _


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
        sentence = _("到会不足法定人数：需 %(needed)s 人，实到 %(present)s 人，票决不能进行，未入选。") % {
            "needed": quorum.needed,
            "present": quorum.present,
        }
        return Reason(Verdict.NO_QUORUM, sentence)
    if vote.returned > vote.ballots_issued:
        sentence = _("收回%(ballot)s %(returned)s 张，多于发出的 %(issued)s 张，本次票决无效，未入选。") % {
            "ballot": vote.paper.words.ballot,
            "returned": vote.returned,
            "issued": vote.ballots_issued,
        }
        return Reason(Verdict.VOID, sentence)
    if problems:
        sentence = _("票数不平衡（%(n)s 处），不能认定结果，未入选。") % {"n": len(problems)}
        return Reason(Verdict.UNBALANCED, sentence)
    return None


_NEXT = {
    Verdict.VOID: _("本次票决无效，由主席团决定重新投票。"),
    Verdict.UNBALANCED: _("逐项核对后重新计票；票数不平衡的报告单不能签字。"),
    Verdict.DECIDED: _("由主持人当场宣布结果，提请大会通过决议。"),
}


def next_step(outcome: Outcome) -> str:
    """What the presiding side does now (rules.md §6.2)."""
    if outcome.verdict is Verdict.NO_QUORUM:
        missing = outcome.quorum.needed - outcome.quorum.present
        return _("还差 %(n)s 人达到法定人数，暂不能票决；达到后重新清点人数。") % {"n": missing}
    if outcome.verdict is Verdict.RUNOFF:
        return _next_after_a_tie(outcome)
    if outcome.verdict is Verdict.SHORTFALL:
        return _next_after_a_shortfall(outcome)
    return _NEXT[outcome.verdict]


QUOTED = _("“%(title)s”")
BESIDE = _("%(first)s%(rest)s")  # between quotation marks stands no 顿号 (GB/T 15834—2011, 4.5.3.5)


def _quoted(titles: Sequence[str]) -> str:
    """Projects by their titles, each in quotation marks."""
    return in_a_row([QUOTED % {"title": title} for title in titles], BESIDE)


def _next_after_a_tie(outcome: Outcome) -> str:
    told = {"tied": _quoted(outcome.result.tied), "n": outcome.places_left}
    if outcome.vote.rules.tie_by_presidium:
        return _("由主席团会议在票数相等的%(tied)s中决定 %(n)s 项入选，提请大会以决议确定。") % told
    if outcome.vote.rules.runoff_majority:
        return _("重新核对法定人数后，只就票数相等的%(tied)s再次投票，选 %(n)s 项，仍须过半数。") % told
    return (
        _("重新核对法定人数后，只就票数相等的%(tied)s再次投票，选 %(n)s 项，得票多的入选，不再要求过半数。")
        % told
    )


def _next_after_a_shortfall(outcome: Outcome) -> str:
    told = {"n": outcome.places_left, "names": _quoted(outcome.result.not_elected)}
    if not outcome.result.not_elected:
        return _("候选项目全部入选，余下 %(n)s 个名额没有候选项目，空缺。") % told
    if outcome.vote.rules.left_to_next_session:
        return _("余下 %(n)s 个名额留待下次会议，就未入选的%(names)s另行票决。") % told
    if outcome.vote.rules.shortfall is ShortfallRule.VACANT:
        return _("余下 %(n)s 个名额空缺，不再另行票决；未入选项目转入储备库。") % told
    return _("就未入选的%(names)s进行第二轮票决，选 %(n)s 项。") % told
