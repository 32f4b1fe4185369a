"""本周工作: what is due, what is stuck with whom, what the county and the public asked, each a link."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projects.collection.intake import propose
from projects.cycles.models import Cycle, Session
from projects.lifecycle.intake import start_year
from projects.oversight.models import Guidance, Note
from projects.portal.week_selectors import week_of
from tests.builders import SHANGHAI, at, open_task, township
from tests.projects.portal.public_world import cycle_of
from workflow.flows.models import Deadline
from workflow.flows.services import claim, urge
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db

YEAR = timezone.localdate().year + 1
PLAN = {"opens_on": date(YEAR - 1, 9, 1), "planned_t": date(YEAR, 1, 20), "planned_t2": date(YEAR + 1, 1, 18)}
WEDNESDAY = date(2026, 9, 9)
ASKED = "2026-09-14"  # inside the window of the year that collects


@pytest.fixture
def town(db):
    apply(SYSTEM)
    made = township()
    start_year(made.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR, **PLAN)
    return made


def due(day: date, **more) -> Deadline:
    Deadline.objects.filter(key="collection.scheme").update(due_on=day, **more)
    return open_task("collection.scheme")


def collecting(town) -> None:
    cycle_of(town, year=2050)


def lines(town, part: int, on: date = WEDNESDAY):
    return week_of(town.unit, on)[part].lines


def test_a_task_is_due_until_sunday_and_stuck_after_its_day(town):
    task = due(WEDNESDAY)
    assert [line.url for line in lines(town, 0)] == [f"/tasks/{task.pk}/"] and not lines(town, 1)
    due(WEDNESDAY + timedelta(days=4))
    assert len(lines(town, 0)) == 1
    due(WEDNESDAY + timedelta(days=5))
    assert not lines(town, 0)
    due(WEDNESDAY - timedelta(days=1))
    (stuck,) = lines(town, 1)
    assert stuck.due == WEDNESDAY - timedelta(days=1) and not lines(town, 0)
    due(WEDNESDAY - timedelta(days=1), provisional=True)
    assert not lines(town, 1)


def test_what_is_stuck_says_with_whom_since_when_and_how_often_it_was_urged(town):
    task = due(WEDNESDAY - timedelta(days=3))
    assert lines(town, 1)[0].who == "人大主席、副主席"
    claim(task.pk, actor=town.of("chair"), at=at("2026-09-08"))
    urge(task.task, act=town.act("clerk", at("2026-09-08")), words="请尽快")
    (line,) = lines(town, 1)
    assert line.who == f"人大主席、副主席 · {town.of('chair').name}"
    assert (line.since, line.note) == (task.opened_on, "已催办 1 次")


def test_what_the_county_asked_and_said_lately_is_there(town):
    county, cycle = town.unit.parent, Cycle.objects.get()
    said = {"unit": town.unit, "county": county, "by": town.of("chair"), "words": "请报进度。"}
    note = Note.objects.create(
        title="进度", cycle=cycle, sent_on=WEDNESDAY, reply_by=WEDNESDAY + timedelta(days=9), **said
    )
    for days, title in ((29, "近期的指导意见"), (40, "早前的指导意见")):
        when = datetime.combine(WEDNESDAY - timedelta(days=days), time(9), SHANGHAI)
        Guidance.objects.create(title=title, at=when, **said)
    asked, guided = lines(town, 3)
    assert asked.title == str(note) and asked.due == note.reply_by and asked.url == "/county/words/"
    assert guided.title == "近期的指导意见"


def test_what_the_public_asked_leads_to_the_task_that_decides_it(town):
    collecting(town)
    propose(town.act("deputy", at(ASKED)), title="修桥", content="危桥须改造。")
    task = open_task("collection.receive")
    (line,) = lines(town, 4)
    assert line.title == "意见建议：修桥" and line.url == f"/tasks/{task.pk}/"
    assert (line.since, line.who) == (date.fromisoformat(ASKED), "党政办")


def test_a_meeting_has_a_day_and_no_deadline_and_says_when_nobody_closed_it(town):
    met = {"unit": town.unit, "term": 18, "held_on": WEDNESDAY - timedelta(days=1)}
    for number, state in ((1, "open"), (2, "closed")):
        Session.objects.create(number=number, state=state, **met)
    unclosed, closed = lines(town, 2)
    assert (unclosed.on, unclosed.due, unclosed.note) == (met["held_on"], None, "尚未宣布闭会")
    assert closed.note == ""
    assert not any(line.note for line in lines(town, 2, on=met["held_on"])), "its day is not over"


def test_nothing_of_another_township_is_there(town):
    other = township("T02", name="柳河镇")
    due(WEDNESDAY)
    assert lines(town, 0) and not any(part.lines for part in week_of(other.unit, WEDNESDAY))


def test_the_page_is_the_desks_and_each_line_a_link_that_opens(client, town):
    task = due(timezone.localdate() - timedelta(days=2))
    client.force_login(town.of("clerk"))
    page = client.get("/week/").content.decode()
    assert (
        f'href="/tasks/{task.pk}/"' in page and "超期未办事项及承办单位（1）" in page and "data-print" in page
    )
    assert client.get(f"/tasks/{task.pk}/").status_code == 200
    client.force_login(town.deputies[0])
    assert client.get("/week/").status_code == 403


def test_one_line_and_many_cost_the_same_number_of_queries(town):
    due(WEDNESDAY)
    collecting(town)
    propose(town.act("deputy", at(ASKED)), title="修桥", content="危桥须改造。")
    with CaptureQueriesContext(connection) as one:
        week_of(town.unit, WEDNESDAY)
    for n in range(5):
        start_year(town.act("chair", at(f"{YEAR - 1}-08-10")), year=YEAR + 1 + n, **PLAN)
        propose(town.act("deputy", at(ASKED)), title=f"路灯{n}", content="安装路灯。")
    due_on = Deadline.objects.filter(key="collection.scheme").update(due_on=WEDNESDAY)
    with CaptureQueriesContext(connection) as many:
        assert len(week_of(town.unit, WEDNESDAY)[0].lines) == due_on
    assert len(many) == len(one)
