from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.cycles.feasibility import (
    agenda_day,
    chain,
    latest_start,
    obstacles_to_opening_plan,
)
from projects.cycles.rulebook import DEADLINES, Rules, diff, load
from workflow.calendar.offsets import Offset, resolve
from workflow.calendar.workdays import (
    add_working_days,
    is_working_day,
    next_working_day,
    previous_working_day,
    working_days_between,
)

pytestmark = pytest.mark.long

days = st.dates(date(2010, 1, 1), date(2030, 12, 31))
counts = st.integers(-60, 60)


@given(days, counts)
def test_adding_working_days_ends_on_a_working_day(day, n):
    assert is_working_day(add_working_days(day, n))


@given(days, counts)
def test_adding_then_subtracting_comes_back_to_a_working_day(day, n):
    start = next_working_day(day)
    assert add_working_days(add_working_days(start, n), -n) == start


@given(days, counts)
def test_the_working_days_between_are_those_added(day, n):
    start = next_working_day(day)
    assert working_days_between(start, add_working_days(start, n)) == n


@given(days, st.integers(0, 40), counts)
def test_adding_working_days_keeps_the_order_of_days(day, later, n):
    assert add_working_days(day, n) <= add_working_days(day + timedelta(later), n)


@given(days)
def test_nothing_worked_lies_between_a_day_and_the_working_day_it_moves_to(day):
    ahead, behind = next_working_day(day), previous_working_day(day)
    assert behind <= day <= ahead
    assert working_days_between(behind, ahead) == (0 if is_working_day(day) else 1)


@given(days, st.integers(1, 90))
def test_a_deadline_never_eats_into_the_time_it_gives(day, n):
    assert resolve(Offset("T", n), {"T": day}).on >= day + timedelta(n)
    assert resolve(Offset("T", -n), {"T": day}).on <= day - timedelta(n)


@given(days, st.sampled_from(sorted(DEADLINES)))
def test_every_deadline_of_the_rulebook_resolves(day, task):
    offset = Rules().offset(task)
    due = resolve(offset, {offset.anchor: day})
    assert is_working_day(due.on) or (offset.days == 0 and due.on == day)


@given(
    st.dates(date(2024, 6, 1), date(2028, 12, 31)),
    st.integers(5, 60),
    st.integers(0, 1),
)
def test_the_latest_start_reaches_the_agenda_and_the_day_after_does_not(t, window, objections):
    rules = Rules(collection_window_days=window)
    latest, limit = latest_start(t, rules, objections), agenda_day(t, rules)
    assert chain(latest, rules, objections)[-1].due.on <= limit
    assert chain(latest + timedelta(1), rules, objections)[-1].due.on > limit


@given(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(1, 250))
def test_a_plan_is_refused_exactly_after_the_latest_start(c, length):
    t, rules = c + timedelta(length), Rules()
    codes = {reason.code for reason in obstacles_to_opening_plan(c, t, t + timedelta(365), rules)}
    assert ("chain_too_long" in codes) == (c > latest_start(t, rules, objections=0))


@given(
    st.integers(1, 180),
    st.integers(0, 200),
    st.sampled_from(["select", "each", "rank"]),
)
def test_the_frozen_rulebook_comes_back_equal(window, surplus, mode):
    rules = Rules(collection_window_days=window, surplus_percent=surplus, ballot_mode=mode)
    again = load(rules.frozen_json())
    assert again == rules
    assert diff(rules, again) == []


@given(st.integers(1, 200), st.integers(0, 200))
def test_the_surplus_is_counted_on_seats_and_rounded_up(seats, percent):
    surplus = Rules(surplus_percent=percent).least_candidates(seats) - seats
    assert surplus * 100 >= seats * percent > (surplus - 1) * 100
