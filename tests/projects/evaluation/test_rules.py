"""What an evaluation says (rules.md §8)."""

from fractions import Fraction

import pytest

from projects.evaluation.rules import (
    Base,
    Consequence,
    Formula,
    Level,
    Marks,
    Thresholds,
    base_figure,
    consequence_of_level,
    consequence_of_rate,
    level_among_members,
    percent,
    problems_with_marks,
    problems_with_scores,
    rate_sentence,
    residents_rating,
    satisfaction_rate,
    weighted_score,
)

# 镇海区 2022-01-21, 29 members present, as printed: 满意, 基本满意, 不满意.
ZHENHAI = {
    "教育惠民补短强基": (28, 1, 0),
    "公共卫生服务能力提升": (20, 8, 1),
    "老旧小区改造": (26, 3, 0),
    "食品安全供应保障": (29, 0, 0),
    "老年护理照料中心建设": (17, 11, 1),
    "交通治堵工程": (26, 3, 0),
    "隧道口停车场新建工程": (17, 11, 1),
    "住房保障行动": (28, 1, 0),
}


def zhenhai_levels(members: int) -> dict[str, Level]:
    return {item: level_among_members(Marks(*row), members=members).level for item, row in ZHENHAI.items()}


def test_the_published_table_with_34_members_is_satisfied_throughout():
    assert set(zhenhai_levels(34).values()) == {Level.SATISFIED}


def test_with_35_members_the_two_rows_of_17_are_basically_satisfied():
    levels = zhenhai_levels(35)
    below = {item for item, level in levels.items() if level is Level.BASICALLY_SATISFIED}
    assert below == {"老年护理照料中心建设", "隧道口停车场新建工程"}
    assert set(levels.values()) == {Level.SATISFIED, Level.BASICALLY_SATISFIED}


def test_half_of_all_members_together_is_read_first_and_is_not_enough():
    judgment = level_among_members(Marks(17, 0, 12), members=34)
    assert judgment.level is Level.DISSATISFIED
    assert "全体组成人员 34 人" in judgment.reason
    assert level_among_members(Marks(17, 1, 11), members=34).level is Level.SATISFIED


def test_the_base_is_all_members_and_not_those_present():
    marks = Marks(15, 0, 0)
    assert level_among_members(marks, members=29).level is Level.SATISFIED
    assert level_among_members(marks, members=31).level is Level.DISSATISFIED


@pytest.mark.parametrize(
    ("marks", "base", "codes"),
    [
        (Marks(17, 11, 1), 29, []),
        (Marks(17, 11, 1), 28, ["more_marks_than_base"]),
        (Marks(17, -1, 1), 29, ["negative"]),
        (Marks(0, 0, 0), 0, ["no_base"]),
    ],
)
def test_figures_that_cannot_be_judged_are_named(marks, base, codes):
    assert [problem.code for problem in problems_with_marks(marks, base=base)] == codes
    if codes:
        with pytest.raises(ValueError):
            level_among_members(marks, members=base)
        with pytest.raises(ValueError):
            satisfaction_rate(marks, base=base)


def test_the_rate_is_exact_and_depends_on_its_base_and_formula():
    marks = Marks(17, 11, 1)
    assert satisfaction_rate(marks, base=29) == Fraction(28, 29)
    assert satisfaction_rate(marks, base=35) == Fraction(4, 5)
    assert satisfaction_rate(marks, base=34, formula=Formula.SATISFIED_ONLY) == Fraction(1, 2)
    with pytest.raises(ValueError):
        satisfaction_rate(marks, base=34, formula=Formula.MAJORITY_CLASSES)


def test_the_published_rate_names_its_base_and_formula():
    sentence = rate_sentence(Marks(17, 11, 1), base=Base.PRESENT, of=29)
    assert sentence == "满意率 96.5%，算法：（满意 17 ＋ 基本满意 11）÷ 实到人员 29。"


@pytest.mark.parametrize(("base", "figure"), [(Base.IN_OFFICE, 64), (Base.PRESENT, 59), (Base.VALID, 55)])
def test_each_base_reads_its_own_figure(base, figure):
    assert base_figure(base, in_office=64, present=59, valid=55) == figure


