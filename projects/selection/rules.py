"""What step 2 decides by rule: eligibility, surplus, years, notice, scores. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from workflow.calendar.workdays import add_working_days, working_days_between
from workflow.people.sentences import sentence as _

# A note and a warning are told apart and count as little: only a blocking rule keeps an item off (rules.md §4).
VERDICT_OF_SEVERITY = {"off": "pass", "note": "note", "warn": "warn", "block": "block"}


def verdict_of(severity: str, *, met: bool) -> str:
    """A rule's verdict on an item: pass, note, warn or block. severity: off, note, warn, block, from the rulebook."""
    return "pass" if met else VERDICT_OF_SEVERITY[severity]


def is_blocked(verdicts: Iterable[str]) -> bool:
    """Whether one rule alone keeps an item off the list (rules.md §4)."""
    return "block" in set(verdicts)


def surplus_faults(candidates: int, seats: int, *, allow_equal: bool) -> list[str]:
    """Why `candidates` cannot be put to the vote for `seats` places (rules.md §5; 陕西：差额票决)."""
    if seats < 1:
        return [_("应选项目数至少为 1。")]
    if candidates < seats:
        return [
            _("候选项目 %(candidates)s 个，少于应选数 %(seats)s 个。")
            % {"candidates": candidates, "seats": seats}
        ]
    if candidates == seats and not allow_equal:
        return [
            _("候选项目与应选数均为 %(seats)s 个，本年度规则不允许等额票决，须差额提出。") % {"seats": seats}
        ]
    return []


def surplus_warnings(candidates: int, seats: int, *, least: int) -> list[str]:
    """A surplus smaller than the rulebook's is told, not refused. least: candidates the rulebook wants."""
    if candidates >= least:
        return []
    return [
        _(
            "候选项目 %(candidates)s 个、应选 %(seats)s 个，按本年度规则的差额，候选项目应不少于 %(least)s 个。"
        )
        % {"candidates": candidates, "seats": seats, "least": least}
    ]


def takes_more_than_the_year(finish_by: date, year: int) -> bool:
    """Whether a project ends after its project year, so that it needs this year's target (rules.md §1.4)."""
    return finish_by.year > year


def is_mainly_social(funding: Mapping[str, int]) -> bool:
    """Whether more than half of the money is social capital (rules.md §1.4). funding: own, upper, social in fen."""
    return 2 * funding.get("social", 0) > sum(funding.values())


def notice_faults(from_on: date, to_on: date, least: int) -> list[str]:
    """Why a notice is too short: it stands `least` working days, the day it is posted not counted (rules.md §13)."""
    days = working_days_between(from_on, to_on)
    if days >= least:
        return []
    earliest = add_working_days(from_on, least)
    return [
        _("公示不得少于 %(least)s 个工作日，至少到%(earliest)s止，现为 %(days)s 个工作日。")
        % {"least": least, "earliest": earliest, "days": max(days, 0)}
    ]


def groups_of(numbers: Mapping[int, int]) -> list[list[int]]:
    """Proposals that entered the same number, in the order of the numbers. numbers: proposal id → number."""
    groups: dict[int, list[int]] = {}
    for proposal, number in sorted(numbers.items(), key=lambda pair: (pair[1], pair[0])):
        groups.setdefault(number, []).append(proposal)
    return list(groups.values())


def weighted(marks: Mapping[str, int], weights: Mapping[str, int]) -> Fraction:
    """One scorer's total, 0–100. marks: criterion → 0–100; weights: criterion → percent, 100 together."""
    return Fraction(sum(marks[name] * weight for name, weight in weights.items()), 100)


def mean(totals: Sequence[Fraction], *, least: int) -> Fraction | None:
    """The mean of the scorers' totals; None while there are fewer than `least` of them."""
    return sum(totals, Fraction(0)) / len(totals) if len(totals) >= least else None
