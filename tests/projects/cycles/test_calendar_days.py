"""Calendar days of a year fall between its vote and its evaluation, whatever part of a year it is."""

from __future__ import annotations

from datetime import date

import pytest

from projects.cycles.due import offset_of
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from workflow.calendar.offsets import resolve

SPECIAL, RESIDENTS, ARCHIVE = "supervision.special_report", "evaluation.residents", "evaluation.archive"


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


def test_without_a_year_the_rulebooks_own_words_stand():
    assert offset_of(None, Rules(), SPECIAL) == Rules().offset(SPECIAL)
