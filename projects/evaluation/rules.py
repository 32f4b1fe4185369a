"""What an evaluation says: satisfaction, residents' ratings, weighted dimensions, the consequence (rules.md §8).

Pure: no clock, no database. Shares are exact Fractions between 0 and 1; thresholds are whole per cent. No national
law fixes any of it: formulas, bases and thresholds are rulebook values. Sentences stand beside a stable code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from workflow.people.sentences import sentence as _


class Level(StrEnum):
    """The three universal levels."""

    SATISFIED = "satisfied"
    BASICALLY_SATISFIED = "basically_satisfied"
    DISSATISFIED = "dissatisfied"

    @property
    def label(self) -> str:
        return _LEVELS[self]


_LEVELS = {
    Level.SATISFIED: _("满意"),
    Level.BASICALLY_SATISFIED: _("基本满意"),
    Level.DISSATISFIED: _("不满意"),
}


class Formula(StrEnum):
    """How marks become a judgment: two are a share of a base, the third reads them against half of all members."""

    SATISFIED_AND_BASIC = "satisfied_and_basic"
    SATISFIED_ONLY = "satisfied_only"
    MAJORITY_CLASSES = "majority_classes"


class Base(StrEnum):
    """Of whom a rate is a share."""

    IN_OFFICE = "in_office"
    PRESENT = "present"
    VALID = "valid"

    @property
    def label(self) -> str:
        return _BASES[self]


_BASES = {Base.IN_OFFICE: _("全体组成人员"), Base.PRESENT: _("实到人员"), Base.VALID: _("有效票")}


class Consequence(StrEnum):
    """What follows from a measurement (steps: close, rectify and measure again, or rectify and be named)."""

    CLOSE = "close"
    RECTIFY = "rectify"
    RECTIFY_AND_NAME = "rectify_and_name"

    @property
    def label(self) -> str:
        return _CONSEQUENCES[self]


_CONSEQUENCES = {
    Consequence.CLOSE: _("可以销号"),
    Consequence.RECTIFY: _("整改后再次测评"),
    Consequence.RECTIFY_AND_NAME: _("整改、通报并报同级党委，再次测评"),
}


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks on one item, in people. Whoever marked nothing or spoilt the paper is in none of the three."""

    satisfied: int
    basically: int
    dissatisfied: int

    @property
    def cast(self) -> int:
        return self.satisfied + self.basically + self.dissatisfied

    @property
    def content(self) -> int:
        """满意 and 基本满意 together."""
        return self.satisfied + self.basically


@dataclass(frozen=True, slots=True)
class Problem:
    """Why figures cannot be judged. code: stable; sentence: with the figures."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Judgment:
    """The level of one item and why."""

    level: Level
    reason: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Whole per cent: at `close` and above an item is closed, below `name` it is named as well."""

    close: int = 80
    name: int = 60


@dataclass(frozen=True, slots=True)
class Following:
    """The consequence of one measurement. code: why; must_be_measured_again: true for all but closing."""

    consequence: Consequence
    code: str
    reason: str

    @property
    def must_be_measured_again(self) -> bool:
        return self.consequence is not Consequence.CLOSE


def problems_with_marks(marks: Marks, *, base: int) -> list[Problem]:
    """What makes marks unusable against a base of people or ballots; empty means they can be judged."""
    named = zip(Level, (marks.satisfied, marks.basically, marks.dissatisfied), strict=True)
    problems = [
        Problem("negative", _("%(level)s %(n)s 票，不能是负数。") % {"level": level.label, "n": n})
        for level, n in named
        if n < 0
    ]
    if base < 1:
        problems.append(Problem("no_base", _("基数为 %(base)s，没有可以计算的人数。") % {"base": base}))
    if marks.cast > base:
        sentence = _("满意 %(a)s ＋ 基本满意 %(b)s ＋ 不满意 %(c)s ＝ %(cast)s 票 ＞ 基数 %(base)s。")
        problems.append(
            Problem("more_marks_than_base", sentence % (_figures(marks) | {"cast": marks.cast, "base": base}))
        )
    return problems


def _figures(marks: Marks) -> dict[str, int]:
    return {"a": marks.satisfied, "b": marks.basically, "c": marks.dissatisfied}


