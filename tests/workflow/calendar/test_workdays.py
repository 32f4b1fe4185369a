from datetime import date

import pytest

from workflow.calendar.workdays import (
    add_working_days,
    is_published,
    is_working_day,
    next_working_day,
    previous_working_day,
    spring_festival,
    working_days_between,
)


@pytest.mark.parametrize(
    "day",
    [
        date(2025, 9, 28),
        date(2025, 10, 11),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 9, 20),
    ],
)
def test_a_make_up_weekend_day_is_worked(day):
    assert day.weekday() >= 5
    assert is_working_day(day)


@pytest.mark.parametrize(
    "day",
    [
        date(2025, 10, 1),
        date(2025, 10, 8),
        date(2026, 2, 16),
        date(2026, 2, 23),
        date(2026, 9, 25),
    ],
)
def test_a_weekday_of_a_holiday_is_not_worked(day):
    assert day.weekday() < 5
    assert not is_working_day(day)


def test_an_ordinary_week_has_five_working_days():
    assert working_days_between(date(2026, 3, 8), date(2026, 3, 15)) == 5


def test_national_day_2025_is_crossed_in_one_working_day():
    assert add_working_days(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert add_working_days(date(2025, 9, 30), 3) == date(2025, 10, 11)


def test_spring_festival_2026_with_its_two_worked_saturdays():
    assert add_working_days(date(2026, 2, 13), 1) == date(2026, 2, 14)
    assert add_working_days(date(2026, 2, 14), 1) == date(2026, 2, 24)
    assert add_working_days(date(2026, 2, 27), 1) == date(2026, 2, 28)


def test_working_days_are_counted_back_over_a_holiday():
    assert add_working_days(date(2025, 10, 9), -1) == date(2025, 9, 30)
    assert working_days_between(date(2025, 10, 9), date(2025, 9, 30)) == -1


def test_zero_working_days_from_a_rest_day_is_the_next_working_day():
    assert add_working_days(date(2025, 10, 1), 0) == date(2025, 10, 9)
    assert add_working_days(date(2025, 10, 9), 0) == date(2025, 10, 9)


def test_a_rest_day_moves_forward_or_back_and_a_working_day_stays():
    assert next_working_day(date(2025, 10, 1)) == date(2025, 10, 9)
    assert previous_working_day(date(2025, 10, 8)) == date(2025, 9, 30)
    assert next_working_day(date(2025, 9, 28)) == previous_working_day(date(2025, 9, 28)) == date(2025, 9, 28)


def test_a_december_day_worked_for_the_new_years_holiday_is_known_in_its_own_year():
    assert is_working_day(date(2006, 12, 30))
    assert is_working_day(date(2006, 12, 31))


def test_a_year_without_an_official_arrangement_is_not_published():
    assert is_published(2025)
    assert is_published(2026)
    assert not is_published(2090)


def test_statutory_days_are_known_before_the_arrangement_is_published():
    assert not is_working_day(date(2090, 10, 2))


def test_the_spring_festival_is_the_first_lunar_day():
    assert spring_festival(2026) == date(2026, 2, 17)
    assert spring_festival(2027) == date(2027, 2, 6)
