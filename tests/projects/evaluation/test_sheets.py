"""The measurement's sheet: balance, two keyings, findings at the thresholds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.ballots.rules import Sum
from projects.evaluation.rules import Base, Consequence, Formula
from projects.evaluation.sheets import (
    Hall,
    Sheet,
    Terms,
    attendance_problems,
    balance_problems,
    differing_lines,
    judge,
    sheet_from,
    void_reason,
)

HALL = Hall(in_office=20, present=18, issued=18)
SHEET = Sheet(18, 17, 1, {"1. 村道": Sum(14, 1, 2), "2. 食堂": Sum(10, 3, 3, not_pressed=1)})
counts = st.integers(0, 60)


def test_a_sheet_that_balances_has_no_problem():
    assert balance_problems(SHEET, HALL) == []


def test_a_line_that_does_not_reach_the_valid_ballots_is_named_in_the_words_of_the_paper():
    sheet = replace(SHEET, sums=SHEET.sums | {"1. 村道": Sum(14, 1, 1)})
    assert balance_problems(sheet, HALL) == [
        "“1. 村道”：满意 14 ＋ 基本满意 1 ＋ 不满意 1 ＋ 未作评价 0 ＝ 16 票 ≠ 有效票 17 张。"
    ]


def test_valid_and_invalid_must_make_the_returned_ballots():
    assert "收回" in balance_problems(replace(SHEET, returned=17), HALL)[0]


def test_more_returned_than_issued_is_void_and_not_merely_unbalanced():
    sheet = Sheet(19, 19, 0, {"1. 村道": Sum(19)})
    assert balance_problems(sheet, HALL) == []
    assert "无效" in void_reason(sheet, HALL)


def test_a_box_without_a_valid_ballot_has_no_result():
    assert "没有有效票" in void_reason(Sheet(18, 0, 18, {"1. 村道": Sum()}), HALL)
    assert void_reason(SHEET, HALL) == ""


def test_keyings_that_agree_have_no_difference():
    assert differing_lines(SHEET, SHEET) == []


def test_a_difference_is_named_without_either_figure():
    other = replace(SHEET, sums=SHEET.sums | {"1. 村道": Sum(13, 2, 2)})
    assert differing_lines(SHEET, other) == [
        "“1. 村道”的满意票两次录入不一致。",
        "“1. 村道”的不满意票两次录入不一致。",
    ]


@given(st.lists(st.tuples(counts, counts, counts, counts), min_size=1, max_size=6), counts, counts)
def test_a_sheet_survives_being_stored(lines, returned, invalid):
    sums = {f"{n}. 项目": Sum(a, b, c, not_pressed=d) for n, (a, b, c, d) in enumerate(lines)}
    sheet = Sheet(returned, returned, invalid, sums)
    assert sheet_from(sheet.as_json()) == sheet


@given(st.integers(1, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_hall_opens_exactly_from_two_thirds_on(in_office, present, issued):
    problems = attendance_problems(Hall(in_office, present, issued), on_leave=0, quorum=Fraction(2, 3))
    sound = 3 * present >= 2 * in_office and present <= in_office and issued <= present
    assert (problems == []) is sound


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
    hall = Hall(100, 100, 100)
    found = judge(Sum(satisfied, dissatisfied), Terms(), hall=hall, valid=100, earlier_failures=earlier)
    assert found.following.consequence is consequence
    assert (found.passed, found.severe) == (
        consequence is Consequence.CLOSE,
        consequence is Consequence.RECTIFY_AND_NAME,
    )


def test_an_empty_line_is_not_basically_satisfied():
    found = judge(Sum(15, 0, 0, not_pressed=5), Terms(), hall=HALL, valid=20, earlier_failures=0)
    assert (found.following.consequence, found.unmarked) == (Consequence.RECTIFY, 5)


def test_the_base_may_be_all_deputies_in_office():
    terms = Terms(base=Base.IN_OFFICE)
    found = judge(Sum(15, 3), terms, hall=HALL, valid=18, earlier_failures=0)
    assert (found.base, found.passed) == (20, False)


def test_levels_of_all_members_need_no_rate():
    terms = Terms(formula=Formula.MAJORITY_CLASSES, base=Base.IN_OFFICE)
    found = judge(Sum(10, 4, 3), terms, hall=HALL, valid=17, earlier_failures=0)
    assert found.passed and "全体组成人员 20 人" in found.sentence
