"""What supervision works out, without a database."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.supervision import rules
from projects.supervision.rules import Point, Scale, Standing

START = date(2027, 3, 1)
END = date(2027, 11, 30)
days = st.dates(date(2026, 1, 1), date(2029, 12, 31))


@st.composite
def plans(draw: st.DrawFn) -> tuple[date, list[Point]]:
    """A sound plan: dated nodes in order, progress rising to 100."""
    starts_on = draw(days)
    gaps = draw(st.lists(st.integers(1, 120), min_size=1, max_size=6))
    shares = sorted(draw(st.sets(st.integers(1, 99), min_size=len(gaps) - 1, max_size=len(gaps) - 1)))
    points, day = [], starts_on
    for gap, share in zip(gaps, [*shares, 100], strict=True):
        day += timedelta(days=gap)
        points.append(Point(day, share))
    return starts_on, points


@pytest.mark.parametrize(
    ("finished_on", "until", "told"),
    [
        (None, END, None),
        (None, END + timedelta(days=1), (1, False)),
        (END, END + timedelta(days=90), None),
        (END + timedelta(days=12), END + timedelta(days=90), (12, True)),
    ],
)
def test_a_project_is_late_by_the_days_beyond_its_deadline_until_it_is_finished(finished_on, until, told):
    late = rules.lateness(END, END, finished_on, until)
    assert (late and (late.days, late.finished)) == told


def test_one_carried_over_is_not_late_before_its_day_but_once_finished_is_held_to_the_first_deadline():
    later = END + timedelta(days=60)
    assert rules.lateness(END, later, None, later) is None
    assert rules.lateness(END, later, None, later + timedelta(days=1)) == rules.Lateness(1, False)
    assert rules.lateness(END, later, later, later) == rules.Lateness(60, True)


@given(plans(), days, st.integers(0, 400))
def test_expected_progress_never_falls_and_stays_a_percentage(plan, day, more):
    starts_on, points = plan
    now = rules.expected_percent(starts_on, points, day)
    later = rules.expected_percent(starts_on, points, day + timedelta(days=more))
    assert 0 <= now <= later <= 100


@given(plans())
def test_expected_progress_is_met_on_every_milestones_day(plan):
    starts_on, points = plan
    assert rules.expected_percent(starts_on, points, starts_on) == 0
    assert [rules.expected_percent(starts_on, points, p.on) for p in points] == [p.percent for p in points]


@given(plans())
def test_a_sound_plan_has_no_faults(plan):
    starts_on, points = plan
    assert rules.plan_faults(starts_on, points[-1].on, points[-1].on, points) == []


def test_expected_progress_between_two_milestones_is_linear():
    points = [Point(START + timedelta(days=100), 50), Point(START + timedelta(days=200), 100)]
    assert rules.expected_percent(START, points, START + timedelta(days=30)) == 15
    assert rules.expected_percent(START, points, START + timedelta(days=150)) == 75


def test_a_plan_may_not_end_after_the_projects_own_deadline():
    found = rules.plan_faults(START, date(2027, 12, 1), date(2027, 11, 30), [Point(date(2027, 12, 1), 100)])
    assert len(found) == 1 and "工期调整" in found[0]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([], "须列出节点"),
        ([Point(date(2027, 6, 1), 80)], "最后一个节点"),
        ([Point(date(2027, 6, 1), 60), Point(date(2027, 5, 1), 100)], "先后排列"),
        ([Point(date(2028, 6, 1), 100)], "之间"),
    ],
)
def test_nodes_that_do_not_hold_together_are_refused(points, words):
    found = rules.plan_faults(START, date(2027, 11, 30), date(2027, 11, 30), points)
    assert any(words in sentence for sentence in found)


@pytest.mark.parametrize(
    ("percent", "light"), [(60, "green"), (51, "green"), (50, "yellow"), (30, "yellow"), (29, "red")]
)
def test_three_colours_go_by_points_behind_plan(percent, light):
    assert rules.light_of(Scale(), Standing(percent, 60, START, date(2027, 8, 1))) == light


@pytest.mark.parametrize(
    ("percent", "light"), [(0, "red"), (29, "red"), (30, "orange"), (50, "yellow"), (80, "green")]
)
def test_five_colours_go_by_progress_reached(percent, light):
    assert rules.light_of(Scale("five"), Standing(percent, 0, START, START)) == light


@pytest.mark.parametrize(
    ("on", "light"),
    [
        (date(2027, 3, 31), "green"),
        (date(2027, 4, 30), "yellow"),
        (date(2027, 5, 31), "yellow"),
        (date(2027, 6, 1), "red"),
    ],
)
def test_a_project_that_has_not_begun_lights_up_by_months(on, light):
    assert rules.light_of(Scale(), Standing(0, 0, START, on)) == light


@given(st.integers(0, 100), st.integers(0, 100), days, days)
def test_a_project_further_on_never_shows_a_worse_light(percent, expected, starts_on, on):
    order = ("green", "yellow", "red")
    one = rules.light_of(Scale(), Standing(percent, expected, starts_on, on))
    better = rules.light_of(Scale(), Standing(min(100, percent + 1), expected, starts_on, on))
    assert order.index(better) <= order.index(one)


def test_a_late_report_is_yellow_and_a_second_one_red():
    assert [rules.late_light("green", n) for n in (0, 1, 2)] == ["green", "yellow", "red"]
    assert rules.late_light("red", 1) == "red"


@given(days, st.integers(0, 900), st.booleans())
def test_periods_due_are_over_touch_the_work_and_follow_each_other(since, length, quarterly):
    today = since + timedelta(days=length)
    periods = rules.ended_periods(since, today, quarterly=quarterly)
    assert all(p.last < today and p.last >= since for p in periods)
    assert all(b.first == a.last + timedelta(days=1) for a, b in pairwise(periods))
    assert [rules.period_named(p.label) for p in periods] == periods
    assert all(len(p.label) <= 10 for p in periods)


@given(days, st.integers(0, 900), st.integers(0, 60), st.booleans())
def test_a_period_once_due_stays_due(since, length, more, quarterly):
    today = since + timedelta(days=length)
    now = rules.ended_periods(since, today, quarterly=quarterly)
    later = rules.ended_periods(since, today + timedelta(days=more), quarterly=quarterly)
    assert later[: len(now)] == now


def test_months_and_quarters_are_named_as_people_name_them():
    monthly = rules.ended_periods(date(2027, 3, 15), date(2027, 5, 1), quarterly=False)
    quarterly = rules.ended_periods(date(2027, 3, 15), date(2027, 7, 1), quarterly=True)
    assert [p.label for p in monthly] == ["2027-03", "2027-04"]
    assert [p.label for p in quarterly] == ["2027-Q1", "2027-Q2"]


def test_small_projects_report_by_the_quarter():
    small = {"period": "monthly", "small_fen": 20_000_000}
    assert rules.reports_quarterly(20_000_000, **small)
    assert not rules.reports_quarterly(20_000_001, **small)
    assert not rules.reports_quarterly(None, **small)
    assert rules.reports_quarterly(None, period="quarterly", small_fen=0)


@pytest.mark.parametrize(
    ("policy", "what", "body"),
    [
        ("congress_vote", "place", "congress"),
        ("presidium_interim", "place", "presidium"),
        ("presidium_interim", "stop", "congress"),
        ("presidium_decides", "stop", "presidium"),
        ("presidium_decides", "replace", "congress"),
        ("presidium_decides", "cost", "congress"),
    ],
)
def test_the_budget_is_the_congresss_whatever_the_policy(policy, what, body):
    assert rules.deciding_body(policy, what) == body


@given(
    st.dates(date(2027, 3, 1), date(2027, 12, 1)),
    st.integers(1, 300),
    st.integers(1, 600),
    st.integers(1, 300),
)
def test_coming_nodes_stay_ahead_and_within_the_new_deadline(today, to_old, to_new, ahead):
    old_end, new_end = today + timedelta(days=to_old), today + timedelta(days=to_new)
    day = min(today + timedelta(days=ahead), old_end)
    moved = rules.moved_day(day, today=today, old_end=old_end, new_end=new_end)
    assert today < moved <= new_end
    assert rules.moved_day(old_end, today=today, old_end=old_end, new_end=new_end) == new_end


def test_nine_movers_are_not_enough():
    assert rules.interpellation_faults(9) and not rules.interpellation_faults(10)


def test_a_group_keeps_within_the_rulebooks_numbers():
    assert rules.group_faults(1, 2, 10) and rules.group_faults(11, 2, 10)
    assert not rules.group_faults(2, 2, 10)
