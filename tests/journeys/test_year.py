"""A township's whole year, every task on its page by the office whose turn it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from projects.ballots.models import Vote
from projects.cycles.models import Cycle
from projects.cycles.selectors import papers_of
from projects.demo.play.collection import play_collection
from projects.demo.play.deliberation import play_deliberation
from projects.demo.play.evaluation import Figures, play_evaluation
from projects.demo.play.selection import play_selection
from projects.demo.play.supervision import play_supervision
from projects.demo.play.voting import play_after_vote, play_voting
from projects.evaluation.models import Archive
from projects.lifecycle.services import start_year
from projects.selection.models import Item
from projects.supervision.models import Project
from tests.builders import at, township
from tests.journeys.stage import Stage
from workflow.people.isolation import SYSTEM, within

T = date(2026, 1, 20)
T2 = date(2027, 1, 19)


@pytest.mark.parametrize(
    ("name", "deputies", "present", "sums", "seats"),
    [
        ("四屏镇", 50, 45, {"农村人居环境整治和饮水工程": 42, "民生公路": 3}, 1),
    ],
)
def test_a_year_from_the_scheme_to_the_archive(
    browser: Browser, served, name: str, deputies: int, present: int, sums: dict[str, int], seats: int
) -> None:
    stage = Stage(browser, served.url)
    with stage.on():
        stage.now = at("2025-08-01")
        with within(SYSTEM):
            town = township("J01", name=name, deputies=deputies)
            plan = {"year": 2026, "opens_on": date(2025, 9, 1), "planned_t": T, "planned_t2": T2}
            cycle = start_year(town.act("chair", at("2025-08-01")), **plan)
        with stage.reading():
            play_collection(town, cycle, proposals=6, titles=list(sums))
            play_selection(town, cycle, list(sums), seats)
            cycle.refresh_from_db()
            play_deliberation(town, cycle, t=T, term=2, number=4, seats=seats, mode="select")
            play_voting(town, cycle, t=T, present=present, sums=sums, on_leave=deputies - present)
            play_after_vote(town, cycle, t=T)
            play_supervision(town, cycle, until=T2 - timedelta(days=46))
            cycle.refresh_from_db()
            numbers = list(Project.objects.filter(cycle=cycle).values_list("number", flat=True))
            figures = Figures(marks={n: [(40, 4, 1)] for n in numbers}, absent=deputies - present)
            play_evaluation(town, cycle, t2=T2, term=2, number=6, figures=figures)
        with within(SYSTEM):
            cycle = Cycle.objects.get(pk=cycle.pk)
            vote = Vote.objects.get(about_reference=cycle.reference, purpose="projects")
            assert cycle.state == "closed"
            assert (vote.issued, vote.returned) == (present, present)
            elected = set(Item.objects.filter(cycle=cycle, state="elected").values_list("title", flat=True))
            assert elected == set(list(sums)[:seats])
            assert Archive.objects.filter(cycle=cycle).exists()
            kinds = set(papers_of(cycle).values_list("kind", flat=True))
            assert {
                "scheme",
                "call",
                "bill",
                "method",
                "tally_report",
                "resolution",
                "announcement",
                "account",
            } <= kinds
    assert timezone.now().year >= 2026
