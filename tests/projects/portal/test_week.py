"""本周工作: what is due, what is stuck with whom, what the county and the public asked, each a link."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projects.collection.intake import propose
from projects.collection.models import Contact
from projects.cycles.models import Cycle, Session
from projects.lifecycle.intake import start_year
from projects.oversight.models import Guidance, ModelRulebook, Note
from projects.portal.week_selectors import week_of
from projects.retention.intake import request_erasure
from tests.builders import SHANGHAI, at, open_task, township
from tests.projects.oversight.county_world import leader_of
from tests.projects.portal.public_world import cycle_of
from workflow.audit.services import Act
from workflow.flows.events import perform
from workflow.flows.models import Deadline, MeetingCall
from workflow.flows.services import claim, urge
from workflow.people.isolation import SYSTEM, apply
from workflow.roles.models import RoleGrant

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


def send(county, key: str, subject, when: str, **data) -> None:
    perform(key, subject, actor=county, data=data, at=at(when))


def test_what_the_county_says_is_called_what_it_is_and_a_training_stays_until_its_day(town):
    leader, above = leader_of(town.unit.parent), town.unit.parent
    to = {"townships": [str(town.unit.pk)]}
    send(leader, "oversight.guide", Cycle.objects.get(), "2026-09-02", title="入户征集", words="请入户。")
    send(leader, "oversight.circulate", above, "2026-09-03", title="第三季度情况", words="多数按期。", **to)
    when = {"held_on": "2026-10-20", "place": "县委党校"}
    send(leader, "oversight.train", above, "2026-09-04", title="履职培训", words="请参加。", **when, **to)
    said = {line.title: line for line in lines(town, 3)}
    assert {title: line.about for title, line in said.items()} == {
        "入户征集": "指导意见，无须回复",
        "通报：第三季度情况": "通报，无须回复",
        "培训通知：履职培训": "培训通知，无须回复",
    }
    assert said["培训通知：履职培训"].on == date(2026, 10, 20)
    assert [line.title for line in lines(town, 3, date(2026, 10, 19))] == ["培训通知：履职培训"]
    (training,) = lines(town, 2, date(2026, 10, 19))
    assert (training.title, training.about, training.on) == (
        "培训通知：履职培训",
        "县委党校",
        date(2026, 10, 20),
    )
    assert lines(town, 3, date(2026, 10, 21)) == lines(town, 2, date(2026, 10, 12)) == []


def test_what_was_sampled_and_a_model_not_adopted_are_there_for_a_while(town):
    leader, above = leader_of(town.unit.parent), town.unit.parent
    what = {"of": "station", "number": "1", "words": "请备齐接待记录。"}
    send(leader, "oversight.sample", Cycle.objects.get(), "2026-09-05", **what)
    to = {"townships": [str(town.unit.pk)]}
    send(leader, "oversight.offer_model", above, "2026-09-06", title="全县示范", words="供参考。", **to)
    sample, model = lines(town, 3)
    assert (sample.title, sample.about) == ("随机抽查：代表联络站", "请备齐接待记录。")
    assert sample.url == "/county/words/#samples"
    assert (model.title, model.url, model.who) == ("示范规则：全县示范", "/rulebook/", "人大主席、副主席")
    assert not lines(town, 3, date(2026, 10, 12))
    ModelRulebook.objects.filter(unit=town.unit).update(version=2)  # adopted
    assert [line.title for line in lines(town, 3)] == [sample.title]


def test_a_training_is_in_the_calendar_and_the_feed_of_its_township_alone(client, town):
    other, above = township("T02", name="柳河镇"), town.unit.parent
    today = timezone.localdate()
    day = today.replace(day=28) if today.day < 28 else today
    what = {"held_on": day.isoformat(), "place": "县委党校", "townships": [str(town.unit.pk)]}
    data = {"title": "履职培训", "words": "请参加。", **what}
    perform("oversight.train", above, actor=leader_of(above), data=data, at=timezone.now())
    for place, shown in ((town, True), (other, False)):
        client.force_login(place.deputies[0])
        page = client.get("/calendar/").content.decode()
        assert ("培训通知：履职培训" in page) == ("县委党校" in page) == shown
        made = client.post("/calendar/link/", {"op": "make"}).content.decode()
        feed = made.partition('class="secret-link">')[2].partition("<")[0].replace("http://testserver", "")
        assert ("SUMMARY:培训通知：履职培训" in client.get(feed).content.decode()) == shown
        apply(SYSTEM)


def test_a_training_is_found_however_much_the_county_has_said_since(client, town):
    above, today = town.unit.parent, timezone.localdate()
    leader, to = leader_of(above), {"townships": [str(town.unit.pk)]}
    day = (today + timedelta(days=30)).isoformat()
    data = {"title": "履职培训", "words": "请参加。", "held_on": day, "place": "县委党校"}
    perform("oversight.train", above, actor=leader, data=data | to, at=timezone.now())
    for n in range(21):
        data = {"title": f"第{n}号通报", "words": "情况通报。"}
        perform("oversight.circulate", above, actor=leader, data=data | to, at=timezone.now())
    client.force_login(town.of("clerk"))
    week = client.get("/week/").content.decode()
    address = re.search(r'href="(/county/words/\?text=\d+)#guidance">培训通知：履职培训', week)
    assert "履职培训" not in client.get("/county/words/").content.decode()
    assert address and "履职培训" in client.get(address[1]).content.decode()


def test_a_residents_request_for_erasure_leads_to_the_task_that_answers_it(town):
    collecting(town)
    proposal = propose(town.act("deputy", at(ASKED)), title="修桥", content="危桥须改造。")
    Contact.objects.update_or_create(
        proposal=proposal, defaults={"unit": town.unit, "name": "王芳", "phone": "13800000000"}
    )
    request = request_erasure(Act(None, "resident", town.unit, at("2026-09-15")), proposal)
    _proposal, line = lines(town, 4)
    task = Deadline.objects.get(subject=request.reference)
    assert (line.title, line.about) == (str(request), "待答复") and "修桥" in line.title
    assert (line.url, line.who, line.since) == (f"/tasks/{task.pk}/", "党政办", date(2026, 9, 15))


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


def test_a_meeting_that_has_been_called_stands_among_the_weeks_to_its_members_and_who_keeps_its_record(town):
    made = MeetingCall.objects.create(
        unit=town.unit, seat=town.unit, body="presidium", held_on=WEDNESDAY, hour=time(9), place="三楼会议室",
        tasks=[1, 2], called_by=town.of("clerk"), at=at("2026-09-07"),
    )  # fmt: skip

    def seen(office: str, on: date = WEDNESDAY) -> list[tuple[str, str]]:
        reader = RoleGrant.objects.get(user=town.of(office), office=office)
        return [(line.title, line.url) for line in week_of(town.unit, on, reader)[2].lines]

    told = [("人大主席团会议（2 项议题）", f"/meetings/called/{made.pk}/")]
    assert seen("clerk") == seen("presidium") == told
    assert seen("gov_clerk") == seen("clerk", WEDNESDAY + timedelta(days=7)) == []


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
