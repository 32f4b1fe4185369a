from datetime import date, timedelta

import pytest

from projects.cycles.feasibility import (
    agenda_day,
    chain,
    latest_start,
    latest_window_end,
    obstacles_to_opening_plan,
    warnings_on_opening_plan,
    warnings_on_window,
)
from projects.cycles.rulebook import Rules
from workflow.calendar.workdays import working_days_between

T, T2 = date(2027, 1, 20), date(2028, 1, 18)
RULES = Rules()


def obstacles(c, t=T, t2=T2, rules=RULES):
    return {reason.code: reason for reason in obstacles_to_opening_plan(c, t, t2, rules)}


def warned(c, t=T, t2=T2, rules=RULES):
    return {reason.code: reason for reason in warnings_on_opening_plan(c, t, t2, rules)}


def test_the_last_start_without_an_objection_for_20_january_2027_is_22_september():
    assert latest_start(T, RULES, objections=0) == date(2026, 9, 22)


def test_one_upheld_objection_makes_the_latest_start_earlier():
    latest = latest_start(T, RULES)
    assert latest == date(2026, 9, 2)
    assert chain(latest, RULES, objections=1)[-1].due.on == date(2026, 12, 31)


def test_the_chain_from_22_september_falls_on_these_days():
    assert [(link.tasks[0], link.due.on.isoformat()) for link in chain(date(2026, 9, 22), RULES)] == [
        ("collection.publish_call", "2026-09-30"),
        ("window", "2026-10-30"),
        ("collection.close_books", "2026-11-13"),
        ("selection.merge", "2026-11-20"),
        ("selection.screen", "2026-11-25"),
        ("selection.appraise_department", "2026-12-09"),
        ("selection.draft_list", "2026-12-16"),
        ("selection.presidium_opinion", "2026-12-23"),
        ("selection.notice", "2026-12-24"),
        ("selection.notice_period", "2026-12-31"),
    ]


def test_an_objection_adds_an_answer_a_study_and_a_new_notice():
    links = chain(date(2026, 9, 22), RULES, objections=1)
    assert [link.tasks for link in links[-4:]] == [
        ("selection.objection",),
        ("selection.party_study",),
        ("selection.notice",),
        ("selection.notice_period",),
    ]


def test_a_list_posted_on_its_last_day_still_stands_its_whole_notice_before_the_agenda():
    posted, ended = chain(date(2026, 9, 22), RULES)[-2:]
    assert working_days_between(posted.due.on, ended.due.on) == RULES.deadlines["selection.notice_period"]
    assert ended.due.on <= agenda_day(T, RULES)
    later = RULES.with_values({"deadlines.selection.notice": 3})
    assert latest_start(T, later, objections=0) < latest_start(T, RULES, objections=0)


def test_a_window_that_ends_too_late_for_the_session_is_told_and_by_how_much():
    latest = latest_window_end(T, RULES)
    assert warnings_on_window(latest, T, RULES) == []
    (reason,) = warnings_on_window(latest + timedelta(days=7), T, RULES)
    assert reason.code == "window_too_long" and reason.days >= 7
    assert f"征集最迟应于{latest.year}年{latest.month}月{latest.day}日结束" in reason.text


def test_the_longest_of_the_parallel_appraisals_counts():
    slower = RULES.with_values({"deadlines.selection.appraise_legal": 12})
    assert chain(date(2026, 9, 22), slower)[5].due.on == date(2026, 12, 11)


def test_the_opinions_one_after_the_other_need_an_earlier_start():
    rules = RULES.with_values({"opinions_order": "one_after_other"})
    assert latest_start(T, rules, objections=0) == date(2026, 9, 17)


def test_a_plan_started_on_the_last_day_holds():
    assert obstacles(date(2026, 9, 22)) == {}


def test_a_plan_started_a_day_later_is_refused_naming_what_and_by_how_many_days():
    reason = obstacles(date(2026, 9, 23))["chain_too_long"]
    assert reason.days == 11
    assert "公示" in reason.text
    assert "11 天" in reason.text
    assert "2026年9月22日" in reason.text


def test_a_shorter_window_makes_the_same_plan_hold():
    assert obstacles(date(2026, 9, 23), rules=RULES.with_values({"collection_window_days": 15})) == {}


def test_sessions_out_of_order_are_refused():
    assert set(obstacles(date(2027, 1, 20))) == {"vote_before_opening"}
    assert obstacles(date(2026, 9, 1), t2=T)["evaluation_before_vote"].days == 0


def test_an_evaluation_that_leaves_no_time_to_carry_out_is_refused():
    assert set(obstacles(date(2026, 9, 1), t2=date(2027, 2, 10))) == {"no_time_to_carry_out"}


def test_a_plan_that_one_objection_would_break_is_warned_of():
    reason = warned(date(2026, 9, 22))["objection_too_long"]
    assert reason.days == 25
    assert "2026年9月2日" in reason.text
    assert "objection_too_long" not in warned(date(2026, 9, 2))


@pytest.mark.parametrize(
    ("c", "outside"),
    [
        (date(2026, 7, 1), False),
        (date(2026, 9, 22), False),
        (date(2026, 9, 23), True),
        (date(2026, 5, 6), True),
    ],
)
def test_a_call_outside_the_third_quarter_is_warned_of(c, outside):
    assert ("not_third_quarter" in warned(c)) is outside


def test_a_window_below_thirty_days_is_noted_and_never_refused():
    rules = RULES.with_values({"collection_window_days": 16})
    assert warned(date(2026, 9, 1), rules=rules)["short_window"].days == 14
    assert obstacles(date(2026, 9, 1), rules=rules) == {}
    assert "short_window" not in warned(date(2026, 9, 1))


def test_a_spring_festival_on_the_way_or_after_the_vote_is_warned_of():
    assert "spring_festival" in warned(date(2026, 9, 1), t=date(2027, 3, 10))
    assert "spring_festival_plan" not in warned(date(2026, 9, 1), t=date(2027, 3, 10))
    before = warned(date(2026, 9, 1))
    assert "spring_festival" not in before
    assert before["spring_festival_plan"].days == 45


def test_an_evaluation_in_summer_or_another_year_is_warned_of():
    assert "evaluation_summer" in warned(date(2026, 9, 1), t2=date(2028, 7, 18))
    assert "evaluation_year" in warned(date(2026, 9, 1), t2=date(2027, 12, 18))
    assert not {"evaluation_summer", "evaluation_year"} & set(warned(date(2026, 9, 1)))


def test_years_without_a_published_arrangement_make_the_dates_provisional():
    assert "暂定" in warned(date(2089, 8, 1), t=date(2090, 1, 20), t2=date(2091, 1, 20))["provisional"].text
    assert "provisional" not in warned(date(2024, 8, 1), t=date(2025, 1, 20), t2=date(2026, 1, 20))
