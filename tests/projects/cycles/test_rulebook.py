import json
from datetime import date
from fractions import Fraction

import pytest

from projects.cycles.rulebook import (
    DEADLINES,
    FIXED,
    GRADES,
    GROUPS,
    TASK_TIMES,
    Change,
    RulebookError,
    Rules,
    diff,
    load,
)
from workflow.calendar.offsets import Offset


def refused(values):
    with pytest.raises(RulebookError) as error:
        Rules().with_values(values)
    return error.value.reasons


def row(rules, key):
    return next(row for row in rules.describe() if row.key == key)


def test_the_defaults_hold_together_and_depart_from_nothing():
    assert Rules().warnings() == []


def test_every_setting_is_described_once_with_grade_basis_and_range():
    rows = Rules().describe()
    keys = [row.key for row in rows]
    assert len(keys) == len(set(keys))
    assert {key.partition(".")[0] for key in keys} == set(Rules.model_fields)
    assert all(row.grade in GRADES and row.basis and row.range and row.title and row.text for row in rows)


def test_the_rows_follow_the_order_of_the_steps():
    groups = [row.group for row in Rules().describe()]
    assert groups == sorted(groups, key=list(GROUPS).index)
    assert set(groups) == set(GROUPS)


def test_a_changed_setting_is_marked_and_shows_its_default():
    rules = Rules().with_values({"surplus_percent": 25, "deadlines.voting.announce": 3})
    assert (
        row(rules, "surplus_percent").text,
        row(rules, "surplus_percent").default,
    ) == ("25 %", "20 %")
    assert row(rules, "deadlines.voting.announce").text == "票决会议后 3 个工作日"
    assert [row.key for row in rules.describe() if row.changed] == [
        "surplus_percent",
        "deadlines.voting.announce",
    ]


def test_money_is_kept_in_fen_and_shown_in_ten_thousand_yuan():
    assert row(Rules(), "small_project_fen").text == "20 万元"


def test_the_frozen_json_is_complete_and_comes_back_equal():
    rules = Rules().with_values({"eligibility.upper_level": "block", "categories": ["养老服务", "交通出行"]})
    text = json.dumps(rules.frozen_json(), ensure_ascii=False)
    assert load(json.loads(text)) == rules
    assert set(rules.frozen_json()) == set(Rules.model_fields)
    assert set(rules.frozen_json()["deadlines"]) == set(DEADLINES)


def test_older_json_with_missing_keys_takes_the_defaults():
    older = load({"tie": "all", "deadlines": {"voting.announce": 3}})
    assert older.tie == "all"
    assert older.deadlines["voting.announce"] == 3
    assert older.deadlines["voting.hand_opinions"] == 10


def test_an_unknown_key_is_refused():
    assert refused({"surplus": 20}) == ["规则中没有“surplus”这一项"]
    assert refused({"deadlines.voting.dance": 3}) == ["“办理期限”中没有这一项：voting.dance"]
    assert refused({"terms.nobody{}": "甲"}) == ["“用语”中没有可改的词：nobody{}"]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("collection_window_days", 0, "“征集期”不得小于 1"),
        ("collection_window_days", 200, "“征集期”不得大于 180"),
        ("collection_window_days", "三十", "“征集期”应为整数"),
        ("tie", "coin", "“末位票数相等”不在可选范围内"),
        ("scorers_min", 1, "“每个项目最少评分人数”不得小于 2"),
        ("device_min_ballots", 4, "“电子表决最少票数”不得小于 5"),
        (
            "eligibility.burden",
            "maybe",
            "“资格筛查：增加群众或企业负担、政府债务风险、稳定风险”不在可选范围内",
        ),
        (
            "deadlines.voting.announce",
            99,
            "“办理期限：发布公告”应在 1 至 20 之间，现为 99",
        ),
        ("deadlines.voting.declare", 1, "“办理期限：宣布结果”应在 0 至 0 之间，现为 1"),
        ("channels", [], "“征集渠道”至少要有 1 项"),
        ("categories", ["电力", "电力"], "“项目类别”中有重复"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(key, value, sentence):
    assert refused({key: value}) == [sentence]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"tellers_min": 5}, "“监票人最少”（5）不得大于“监票人最多”（4）"),
        ({"light_yellow_points": 30}, "“黄灯：落后”（30）应小于“红灯：落后超过”（30）"),
        ({"satisfaction_fail": 80}, "“满意度不合格”（80）应小于“满意度达标”（80）"),
        ({"score_weights.demand": 30}, "“评分权重”合计应为 100%，现为 110%"),
        ({"dimensions.money": 0}, "“评议维度权重”合计应为 100%，现为 90%"),
        ({"each_cap": True}, "“逐项表决限赞成数”只用于“票决方式”为逐项表决时"),
        (
            {"tie": "all", "runoff_majority": True},
            "“再次投票仍须过半数”只用于“末位票数相等”为再次投票时",
        ),
        (
            {"satisfaction_formula": "majority_classes"},
            "“满意度算法”按全体半数分级时，“满意度基数”应为全体代表",
        ),
        (
            {"deadlines.deliberation.agenda": 15},
            "“主席团决定列入议程”应不晚于“提交议案”：距会议 15 天，少于 18 天",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values, sentence):
    assert refused(values) == [sentence]


