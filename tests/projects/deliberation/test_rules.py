"""Step 3's pure rules."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.deliberation import rules
from projects.deliberation.rules import Level, Preparation

DAY = date(2027, 1, 20)
READY = Preparation(deputies=20, convened=True, bill=True, candidates=12, seats=10)


@pytest.mark.parametrize(("movers", "refused"), [(4, True), (5, False), (9, False)])
def test_five_deputies_are_needed_to_table_a_matter(movers, refused):
    assert bool(rules.mover_faults(movers)) is refused


def test_a_notice_of_fifteen_days_is_long_enough_and_fourteen_is_not():
    assert rules.notice_warnings("会议通知", DAY - timedelta(15), DAY, 15) == []
    assert "14 天" in rules.notice_warnings("会议通知", DAY - timedelta(14), DAY, 15)[0]


def test_a_session_does_not_begin_the_day_before():
    assert rules.beginning_faults(DAY - timedelta(1), DAY)
    assert rules.beginning_faults(DAY, DAY) == []


@given(st.permutations(range(1, 9)))
def test_any_order_of_the_numbers_is_a_paper(numbers):
    assert rules.order_faults(numbers) == []


@given(st.lists(st.integers(1, 8), min_size=2, max_size=8))
def test_a_paper_with_a_gap_or_a_repeat_is_refused(numbers):
    assert bool(rules.order_faults(numbers)) is (sorted(numbers) != list(range(1, len(numbers) + 1)))


def test_the_chief_teller_is_not_a_teller_as_well():
    assert rules.teller_faults("1", ["1", "2"], least=2, most=4)
    assert rules.teller_faults("3", ["1", "2"], least=2, most=4) == []


@pytest.mark.parametrize("tellers", [["1"], ["1", "2", "4", "5", "6"]])
def test_too_few_or_too_many_tellers_are_refused(tellers):
    assert "2 至 4 名" in rules.teller_faults("3", tellers, least=2, most=4)[0]


def test_one_counter_alone_cannot_key_twice():
    assert rules.counter_faults(["1"])
    assert rules.counter_faults(["1", "2"]) == []


def test_a_teller_who_leads_a_project_is_told_of():
    assert "修桥" in rules.teller_warnings({"张三"}, {"修桥": "张三", "修路": ""})[0]
    assert rules.teller_warnings({"张三"}, {"修桥": "李四", "修路": ""}) == []


def test_a_ready_session_has_no_blocking_line():
    assert rules.blocking(rules.readiness(READY)) == []


@pytest.mark.parametrize(
    ("lacking", "who"),
    [
        ({"deputies": None}, "人大办"),
        ({"convened": False}, "主席团"),
        ({"bill": False}, "乡镇长"),
        ({"unfunded": ["修桥"]}, "财政所"),
        ({"undecided": ["“修桥”的撤回申请待决定"]}, "主席团"),
        ({"candidates": 0}, "主席团"),
    ],
)
def test_each_thing_that_lacks_blocks_and_names_who_must_act(lacking, who):
    lines = rules.readiness(Preparation(**{**READY.__dict__, **lacking}))
    assert [who in sentence for sentence in rules.blocking(lines)] == [True]


def test_visits_training_and_materials_are_awaited_without_blocking():
    waiting = [line.what for line in rules.readiness(READY) if line.level is Level.WAITING]
    assert waiting == ["走访视察", "代表培训", "会议材料"]