def level_among_members(marks: Marks, *, members: int) -> Judgment:
    """The printed rule of 镇海, base all members whoever came (rules.md §8).

    Read in this order: 满意 and 基本满意 together at most half of all members → 不满意; 满意 at least half → 满意; else
    基本满意. Raises ValueError for marks that problems_with_marks refuses.
    """
    _refuse(problems_with_marks(marks, base=members))
    half = Fraction(members, 2)
    if marks.content <= half:
        return _judged(Level.DISSATISFIED, marks, members, _("未超过半数（含半数）"))
    if marks.satisfied >= half:
        return _judged(Level.SATISFIED, marks, members, _("满意票达到半数"))
    return _judged(Level.BASICALLY_SATISFIED, marks, members, _("满意票不足半数，与基本满意合计超过半数"))


def _judged(level: Level, marks: Marks, members: int, why: str) -> Judgment:
    sentence = _(
        "全体组成人员 %(members)s 人，满意 %(a)s 票，满意与基本满意合计 %(content)s 票，%(why)s，结果为%(level)s。"
    ) % {
        "members": members,
        "a": marks.satisfied,
        "content": marks.content,
        "why": why,
        "level": level.label,
    }
    return Judgment(level, sentence)


def satisfaction_rate(marks: Marks, *, base: int, formula: Formula = Formula.SATISFIED_AND_BASIC) -> Fraction:
    """(满意 + 基本满意) / base, or 满意 / base, exact.

    Raises ValueError for marks that problems_with_marks refuses, and for the formula that has levels and no rate.
    """
    _refuse(problems_with_marks(marks, base=base))
    if formula is Formula.MAJORITY_CLASSES:
        raise ValueError("levels have no rate")
    return Fraction(marks.satisfied if formula is Formula.SATISFIED_ONLY else marks.content, base)


def base_figure(base: Base, *, in_office: int, present: int, valid: int) -> int:
    """The number of people or ballots a rate is a share of."""
    return {Base.IN_OFFICE: in_office, Base.PRESENT: present, Base.VALID: valid}[base]


def rate_sentence(
    marks: Marks, *, base: Base, of: int, formula: Formula = Formula.SATISFIED_AND_BASIC
) -> str:
    """The rate with its base and formula, as it is published."""
    told = _figures(marks) | {
        "rate": percent(satisfaction_rate(marks, base=of, formula=formula)),
        "base": base.label,
        "of": of,
    }
    if formula is Formula.SATISFIED_ONLY:
        return _("满意率 %(rate)s，算法：满意 %(a)s ÷ %(base)s %(of)s。") % told
    return _("满意率 %(rate)s，算法：（满意 %(a)s ＋ 基本满意 %(b)s）÷ %(base)s %(of)s。") % told


def consequence_of_rate(
    rate: Fraction, *, earlier_failures: int, thresholds: Thresholds = Thresholds()
) -> Following:
    """What follows from a rate (the 80/60 practice, rules.md §1, §8).

    At `close` per cent and above: close. Below it: rectify and measure again. Below `name` per cent, or a second
    failure at any rate: rectify, be named, report to the Party committee. earlier_failures: measurements of the same
    item that did not reach `close`, this one not among them.
    """
    told = {"rate": percent(rate), "close": thresholds.close, "name": thresholds.name, "n": earlier_failures}
    if rate >= Fraction(thresholds.close, 100):
        return Following(
            Consequence.CLOSE,
            "reached",
            _("满意率 %(rate)s，达到 %(close)s%%，可以销号。") % told,
        )
    if rate < Fraction(thresholds.name, 100):
        return Following(
            Consequence.RECTIFY_AND_NAME,
            "below_naming",
            _("满意率 %(rate)s，低于 %(name)s%%，整改、通报并报同级党委，再次测评。") % told,
        )
    if earlier_failures:
        return _failed_again(
            _(
                "满意率 %(rate)s，低于 %(close)s%%，此前已有 %(n)s 次未达到，整改、通报并报同级党委，再次测评。"
            )
            % told
        )
    return _failed(_("满意率 %(rate)s，低于 %(close)s%%，整改后再次测评。") % told)


