"""What the marks on one project come to: exactly at the thresholds, by base and by level."""

from __future__ import annotations

import pytest

from projects.ballots.rules import GRADING, Mode, Paper, Sum, count_ballots
from projects.evaluation.judging import Hall, Terms, judge
from projects.evaluation.rules import Base, Consequence, Formula


@pytest.mark.parametrize(
    ("satisfied", "dissatisfied", "earlier", "consequence"),
    [
        (80, 20, 0, Consequence.CLOSE),
        (79, 21, 0, Consequence.RECTIFY),
        (60, 40, 0, Consequence.RECTIFY),
        (59, 41, 0, Consequence.RECTIFY_AND_NAME),
        (79, 21, 1, Consequence.RECTIFY_AND_NAME),
        (80, 20, 1, Consequence.CLOSE),
    ],
)
def test_the_thresholds_hold_exactly(satisfied, dissatisfied, earlier, consequence):
    found = judge(Sum(satisfied, dissatisfied), Terms(), hall=Hall(100, 100, 100), earlier_failures=earlier)
    assert found.following.consequence is consequence
    assert (found.passed, found.severe) == (
        consequence is Consequence.CLOSE,
        consequence is Consequence.RECTIFY_AND_NAME,
    )


def test_an_empty_line_is_not_basically_satisfied():
    found = judge(Sum(15, 0, 0, not_pressed=5), Terms(), hall=Hall(20, 20, 20), earlier_failures=0)
    assert (found.following.consequence, found.unmarked) == (Consequence.RECTIFY, 5)


def test_the_base_may_be_all_deputies_in_office():
    terms = Terms(base=Base.IN_OFFICE)
    found = judge(Sum(15, 3), terms, hall=Hall(20, 18, 18), earlier_failures=0)
    assert (found.base, found.passed) == (20, False)


def test_levels_of_all_members_need_no_rate():
    terms = Terms(formula=Formula.MAJORITY_CLASSES, base=Base.IN_OFFICE)
    found = judge(Sum(10, 4, 3), terms, hall=Hall(20, 18, 17), earlier_failures=0)
    assert found.passed and "全体组成人员 20 人" in found.sentence


PUBLISHED = [(28, 1, 0), (26, 3, 0), (29, 0, 0), (17, 11, 1), (17, 11, 1), (25, 4, 0)]


@pytest.mark.parametrize(("members", "basically"), [(34, 0), (35, 2)])
def test_the_published_table_by_levels(members, basically):
    terms = Terms(formula=Formula.MAJORITY_CLASSES, base=Base.IN_OFFICE)
    found = [
        judge(Sum(s, d, b), terms, hall=Hall(members, 29, 29), earlier_failures=0) for s, b, d in PUBLISHED
    ]
    assert all(one.passed for one in found)
    assert sum("结果为基本满意" in one.sentence for one in found) == basically
    refused = judge(Sum(17, 12, 0), terms, hall=Hall(34, 29, 29), earlier_failures=0)
    assert not refused.passed and "结果为不满意" in refused.sentence


def test_an_opened_box_of_grades_counts_the_empty_line_apart():
    paper = Paper(("1. 村道", "2. 食堂"), Mode.EACH, 2, words=GRADING)
    box = [{"1. 村道": "for", "2. 食堂": "abstain"}, {"1. 村道": "against"}, {}, {"1. 村道": "最好"}]
    counted = count_ballots(box, paper=paper)
    assert (counted.valid, counted.invalid) == (3, 1)
    assert counted.sums["1. 村道"] == Sum(in_favour=1, against=1, abstain=0, not_pressed=1)
    assert counted.sums["2. 食堂"] == Sum(in_favour=0, against=0, abstain=1, not_pressed=2)
