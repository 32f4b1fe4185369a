"""What the deputies' marks on one project come to, by the year's frozen rules (rules.md §8).

A measurement is counted as a vote of three grades (`ballots.rules.GRADING`): 满意 is in favour, 不满意 against, 基本满意
an abstention expressly marked, and a line left empty on a valid ballot none of them. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from projects.ballots.rules import Sum
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
from workflow.people.sentences import sentence as _


@dataclass(frozen=True, slots=True)
class Hall:
    """Whom a rate may be a share of: deputies in office, deputies present, valid ballots."""

    in_office: int
    present: int
    valid: int


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


def judge(of: Sum, terms: Terms, *, hall: Hall, earlier_failures: int) -> Finding:
    """The finding on one line of a tally that balances, with at least one valid ballot.

    earlier_failures: rounds of the same project that did not reach the rate (steps.md: a second failure at any rate).
    """
    marks = Marks(of.in_favour, of.abstain, of.against)
    base = base_figure(terms.base, in_office=hall.in_office, present=hall.present, valid=hall.valid)
    if terms.formula is Formula.MAJORITY_CLASSES:
        judged = level_among_members(marks, members=hall.in_office)
        following = consequence_of_level(judged.level, earlier_failures=earlier_failures)
        told = _in_full(judged.reason, following)
        return Finding(marks, of.not_pressed, hall.in_office, following, told)
    rate = satisfaction_rate(marks, base=base, formula=terms.formula)
    following = consequence_of_rate(rate, earlier_failures=earlier_failures, thresholds=terms.thresholds)
    how = rate_sentence(marks, base=terms.base, of=base, formula=terms.formula)
    return Finding(marks, of.not_pressed, base, following, _in_full(how, following))


def _in_full(figures: str, following: Following) -> str:
    return _("%(figures)s%(following)s") % {"figures": figures, "following": following.reason}
