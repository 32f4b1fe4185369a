"""Eligibility, surplus, notice and score by rule."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.selection import rules


@pytest.mark.parametrize(
    ("severity", "verdict"), [("off", "pass"), ("note", "note"), ("warn", "warn"), ("block", "block")]
)
def test_an_unmet_rule_counts_by_its_severity_and_a_met_one_never(severity, verdict):
    assert rules.verdict_of(severity, met=False) == verdict
    assert rules.verdict_of(severity, met=True) == "pass"


def test_one_blocking_rule_is_enough():
    assert rules.is_blocked(["pass", "warn", "block"])
    assert not rules.is_blocked(["pass", "warn"])


def test_more_candidates_than_seats_stand_and_fewer_do_not():
    assert rules.surplus_faults(12, 10, allow_equal=False) == []
    assert "少于应选数" in rules.surplus_faults(9, 10, allow_equal=True)[0]
    assert rules.surplus_faults(3, 0, allow_equal=True) == ["应选项目数至少为 1。"]


def test_an_equal_vote_needs_a_rulebook_that_allows_it():
    assert "等额" in rules.surplus_faults(7, 7, allow_equal=False)[0]
    assert rules.surplus_faults(7, 7, allow_equal=True) == []


def test_a_surplus_below_the_rulebook_is_a_warning_with_the_least_number():
    assert rules.surplus_warnings(12, 10, least=12) == []
    assert "不少于 12 个" in rules.surplus_warnings(11, 10, least=12)[0]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 30))
def test_one_candidate_more_never_brings_a_fault_or_a_warning(candidates, seats, extra):
    def told(n: int) -> int:
        faults = rules.surplus_faults(n, seats, allow_equal=False)
        return len(faults) + len(rules.surplus_warnings(n, seats, least=seats + extra))

    assert told(candidates + 1) <= told(candidates)


def test_half_social_capital_is_not_mainly_social():
    assert not rules.is_mainly_social({"own": 50, "upper": 0, "social": 50})
    assert rules.is_mainly_social({"own": 49, "upper": 0, "social": 51})
    assert not rules.is_mainly_social({})


def test_a_project_that_ends_in_its_year_takes_no_longer():
    assert not rules.takes_more_than_the_year(date(2027, 12, 31), 2027)
    assert rules.takes_more_than_the_year(date(2028, 1, 1), 2027)


def test_a_notice_stands_its_working_days_and_the_first_day_is_not_counted():
    monday = date(2026, 11, 2)
    assert rules.notice_faults(monday, date(2026, 11, 9), 5) == []
    assert "2026年11月9日" in rules.notice_faults(monday, date(2026, 11, 8), 5)[0]


@given(st.dictionaries(st.integers(1, 500), st.integers(1, 40), max_size=60))
def test_every_proposal_is_in_exactly_one_group(numbers):
    groups = rules.groups_of(numbers)
    assert sorted(pk for group in groups for pk in group) == sorted(numbers)
    assert len(groups) == len(set(numbers.values()))
    assert all(len({numbers[pk] for pk in group}) == 1 for group in groups)


def test_a_score_is_weighted_and_shown_only_with_enough_scorers():
    marks, weights = {"demand": 80, "reach": 60}, {"demand": 75, "reach": 25}
    assert rules.weighted(marks, weights) == 75
    assert rules.mean([Fraction(70), Fraction(81)], least=2) == Fraction(151, 2)
    assert rules.mean([Fraction(70)], least=2) is None