def consequence_of_level(level: Level, *, earlier_failures: int) -> Following:
    """What follows where the rulebook judges by levels: only 不满意 fails, and a second failure is named."""
    told = {"level": level.label, "n": earlier_failures}
    if level is not Level.DISSATISFIED:
        return Following(Consequence.CLOSE, "reached", _("结果为%(level)s，可以销号。") % told)
    if earlier_failures:
        return _failed_again(
            _("结果为%(level)s，此前已有 %(n)s 次未达到，整改、通报并报同级党委，再次测评。") % told
        )
    return _failed(_("结果为%(level)s，整改后再次测评。") % told)


def _failed(reason: str) -> Following:
    return Following(Consequence.RECTIFY, "failed", reason)


def _failed_again(reason: str) -> Following:
    return Following(Consequence.RECTIFY_AND_NAME, "failed_again", reason)


def percent(rate: Fraction, places: int = 1) -> str:
    """A share as per cent, cut off and never rounded up: 79.96 % must not be shown as having reached 80 %."""
    scaled = rate * 100 * 10**places
    whole, part = divmod(scaled.numerator // scaled.denominator, 10**places)
    return f"{whole}%" if part == 0 and scaled.denominator == 1 else f"{whole}.{part:0{places}d}%"


@dataclass(frozen=True, slots=True)
class ResidentsRating:
    """Residents' rating of one project. rate: None while the sample is too small to be shown as a rate."""

    sample: int
    smallest_sample: int
    rate: Fraction | None
    reason: str

    @property
    def is_sufficient(self) -> bool:
        return self.rate is not None


def residents_rating(marks: Marks, *, smallest_sample: int) -> ResidentsRating:
    """The rate among residents who answered, or an insufficient sample; a sample of 0 never has a rate.

    Raises ValueError for negative marks.
    """
    sample = marks.cast
    _refuse(
        [problem for problem in problems_with_marks(marks, base=max(sample, 1)) if problem.code == "negative"]
    )
    if sample < max(smallest_sample, 1):
        reason = _("样本 %(n)s 份，少于最低样本 %(least)s 份，样本不足，不计满意率。") % {
            "n": sample,
            "least": smallest_sample,
        }
        return ResidentsRating(sample, smallest_sample, None, reason)
    rate = Fraction(marks.content, sample)
    reason = _("样本 %(n)s 份，满意与基本满意 %(content)s 份，满意率 %(rate)s。") % {
        "n": sample,
        "content": marks.content,
        "rate": percent(rate),
    }
    return ResidentsRating(sample, smallest_sample, rate, reason)


def problems_with_scores(
    scores: Mapping[str, Fraction | int | None], weights: Mapping[str, int]
) -> list[Problem]:
    """What keeps weighted dimensions from a total.

    scores: 0 to 100 per dimension, None where there is none (such as too small a sample). weights: whole numbers ≥ 0,
    not all 0; weight 0 leaves a dimension out. A missing score is named, never left out of the weights in silence.
    """
    problems = [
        Problem("negative_weight", _("“%(one)s”的权重 %(weight)s 不能是负数。") % {"one": one, "weight": w})
        for one, w in weights.items()
        if w < 0
    ]
    if sum(weights.values()) <= 0:
        problems.append(Problem("no_weight", _("各项权重合计应大于 0。")))
    for one in (one for one, weight in weights.items() if weight):
        problems += _problems_with_score(one, scores.get(one))
    unknown = [one for one in scores if one not in weights]
    return problems + [
        Problem("unknown_dimension", _("“%(one)s”没有权重。") % {"one": one}) for one in unknown
    ]


def _problems_with_score(one: str, score: Fraction | int | None) -> list[Problem]:
    if score is None:
        return [Problem("missing_score", _("“%(one)s”没有得分。") % {"one": one})]
    if 0 <= score <= 100:
        return []
    told = {"one": one, "score": score}
    return [Problem("score_out_of_range", _("“%(one)s”得分 %(score)s，应在 0 到 100 之间。") % told)]


def weighted_score(scores: Mapping[str, Fraction | int | None], weights: Mapping[str, int]) -> Fraction:
    """Σ score × weight / Σ weight, 0 to 100, exact. Raises ValueError where problems_with_scores names anything."""
    _refuse(problems_with_scores(scores, weights))
    total = sum((Fraction(scores.get(one) or 0) * weight for one, weight in weights.items()), Fraction(0))
    return total / sum(weights.values())


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise ValueError("\n".join(problem.sentence for problem in problems))
