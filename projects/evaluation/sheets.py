"""The paper tally of a measurement: balance, two keyings, and what each project's marks come to (rules.md §6.2, §8).

A measurement is counted as a vote of mode `each` with other words on the paper: 满意 is `for`, 不满意 `against`,
基本满意 `abstain`, and a line left empty on a valid ballot `not_pressed`. So the count's own balance and comparison of
keyings hold here too; only the election of winners does not. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from projects.ballots import rules as count
from projects.ballots.rules import Count, Mode, Paper, Sum, VoteFile
from projects.evaluation.rules import (
    Base,
    Consequence,
    Following,
    Formula,
    Marks,
    Thresholds,
    base_figure,
    consequence_of_level,
    consequence_of_rate,
    level_among_members,
    rate_sentence,
    satisfaction_rate,
)

# The count's field of a line → its word on this paper, and its name in the stored figures.
GRADES = {
    "in_favour": ("满意", "for"),
    "abstain": ("基本满意", "abstain"),
    "against": ("不满意", "against"),
    "not_pressed": ("未作评价", "not_pressed"),
}
HEADS = {"returned": "收回测评票", "valid": "有效票", "invalid": "无效票"}


@dataclass(frozen=True, slots=True)
class Hall:
    """Who is there, in people and ballots: deputies in office and present, ballots issued."""

    in_office: int
    present: int
    issued: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One keying of the whole tally. sums: by the title of the line on the paper."""

    returned: int
    valid: int
    invalid: int
    sums: Mapping[str, Sum]

    def as_json(self) -> dict[str, Any]:
        """The plain values kept with the vote."""
        lines = {
            title: {name: getattr(of, field) for field, (_word, name) in GRADES.items()}
            for title, of in self.sums.items()
        }
        return {"returned": self.returned, "valid": self.valid, "invalid": self.invalid, "sums": lines}


def sheet_from(figures: Mapping[str, Any]) -> Sheet:
    """The sheet of stored figures."""
    sums = {
        title: Sum(**{field: line[name] for field, (_word, name) in GRADES.items()})
        for title, line in figures["sums"].items()
    }
    return Sheet(figures["returned"], figures["valid"], figures["invalid"], sums)


def attendance_problems(hall: Hall, *, on_leave: int, quorum: Fraction) -> list[str]:
    """Why the measurement cannot be opened: too few present, or figures that contradict each other (组织法 14)."""
    needed = count.quorum_needed(quorum, hall.in_office)
    found = []
    if hall.present < needed:
        found.append(f"应到 {hall.in_office} 人，须 {needed} 人以上到会，实到 {hall.present} 人，不能测评。")
    if hall.present + on_leave > hall.in_office:
        found.append(f"实到 {hall.present} ＋ 请假 {on_leave} ＞ 应到 {hall.in_office} 人。")
    if hall.issued > hall.present:
        found.append(f"发出测评票 {hall.issued} 张 ＞ 实到 {hall.present} 人。")
    return found


def balance_problems(sheet: Sheet, hall: Hall) -> list[str]:
    """What does not balance in one keying; empty means it may be taken (rules.md §6.2).

    Per project 满意＋基本满意＋不满意＋未作评价 ＝ 有效票; 有效票＋无效票 ＝ 收回. More returned than issued is not
    unbalanced: it makes the whole measurement void.
    """
    return [_said(problem, sheet) for problem in count.reconcile(_as_vote(sheet, hall))]


def _as_vote(sheet: Sheet, hall: Hall) -> VoteFile:
    return VoteFile(
        deputies_in_office=hall.in_office,
        deputies_present=hall.present,
        ballots_issued=hall.issued,
        paper=Paper(tuple(sheet.sums), Mode.EACH, seats=max(len(sheet.sums), 1)),
        tally=_count_of(sheet),
        ballots_returned=sheet.returned,
    )


def _count_of(sheet: Sheet) -> Count:
    return Count(sheet.sums, sheet.valid, sheet.invalid)


def _said(problem: count.Problem, sheet: Sheet) -> str:
    """The count's sentence, or ours where it would speak of 赞成 and 反对."""
    if problem.candidate is None or problem.code != "sum_differs":
        return problem.sentence
    of = sheet.sums[problem.candidate]
    parts = " ＋ ".join(f"{word} {getattr(of, field)}" for field, (word, _name) in GRADES.items())
    return f"“{problem.candidate}”：{parts} ＝ {of.accounted} 票 ≠ 有效票 {sheet.valid} 张。"


def differing_lines(first: Sheet, second: Sheet) -> list[str]:
    """Which figures two independent keyings disagree on, without the figures; empty means they agree.

    The figures stay out so that nobody can make the second keying fit the first.
    """
    one, other = (count.Keying(0, sheet.returned, _count_of(sheet)) for sheet in (first, second))
    return [_named(difference) for difference in count.compare_keyings(one, other)]


def _named(difference: count.Difference) -> str:
    if difference.candidate is None:
        return f"{HEADS[difference.field]}两次录入不一致。"
    return f"“{difference.candidate}”的{GRADES[difference.field][0]}票两次录入不一致。"


def void_reason(sheet: Sheet, hall: Hall) -> str:
    """Why the whole measurement is void and held again; empty when it stands."""
    if sheet.returned > hall.issued:
        return f"收回测评票 {sheet.returned} 张，多于发出的 {hall.issued} 张，本次测评无效，重新测评。"
    if sheet.valid == 0:
        return "没有有效票，不能得出结果，本次测评无效，重新测评。"
    return ""


@dataclass(frozen=True, slots=True)
class Terms:
    """How marks are judged: the rulebook's formula, base and thresholds, as frozen when the vote was defined."""

    formula: Formula = Formula.SATISFIED_AND_BASIC
    base: Base = Base.VALID
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one project's marks come to. base: people or ballots; sentence: figures, base, formula, consequence."""

    marks: Marks
    unmarked: int
    base: int
    following: Following
    sentence: str

    @property
    def passed(self) -> bool:
        return self.following.consequence is Consequence.CLOSE

    @property
    def severe(self) -> bool:
        return self.following.consequence is Consequence.RECTIFY_AND_NAME


def judge(of: Sum, terms: Terms, *, hall: Hall, valid: int, earlier_failures: int) -> Finding:
    """The finding on one line of a sheet that balances.

    earlier_failures: rounds of the same project that did not reach the rate (steps.md: a second failure at any rate).
    """
    marks = Marks(of.in_favour, of.abstain, of.against)
    base = base_figure(terms.base, in_office=hall.in_office, present=hall.present, valid=valid)
    if terms.formula is Formula.MAJORITY_CLASSES:
        judged = level_among_members(marks, members=hall.in_office)
        following = consequence_of_level(judged.level, earlier_failures=earlier_failures)
        return Finding(marks, of.not_pressed, hall.in_office, following, judged.reason + following.reason)
    rate = satisfaction_rate(marks, base=base, formula=terms.formula)
    following = consequence_of_rate(rate, earlier_failures=earlier_failures, thresholds=terms.thresholds)
    how = rate_sentence(marks, base=terms.base, of=base, formula=terms.formula)
    return Finding(marks, of.not_pressed, base, following, how + following.reason)
