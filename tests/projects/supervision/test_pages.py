"""Every page of the room renders over real records, each with the record's own words on it."""

from __future__ import annotations

from datetime import date

import pytest
from django.template.loader import render_to_string

import projects.supervision.flows  # noqa: F401
from projects.demo.kinds import kind_of
from projects.supervision import selectors
from projects.supervision.models import Change, Finding, Interpellation, Project
from tests.files import picture
from tests.plays import play_supervision
from tests.projects.supervision.conftest import year_of
from tests.standing import standing
from workflow.flows.base import flows
from workflow.flows.events import events

pytestmark = pytest.mark.django_db
PAGES = "steps/supervision/"


OUTCOMES = {1: "stalled", 2: "behind"}


@pytest.fixture
def summer(town):
    """A year lived to the twentieth of August."""

    def play():
        year = year_of(town)
        play_supervision(year.town, year.cycle, until=date(2027, 8, 20), outcomes=OUTCOMES)
        return year

    return standing("a year lived to its summer", play)


def test_the_years_page_counts_lights_and_money(summer):
    html = render_to_string(f"{PAGES}projects.html", selectors.year_overview(summer.cycle))
    assert "村道硬化" in html and "严重滞后" in html and "515 万元" in html


def test_the_projects_page_shows_its_whole_file(summer):
    project = Project.objects.get(number=1)
    for page in ("project.html", "progress.html"):
        html = render_to_string(PAGES + page, selectors.project_file(project, date(2027, 8, 20)))
        told = ("恒立建设", "2027年7月", kind_of(project.title).problems["stalled"], "完成招标、签订合同")
        assert [words for words in told if words not in html] == []


def test_a_project_without_a_plan_has_a_page_too(year):
    html = render_to_string(f"{PAGES}project.html", selectors.project_file(year.project()))
    assert "尚未组建" in html and "380 万元" in html


def test_a_findings_page_shows_what_was_done(summer):
    play_supervision(summer.town, summer.cycle, until=date(2027, 12, 31), outcomes=OUTCOMES)
    finding = Finding.objects.filter(tries=1).get()
    html = render_to_string(f"{PAGES}finding.html", selectors.finding_facts(finding))
    assert finding.words in html and finding.remedy in html


def test_a_changes_page_shows_before_and_after(year):
    year.building()
    year.event(
        "ask_change",
        year.town.of("mayor"),
        "2027-05-10",
        what="deadline",
        finish_by="2028-03-31",
        reason="征地未能按期完成，需要调整。",
    )
    html = render_to_string(f"{PAGES}change.html", selectors.change_facts(Change.objects.get()))
    assert "2027年12月20日" in html and "2028年3月31日" in html


def test_an_interpellations_page_names_its_movers(year):
    year.building().in_session()
    movers = year.town.deputies[:10]
    year.event(
        "interpellate",
        movers[0],
        "2027-06-18",
        year.cycle,
        words="村道硬化项目为何长期停工？",
        movers=[str(user.pk) for user in movers],
        files={"signed": [picture("质询案.jpg")]},
    )
    html = render_to_string(
        f"{PAGES}interpellation.html", selectors.interpellation_facts(Interpellation.objects.get())
    )
    assert all(user.name in html for user in movers)


def test_every_page_named_by_a_task_or_an_event_exists():
    named = {node.page for flow in flows() if flow.room == "supervision" for node in flow.steps()}
    named |= {e.page for e in events() if e.key.startswith("supervision.")}
    from django.template.loader import get_template

    assert all(get_template(page) for page in named if page)


def test_every_task_has_its_term_in_the_rulebook():
    from projects.cycles.deadlines import TASK_TIMES

    keys = {node.key for flow in flows() if flow.room == "supervision" for node in flow.steps()}
    assert keys <= set(TASK_TIMES) and "supervision.plan" in keys