def test_all_faults_are_named_at_once():
    assert (
        len(
            refused(
                {
                    "tellers_min": 5,
                    "group_min": 10,
                    "group_max": 5,
                    "satisfaction_fail": 90,
                }
            )
        )
        == 3
    )


def test_a_contradiction_is_accepted_once_both_sides_are_changed():
    rules = Rules().with_values({"ballot_mode": "each", "each_cap": True, "tellers_min": 5, "tellers_max": 6})
    assert rules.each_cap
    assert rules.tellers_max == 6


def test_a_rulebook_cannot_be_changed_in_place():
    with pytest.raises(ValueError, match="frozen"):
        Rules().tie = "all"


def test_a_majority_of_those_present_is_allowed_with_a_warning():
    assert Rules().with_values({"majority_base": "present"}).warnings() == [
        "“过半数的基数”不是全体代表，与《地方组织法》第二十五条不一致。"
    ]


def test_a_short_window_is_noted_and_never_refused():
    assert any("征集期" in text for text in Rules().with_values({"collection_window_days": 5}).warnings())


def test_a_congress_keeps_the_quorum_of_the_law_and_an_assembly_sets_its_own():
    assert Rules(assembly_quorum="1/2").quorum == Fraction(2, 3)
    assert Rules(body="assembly", assembly_quorum="1/2").quorum == Fraction(1, 2)


def test_a_subdistrict_speaks_its_own_words_and_a_township_may_change_some():
    assert Rules().words["vote"] == "票决"
    assert Rules(body="assembly").words["vote"] == "票选"
    assert Rules(terms={"project": "民心工程"}).words["project"] == "民心工程"
    assert row(Rules(terms={"project": "民心工程"}), "terms.project").changed


def test_a_deadline_takes_the_length_set_and_keeps_its_direction():
    rules = Rules().with_values({"deadlines.deliberation.agenda": 19})
    assert rules.offset("deliberation.agenda") == Offset("T", -19)
    assert Rules().offset("voting.opinions_reply") == Offset("after", 3, "month")


def test_every_default_length_lies_in_its_range():
    assert all(task.low <= abs(task.offset.days) <= task.high for task in TASK_TIMES.values())


def test_the_plan_has_longer_where_the_spring_festival_falls_inside():
    assert Rules().plan_offset(date(2027, 1, 20)).days == 45
    assert Rules().plan_offset(date(2027, 3, 20)).days == 30
    assert Rules().plan_offset(date(2027, 12, 31)).days == 45


@pytest.mark.parametrize(("seats", "candidates"), [(10, 12), (5, 6), (2, 3), (1, 2), (11, 14)])
def test_the_surplus_is_a_fifth_of_the_seats_rounded_up(seats, candidates):
    assert Rules().least_candidates(seats) == candidates


def test_two_rulebooks_are_compared_in_the_words_of_the_page():
    a, b = Rules(), Rules().with_values({"tie": "all", "deadlines.selection.notice_period": 7})
    assert diff(a, a) == []
    assert diff(a, b) == [
        Change(
            "deadlines.selection.notice_period",
            "办理期限：候选项目公示期",
            "上一事项办结后 5 个工作日",
            "上一事项办结后 7 个工作日",
        ),
        Change("tie", "末位票数相等", "就票数相等的再次投票", "全部入选"),
    ]


def test_what_the_law_fixes_names_its_article_and_is_no_setting():
    by_law = {rule.basis for rule in FIXED if rule.grade == "L"}
    assert {
        "《地方组织法》第十四条",
        "《地方组织法》第十八条",
        "《地方组织法》第二十二条",
        "《地方组织法》第二十四条",
        "《地方组织法》第二十五条",
        "《地方组织法》第三十六条",
    } <= by_law
    assert "quorum" not in Rules.model_fields
    assert all(rule.group in GROUPS and rule.grade in GRADES and rule.basis for rule in FIXED)
