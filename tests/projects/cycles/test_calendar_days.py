"""Calendar days of a year fall between its vote and its evaluation, whatever part of a year it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from projects.cycles.due import offset_of
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from workflow.calendar.offsets import Offset, resolve

GIVEN, SPECIAL = "supervision.give_report", "supervision.special_report"
RESIDENTS, ARCHIVE = "evaluation.residents", "evaluation.archive"


def days(year: int, t: date, t2: date) -> list[date]:
    cycle = Cycle(year=year, planned_t=t, planned_t2=t2)
    anchors = {"year": date(year, 1, 1), "T": t, "T2": t2}
    return [resolve(offset_of(cycle, Rules(), key), anchors).on for key in (SPECIAL, RESIDENTS, ARCHIVE)]


@pytest.mark.parametrize(
    ("year", "t", "t2", "expected"),
    [
        # The common year, and one voted on in June (三水): as the rulebook has it.
        (
            2027,
            date(2027, 1, 20),
            date(2028, 1, 18),
            [date(2027, 8, 31), date(2027, 12, 31), date(2028, 6, 30)],
        ),
        (
            2027,
            date(2027, 6, 12),
            date(2028, 3, 1),
            [date(2027, 8, 31), date(2027, 12, 31), date(2028, 6, 30)],
        ),
        # The second half of a year (刘岗).
        (
            2027,
            date(2027, 7, 26),
            date(2028, 1, 18),
            [date(2027, 8, 31), date(2027, 12, 31), date(2028, 6, 30)],
        ),
        # Its first half: no 31 August and no 31 December lies in it.
        (
            2027,
            date(2027, 1, 20),
            date(2027, 7, 26),
            [date(2027, 6, 11), date(2027, 7, 9), date(2028, 6, 30)],
        ),
        # Voted on in December (官垱).
        (
            2021,
            date(2021, 12, 17),
            date(2022, 12, 17),
            [date(2022, 8, 31), date(2022, 12, 2), date(2023, 6, 30)],
        ),
    ],
)
def test_every_calendar_day_lies_where_the_year_has_it(year, t, t2, expected):
    assert days(year, t, t2) == expected


# Every vote of a year beside every evaluation, from a month to a year and a half later.
VOTES = [date(2027, 1, 4) + timedelta(days=n) for n in range(0, 360, 7)]
WAYS = [timedelta(days=n) for n in (30, 61, 92, 140, 176, 200, 270, 363, 420, 540)]


@pytest.mark.parametrize("way", WAYS)
def test_a_report_is_due_no_later_than_its_hearing_and_both_between_vote_and_evaluation(way):
    # New Year's Day holds no session, and 31 December may fall on the first working day after it.
    for t in (day for day in VOTES if (day + way).timetuple().tm_yday > 3):
        cycle = Cycle(year=2027, planned_t=t, planned_t2=t + way)
        anchors = {"year": date(2027, 1, 1), "T": t, "T2": t + way}
        given, heard, rated = (
            resolve(offset_of(cycle, Rules(), key), anchors).on for key in (GIVEN, SPECIAL, RESIDENTS)
        )
        assert t < given <= heard < t + way and t < rated < t + way, (t, t + way)


def test_the_report_of_a_half_year_stands_in_august_like_its_hearing():
    """刘岗: voted on 26 July; 15 August alone would be too soon, 31 August is not. 15 August 2027 is a Sunday."""
    cycle = Cycle(year=2027, planned_t=date(2027, 7, 26), planned_t2=date(2028, 1, 18))
    assert resolve(offset_of(cycle, Rules(), GIVEN), {"year": date(2027, 1, 1)}).on == date(2027, 8, 16)


def test_a_session_moved_over_the_years_end_is_counted_with_before_it_is_moved():
    cycle = Cycle(year=2027, planned_t=date(2027, 1, 20), planned_t2=date(2027, 12, 17))
    assert offset_of(cycle, Rules(), RESIDENTS) == Offset("T2", -15)
    moved = offset_of(cycle, Rules(), RESIDENTS, {"evaluation": date(2028, 1, 18)})
    assert resolve(moved, {"year": date(2027, 1, 1)}).on == date(2027, 12, 31)


def test_without_a_year_the_rulebooks_own_words_stand():
    assert offset_of(None, Rules(), SPECIAL) == Rules().offset(SPECIAL)
