"""Calendar days of a year fall between its vote and its evaluation, whatever part of a year it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from projects.cycles.due import due_date, offset_of
from projects.cycles.models import Cycle, CycleSession, Session
from projects.cycles.rulebook import Rules
from projects.lifecycle.intake import start_year
from tests.builders import at, township
from workflow.calendar.offsets import resolve
from workflow.people.isolation import SYSTEM, apply

GIVEN, SPECIAL = "supervision.give_report", "supervision.special_report"
RESIDENTS, ARCHIVE = "evaluation.residents", "evaluation.archive"


def due(key: str, t: date, t2: date, year: int = 2027) -> date:
    offset = offset_of(Cycle(year=year), Rules(), key, {"vote": t, "evaluation": t2})
    return resolve(offset, {"year": date(year, 1, 1), "T": t, "T2": t2}).on


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
    assert [due(key, t, t2, year) for key in (SPECIAL, RESIDENTS, ARCHIVE)] == expected


# Every vote of a year beside every evaluation, from a month to a year and a half later.
VOTES = [date(2027, 1, 4) + timedelta(days=n) for n in range(0, 360, 7)]
WAYS = [timedelta(days=n) for n in (30, 61, 92, 140, 176, 200, 270, 363, 420, 540)]


@pytest.mark.parametrize("way", WAYS)
def test_a_report_is_due_no_later_than_its_hearing_and_both_between_vote_and_evaluation(way):
    # New Year's Day holds no session, and 31 December may fall on the first working day after it.
    for t in (day for day in VOTES if (day + way).timetuple().tm_yday > 3):
        given, heard, rated = (due(key, t, t + way) for key in (GIVEN, SPECIAL, RESIDENTS))
        assert t < given <= heard < t + way and t < rated < t + way, (t, t + way)


def test_the_report_of_a_half_year_stands_in_august_like_its_hearing():
    """刘岗: voted on 26 July; 15 August alone would be too soon, 31 August is not. 15 August 2027 is a Sunday."""
    assert due(GIVEN, date(2027, 7, 26), date(2028, 1, 18)) == date(2027, 8, 16)


def test_a_session_on_another_side_of_the_years_end_has_the_calendar_day_or_loses_it():
    assert due(RESIDENTS, date(2027, 1, 20), date(2027, 12, 17)) == date(2027, 12, 2)
    assert due(RESIDENTS, date(2027, 1, 20), date(2028, 1, 18)) == date(2027, 12, 31)


def test_without_a_year_the_rulebooks_own_words_stand():
    assert offset_of(None, Rules(), SPECIAL) == Rules().offset(SPECIAL)


@pytest.mark.django_db
def test_the_day_of_the_session_that_was_called_counts_and_not_the_planned_one():
    apply(SYSTEM)
    town = township()
    days = {"opens_on": date(2026, 9, 10), "planned_t": date(2027, 1, 20), "planned_t2": date(2028, 1, 18)}
    cycle = start_year(town.act("chair", at("2026-08-25")), year=2027, **days)
    assert due_date(cycle, RESIDENTS, date(2027, 10, 1)).on == date(2027, 12, 31)
    session = Session.objects.create(unit=town.unit, term=18, number=4, held_on=date(2027, 12, 20))
    CycleSession.objects.create(unit=town.unit, cycle=cycle, session=session, use="evaluation")
    assert due_date(cycle, RESIDENTS, date(2027, 10, 1)).on == date(2027, 12, 3)  # the 5th is a Sunday
