"""The presidium and the congress get what the departments reported, as often as the rulebook says."""

from __future__ import annotations

from datetime import date

import pytest

from projects.cycles.models import Paper
from projects.supervision.rules import LIGHT_WORDS, period_over
from projects.supervision.summaries import make_due_summaries
from tests.builders import at
from tests.plays import play_supervision
from tests.projects.supervision.conftest import year_of
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("today", "months", "label", "first"),
    [
        (date(2027, 7, 1), 1, "2027-06", date(2027, 6, 1)),
        (date(2027, 7, 1), 3, "2027-Q2", date(2027, 4, 1)),
        (date(2027, 12, 31), 6, "2027-H1", date(2027, 1, 1)),
        (date(2028, 1, 1), 6, "2027-H2", date(2027, 7, 1)),
        (date(2028, 5, 3), 12, "2027", date(2027, 1, 1)),
    ],
)
def test_the_period_that_is_over_on_a_day(today, months, label, first):
    period = period_over(today, months)
    assert (period.label, period.first) == (label, first) and period.last < today


def summaries() -> list[tuple[str, str]]:
    apply(SYSTEM)
    papers = Paper.objects.filter(kind="progress_summary").order_by("pk")
    return [(paper.data["reader"], paper.data["period"]) for paper in papers]


def test_each_reader_gets_each_period_once_by_its_own_rule(town):
    year = year_of(town, presidium_report_period="monthly", congress_report_period="half_year")
    play_supervision(town, year.cycle, until=date(2027, 6, 20), outcomes={1: "behind"})
    assert make_due_summaries(at("2027-06-20")) == 1
    assert make_due_summaries(at("2027-06-25")) == 0
    assert make_due_summaries(at("2027-07-01")) == 2
    assert summaries() == [("presidium", "2027-05"), ("presidium", "2027-06"), ("congress", "2027-H1")]
    paper = Paper.objects.filter(kind="progress_summary").latest("pk")
    assert "村道硬化" in paper.body and "形象进度" in paper.body and paper.published_at is None
    assert paper.title == f"{year.cycle}实施进度汇总（2027年上半年，报人大代表）"
    lines, lights = paper.body.splitlines(), [row["light"] for row in paper.data["rows"]]
    assert lights and any(lights)
    for line, light in zip(lines, lights, strict=True):
        assert line.endswith(f" 万元，亮灯：{LIGHT_WORDS[light]}。")
    assert Entry.objects.filter(action="supervision.summarise", actor=None).count() == 3


def test_a_year_in_which_nothing_is_built_yet_owes_nothing(town):
    year_of(town)
    assert make_due_summaries(at("2027-07-01")) == 0 and summaries() == []
