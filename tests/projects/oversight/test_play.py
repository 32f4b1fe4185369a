"""The play has the county speak to its townships, on the figures of their records."""

from __future__ import annotations

from datetime import date

import pytest

from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.demo.play.oversight import play_oversight
from projects.oversight.models import Guidance, Note, Sample
from projects.oversight.rules import drawn
from projects.supervision.models import Progress, Project
from tests.builders import SINCE, at, township
from tests.plays import play_supervision
from tests.projects.supervision.conftest import year_of
from tests.standing import standing
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db

TODAY = date(2027, 8, 20)


@pytest.fixture
def county(db):
    """A county whose first township is building and whose second has no year."""
    apply(SYSTEM)
    town = township()
    return standing("a county that watches a township build", lambda: _county(town))


def _county(town: Township) -> Unit:
    create_unit(code="T02", name="白沙镇", kind=UnitKind.TOWNSHIP, parent=town.unit.parent)
    leader = User.objects.create(username="county", name="县人大常委会")
    admin = Act(User.objects.get(username="admin@T01"), "admin", town.unit.parent, at("2020-01-01"))
    grant(user=leader, office="county", unit=town.unit.parent, act=admin, since=SINCE)
    year = year_of(town, progress_period="monthly", small_project_fen=0)
    play_supervision(town, year.cycle, until=TODAY, outcomes={2: "behind", 3: "stalled"})
    return town.unit.parent


def test_the_circular_tells_the_quarter_from_the_reports_to_the_townships_that_were_building(county):
    play_oversight(county, today=TODAY, seed=1)
    one = Guidance.objects.get()
    assert (one.unit.code, one.title) == ("T01", "通报：2027 年第二季度民生实事项目推进情况")
    assert "3 个民生实事项目" in one.words and "“老年食堂”：预警" in one.words
    assert "村道硬化" not in one.words, "what goes as planned is not named"
    assert Entry.objects.get(action="oversight.circular").unit == one.unit


def test_the_circular_is_on_the_projects_of_its_own_year(county):
    Project.objects.update(building_since=date(2027, 3, 1))
    Cycle.objects.update(year=2026)
    play_oversight(county, today=TODAY, seed=1)
    assert not Guidance.objects.exists()


def test_the_note_asks_about_the_slowest_project_and_is_answered_once_a_week_has_passed(county):
    play_oversight(county, today=TODAY, seed=1)
    note = Note.objects.get()
    reports = Progress.objects.filter(on__lt=note.sent_on).order_by("-on")
    last = [reports.filter(project=project).first() for project in Project.objects.all()]
    slowest = min(last, key=lambda report: report.percent)
    assert slowest.project.title in note.title and f"{slowest.percent}%" in note.words
    assert note.state == "replied" and note.sent_on < note.reply_by <= TODAY


def test_where_nobody_has_begun_the_county_has_nothing_to_say(county):
    Project.objects.update(building_since=None)
    play_oversight(county, today=date(2027, 2, 1), seed=1)
    assert not Guidance.objects.exists()


def test_one_township_is_sampled_by_a_lot_that_follows_from_the_seed_alone(county):
    def sampled(seed: int) -> tuple[str, list[str]]:
        play_oversight(county, today=TODAY, seed=seed)
        kept = Sample.objects.latest("pk")
        return kept.seed, [one["reference"] for one in kept.drawn]

    first, again = sampled(1), sampled(1)
    assert first == again
    seeds = {sampled(seed)[0] for seed in (1, 2, 3)}
    assert len(seeds) == 3
    kept = Sample.objects.filter(seed=first[0]).first()
    stations = [f"unit:{unit.code}" for unit in Unit.objects.filter(tenant=kept.unit, kind=UnitKind.STATION)]
    assert kept.of == "station" and kept.among == len(stations) and kept.at.date() < TODAY
    assert first[1] == drawn(first[0], stations, len(first[1]))