@pytest.mark.parametrize(
    ("rate", "earlier", "consequence", "code"),
    [
        (Fraction(80, 100), 0, Consequence.CLOSE, "reached"),
        (Fraction(80, 100), 3, Consequence.CLOSE, "reached"),
        (Fraction(7999, 10000), 0, Consequence.RECTIFY, "failed"),
        (Fraction(60, 100), 0, Consequence.RECTIFY, "failed"),
        (Fraction(5999, 10000), 0, Consequence.RECTIFY_AND_NAME, "below_naming"),
        (Fraction(7999, 10000), 1, Consequence.RECTIFY_AND_NAME, "failed_again"),
        (Fraction(0), 0, Consequence.RECTIFY_AND_NAME, "below_naming"),
    ],
)
def test_the_consequence_of_a_rate(rate, earlier, consequence, code):
    following = consequence_of_rate(rate, earlier_failures=earlier)
    assert (following.consequence, following.code) == (consequence, code)
    assert following.must_be_measured_again is (consequence is not Consequence.CLOSE)


def test_a_township_may_set_its_own_thresholds():
    strict = Thresholds(close=90, name=70)
    assert consequence_of_rate(Fraction(4, 5), earlier_failures=0).consequence is Consequence.CLOSE
    assert (
        consequence_of_rate(Fraction(4, 5), earlier_failures=0, thresholds=strict).consequence
        is Consequence.RECTIFY
    )


def test_only_dissatisfied_fails_where_levels_judge():
    assert (
        consequence_of_level(Level.BASICALLY_SATISFIED, earlier_failures=1).consequence is Consequence.CLOSE
    )
    assert consequence_of_level(Level.DISSATISFIED, earlier_failures=0).consequence is Consequence.RECTIFY
    again = consequence_of_level(Level.DISSATISFIED, earlier_failures=1)
    assert again.consequence is Consequence.RECTIFY_AND_NAME


def test_a_rate_just_below_the_threshold_is_never_shown_as_reaching_it():
    assert percent(Fraction(4, 5)) == "80%"
    assert percent(Fraction(79999, 100000)) == "79.9%"
    assert percent(Fraction(1)) == "100%"
    assert percent(Fraction(28, 29), places=2) == "96.55%"


def test_a_sample_below_the_smallest_has_no_rate():
    enough = residents_rating(Marks(20, 8, 2), smallest_sample=30)
    assert (enough.rate, enough.is_sufficient) == (Fraction(28, 30), True)
    short = residents_rating(Marks(20, 7, 2), smallest_sample=30)
    assert (short.sample, short.rate, short.is_sufficient) == (29, None, False)
    assert "样本不足" in short.reason


def test_nobody_asked_is_never_a_rate():
    assert residents_rating(Marks(0, 0, 0), smallest_sample=0).rate is None
    assert residents_rating(Marks(1, 0, 0), smallest_sample=0).rate == 1
    with pytest.raises(ValueError):
        residents_rating(Marks(-1, 0, 2), smallest_sample=0)


def test_weighted_dimensions_are_exact():
    """镇海 2013: public 60, leaders 30, web 10."""
    weights = {"public": 60, "leaders": 30, "web": 10}
    assert weighted_score({"public": 90, "leaders": 80, "web": Fraction(200, 3)}, weights) == Fraction(254, 3)
    assert weighted_score({"a": 1, "b": 0, "c": 0}, {"a": 1, "b": 1, "c": 1}) == Fraction(1, 3)


@pytest.mark.parametrize(
    ("scores", "weights", "code"),
    [
        ({"a": 90}, {"a": 60, "b": 40}, "missing_score"),
        ({"a": 90, "b": None}, {"a": 60, "b": 40}, "missing_score"),
        ({"a": 101}, {"a": 1}, "score_out_of_range"),
        ({"a": 90, "x": 1}, {"a": 1}, "unknown_dimension"),
        ({"a": 90}, {"a": -1}, "negative_weight"),
        ({"a": 90}, {"a": 0}, "no_weight"),
    ],
)
def test_dimensions_that_have_no_total_are_named(scores, weights, code):
    assert problems_with_scores({"a": 90}, {"a": 1}) == []
    assert code in [problem.code for problem in problems_with_scores(scores, weights)]
    with pytest.raises(ValueError):
        weighted_score(scores, weights)


def test_a_dimension_of_weight_nought_needs_no_score():
    assert weighted_score({"a": 90}, {"a": 100, "b": 0}) == 90
