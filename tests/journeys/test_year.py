"""A township's whole year, every task on its page by the office whose turn it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
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

pytestmark = pytest.mark.minutes

T = date(2026, 1, 20)
T2 = date(2027, 1, 19)


SIPING = {"农村人居环境整治和饮水工程": 42, "民生公路": 3}
LANTING_PRINTED = {
    "实施文化惠民工程": 61,
    "实施“整洁兰亭”三级联创工程": 61,
    "完成“两江”综合整治工程": 60,
}
LANTING = {
    **LANTING_PRINTED,
    "实行镇村卫生一体化管理工程": 58,
    "下溪村安全饮水管网改造": 57,
    "东桥村农村道路硬化": 55,
    "石门村路灯亮化": 53,
    "镇中心小学运动场改造": 50,
    "沙岭村居家养老服务站建设": 48,
    "集镇停车场建设": 45,
    "派出所异地新建工程": 30,
    "老街排水改造": 28,
}


def founded(stage: Stage, name: str, deputies: int):  # type: ignore[no-untyped-def]
    """A township whose chair has founded the year 2026."""
    stage.now = at("2025-08-01")
    with within(SYSTEM):
        town = township("J01", name=name, deputies=deputies)
        plan = {"year": 2026, "opens_on": date(2025, 9, 1), "planned_t": T, "planned_t2": T2}
        return town, start_year(town.act("chair", at("2025-08-01")), **plan)


def test_a_year_runs_from_the_scheme_to_the_archive_on_the_figures_of_siping(
    browser: Browser, served
) -> None:
    """45 ballots issued and returned, 42 for the first of two candidates; N is set to 50 (generated)."""
    stage = Stage(browser, served.url)
    with stage.on():
        town, cycle = founded(stage, "四屏镇", 50)
        with stage.reading():
            play_collection(town, cycle, proposals=6, titles=list(SIPING))
            play_selection(town, cycle, list(SIPING), 1)
            cycle.refresh_from_db()
            play_deliberation(town, cycle, t=T, term=2, number=4, seats=1, mode="select")
            play_voting(town, cycle, t=T, present=45, sums=SIPING, on_leave=5)
            play_after_vote(town, cycle, t=T)
            play_supervision(town, cycle, until=T2 - timedelta(days=46))
            cycle.refresh_from_db()
            numbers = list(Project.objects.filter(cycle=cycle).values_list("number", flat=True))
            figures = Figures(marks={n: [(40, 4, 1)] for n in numbers}, absent=5)
            play_evaluation(town, cycle, t2=T2, term=2, number=6, figures=figures)
        with within(SYSTEM):
            cycle = Cycle.objects.get(pk=cycle.pk)
            vote = Vote.objects.get(about_reference=cycle.reference, purpose="projects")
            assert (cycle.state, vote.issued, vote.returned) == ("closed", 45, 45)
            assert elected(cycle) == {"农村人居环境整治和饮水工程"}
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


def test_twelve_candidates_and_ten_places_are_voted_on_the_figures_of_lanting(
    browser: Browser, served
) -> None:
    """61, 61 and 60 are printed; N 68, 65 present and the other sums are generated to agree with them."""
    stage = Stage(browser, served.url)
    with stage.on():
        town, cycle = founded(stage, "兰亭镇", 68)
        with stage.reading():
            play_collection(town, cycle, proposals=14, titles=list(LANTING))
            play_selection(town, cycle, list(LANTING), 10)
            cycle.refresh_from_db()
            play_deliberation(town, cycle, t=T, term=16, number=2, seats=10, mode="select")
            play_voting(town, cycle, t=T, present=65, sums=LANTING, on_leave=3)
        with within(SYSTEM):
            vote = Vote.objects.get(about_reference=cycle.reference, purpose="projects")
            assert elected(cycle) == set(LANTING) - {"派出所异地新建工程", "老街排水改造"}
            assert vote.outcome["majority"] == {"base": "in_office", "of": 68, "needed": 35}
            assert vote.outcome["tied"] == []


def elected(cycle: Cycle) -> set[str]:
    return set(Item.objects.filter(cycle=cycle, state="elected").values_list("title", flat=True))
