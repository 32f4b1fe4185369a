"""Who was shown personal data and who took a file away is in the trail of the township it is of, and can be looked up there."""

from __future__ import annotations

import html
import json
import re
from datetime import date, time
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from projects.cycles.models import Cycle, Paper
from projects.deliberation.models import Visit
from projects.evaluation.conforming import entries_of
from projects.portal.trails import KINDS
from tests.builders import SINCE, at, township
from tests.projects.portal.public_world import cycle_of, travel
from tests.purpose import WHY, say_purpose
from workflow.administration.taking import EXPORTED, file_taken
from workflow.audit.models import Entry
from workflow.audit.selectors import history_of
from workflow.audit.services import Act
from workflow.flows.models import MeetingCall
from workflow.inbox.reading import PERSONAL
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db
PLACE, WORDS = "李家湾三组张三家", "张三反映水压不足。"


@pytest.fixture
def town(db):
    apply(SYSTEM)
    return township()


@pytest.fixture
def cycle(town) -> Cycle:
    return cycle_of(town)


@pytest.fixture
def visit(town, cycle) -> Visit:
    return Visit.objects.create(
        unit=town.unit, cycle=cycle, by=town.deputies[0], on=date(2026, 12, 1), place=PLACE, words=WORDS, voters=3
    )  # fmt: skip


def above(town, office: str, **more: Any) -> User:
    """Somebody who holds an office at the township's county."""
    county, admin = town.unit.parent, User.objects.get(username__startswith="admin@")
    user = User.objects.create(username=office, name="孙伟")
    grant(
        user=user, office=office, unit=county, act=Act(admin, "admin", county, at("2020-01-01")), since=SINCE, **more
    )  # fmt: skip
    return user


def auditor_of(town) -> User:
    return above(town, "auditor", until=date(2030, 1, 1), document="审通〔2026〕3号", scope=list("123456"))


def entries(action: str) -> list[dict[str, Any]]:
    apply(SYSTEM)
    return [
        json.loads(one)
        for one in Entry.objects.filter(action=action).order_by("pk").values_list("body", flat=True)
    ]


def tab(client, user: User, town, kind: str) -> int:
    """How many lines a tab of the township's trail has."""
    client.force_login(user)
    return int(
        client.get(f"/trail/?unit={town.unit.code}&kind={kind}").content.decode().count("timeline-item")
    )


# Personal data


def test_whoever_of_the_county_is_shown_where_deputies_called_is_on_record_once_a_day_in_the_townships_trail(
    client, town, cycle, visit
):
    county = above(town, "county")
    client.force_login(county)
    for _time in range(2):
        assert PLACE in client.get("/county/list/visits/").content.decode()
    (told,) = entries(PERSONAL)
    assert (told["actor"], told["unit"], told["subject"]) == ("county", town.unit.code, cycle.reference)
    assert PLACE not in json.dumps(told, ensure_ascii=False)
    assert (told["after"], told["label"]) == ({"data": "visits", "of": [visit.reference]}, cycle.label)
    assert tab(client, town.of("clerk"), town, "personal") == tab(client, town.of("clerk"), town, "read") == 1
    page = client.get(f"/trail/?unit={town.unit.code}&kind=personal").content.decode()
    assert "走访登记的地点、情况" in page and cycle.label in page
    assert f"{visit.by.name} 2026年12月1日走访登记" in page and PLACE not in page, (
        "whose it was, not what it said"
    )


def test_what_has_been_erased_shows_nobody_anything_and_leaves_no_entry(client, town, cycle, visit):
    Visit.objects.filter(pk=visit.pk).update(place="", words="", erased="1")
    client.force_login(above(town, "county"))
    assert client.get("/county/list/visits/").status_code == 200
    assert entries(PERSONAL) == []


def test_a_list_without_personal_data_leaves_no_such_entry(client, town, cycle, visit):
    client.force_login(above(town, "county"))
    assert client.get("/county/list/years/").status_code == 200
    assert entries(PERSONAL) == []


def test_a_file_of_the_visits_is_both_a_file_taken_and_personal_data_shown(client, town, cycle, visit):
    client.force_login(above(town, "county"))
    say_purpose(client)
    assert client.get("/county/list/visits/file/xlsx/").status_code == 200
    assert [one["subject"] for one in entries(PERSONAL)] == [cycle.reference]
    (told,) = entries(EXPORTED)
    assert (told["unit"], told["after"]["file"], told["after"]["form"]) == (
        town.unit.parent.code, "list.visits", "xlsx",
    )  # fmt: skip
    assert told["after"]["rows"] == 1 and told["after"]["narrowed"]


def test_what_an_auditor_opens_stands_where_the_township_looks_it_up(client, town, cycle):
    auditor, clerk = auditor_of(town), town.of("clerk")
    assert tab(client, clerk, town, "read") == 0
    client.force_login(auditor)
    assert client.get(f"/years/{cycle.pk}/").status_code == 200
    assert client.get("/county/").status_code in (200, 403)
    year, county = entries("record.read")
    assert (year["unit"], year["subject"]) == (town.unit.code, town.unit.reference)
    assert (county["unit"], county["after"]["page"]) == (town.unit.parent.code, "county")
    assert tab(client, clerk, town, "read") == 1


def test_who_opened_a_record_is_found_by_it_and_was_never_an_act_on_it(client, town, cycle):
    """It is on the unit, with the record in its words: no story, no history and no check of the year takes it for work."""
    auditor, clerk, paper = auditor_of(town), town.of("clerk"), paper_of(town, cycle)
    client.force_login(auditor)
    opened = (
        f"/years/{cycle.pk}/?unit={town.unit.parent.code}",
        f"/papers-on-file/{paper.pk}/",
        f"/history/cycle/{cycle.pk}/",
    )
    for address in (*opened, "/county/"):
        assert client.get(address).status_code in (200, 403)
    told = entries("record.read")
    assert [one["after"].get("record") for one in told] == [cycle.reference] * 3 + [None]
    assert {(one["subject"], one["about"], one["step"]) for one in told[:3]} == {
        (town.unit.reference, "", None)
    }
    assert not history_of(cycle.reference).filter(action="record.read").exists()
    assert not entries_of(cycle).filter(action="record.read").exists()
    assert tab(client, clerk, town, f"read&subject={cycle.reference}") == 3
    assert tab(client, clerk, town, "read&subject=cycle:999999") == 0
    done = tab(client, clerk, town, f"&subject={cycle.reference}")
    assert done == history_of(cycle.reference).count() > 0
    page = client.get(f"/history/cycle/{cycle.pk}/").content.decode()
    assert f"kind=read&amp;subject=cycle%3A{cycle.pk}" in page and "查阅对象" not in page
    page = client.get(f"/trail/?unit={town.unit.code}&kind=read").content.decode()
    assert "查阅对象" in page and cycle.label in page


def test_another_tab_of_the_trail_asks_for_the_same_record_from_its_first_page(client, town, cycle):
    client.force_login(town.of("clerk"))
    asked = {"subject": cycle.reference, "since_year": "2026", "since_month": "1", "since_day": "1"}
    page = client.get("/trail/", asked | {"kind": "read", "words": "", "page": "2"}).content.decode()
    tabs = [html.unescape(url) for url in re.findall(r'<li><a href="(\?[^"]*)"', page)]
    assert [dict(parse_qsl(url[1:], keep_blank_values=True)) for url in tabs] == [
        {"unit": town.unit.code, "kind": kind} | asked for kind in KINDS
    ]
    plain = client.get("/trail/").content.decode()
    assert f'href="?unit={town.unit.code}&amp;kind=read"' in plain


def test_a_page_that_waits_for_an_export_is_opened_once_however_often_it_asks(client, town, cycle):
    client.force_login(auditor_of(town))
    assert client.get("/trail/exports/").status_code == 200
    assert [one["after"]["page"] for one in entries("record.read")] == ["trail_exports"]
    for _second in range(5):
        assert client.get("/trail/exports/list/?page=1").status_code == 200
    assert len(entries("record.read")) == 1


# Files


def paper_of(town, cycle, **more: Any) -> Paper:
    return Paper.objects.create(
        unit=town.unit, cycle=cycle, kind="minutes", title="主席团会议纪要", body="会议同意。", step=3, made_on=date(2026, 12, 1),
        subject=cycle.reference,
        **more,
    )  # fmt: skip


def test_an_internal_paper_taken_as_a_file_is_on_record_each_time_and_a_published_one_never(
    client, town, cycle
):
    inside = paper_of(town, cycle)
    public = paper_of(town, cycle, published_at=at("2026-12-02"))
    clerk = town.of("clerk")
    client.force_login(clerk)
    for paper in (inside, inside, public):
        assert client.get(f"/papers-on-file/{paper.pk}/docx/").status_code == 200
    first, second = entries(EXPORTED)
    assert first["subject"] == second["subject"] == inside.reference
    assert (first["actor"], first["about"], first["label"], first["step"]) == (
        clerk.username, cycle.reference, inside.title, 3,
    )  # fmt: skip
    assert first["after"] == {"file": "paper", "form": "docx"}
    assert tab(client, clerk, town, "exported") == 2


def test_a_list_of_the_inbox_taken_as_a_workbook_is_on_record(client, town, cycle):
    clerk = town.of("clerk")
    client.force_login(clerk)
    assert client.get("/inbox/todo/export/").status_code == 200
    (told,) = entries(EXPORTED)
    assert (told["actor"], told["unit"], told["after"]["file"]) == (
        clerk.username,
        town.unit.code,
        "inbox.todo",
    )
    assert told["after"]["rows"] >= 0 and told["after"]["form"] == "xlsx"


def test_the_booklet_and_the_countys_view_are_on_record_where_they_belong(client, town, cycle):
    county = above(town, "county")
    client.force_login(county)
    say_purpose(client)
    assert client.get(f"/years/{cycle.pk}/booklet/docx/").status_code == 200
    assert client.get("/county/file/xlsx/").status_code == 200
    booklet, view = entries(EXPORTED)
    assert (booklet["unit"], booklet["subject"]) == (town.unit.code, cycle.reference)
    assert (view["unit"], view["subject"]) == (town.unit.parent.code, town.unit.parent.reference)
    assert booklet["reason"] == view["reason"] == WHY


def files_for(town, cycle) -> list[str]:
    """The address of a file of every page that hands one out to who looks on."""
    paper, by = paper_of(town, cycle), town.of("clerk")
    called = MeetingCall.objects.create(
        unit=town.unit, seat=town.unit, body="presidium", held_on=date(2026, 12, 8), hour=time(9), place="会议室",
        tasks=[], called_by=by, at=at("2026-12-01"),
    )  # fmt: skip
    return [
        f"/meetings/called/{called.pk}/docx/",
        f"/papers-on-file/{paper.pk}/docx/", f"/years/{cycle.pk}/booklet/docx/", "/county/file/xlsx/?year=2027",
        "/county/list/projects/file/xlsx/", "/county/map/file/xlsx/", "/county/words/file/xlsx/", "/inbox/todo/export/",
    ]  # fmt: skip


def test_who_looks_on_takes_no_file_before_saying_what_for(client, town, cycle):
    client.force_login(above(town, "county"))
    for path in files_for(town, cycle):
        answer = client.get(path)
        assert (answer.status_code, answer.url) == (302, f"/purpose/?{urlencode({'next': path})}"), path
    assert entries(EXPORTED) == []
    asked = client.get(path).url
    assert client.post(asked, {"purpose": " "}).status_code == 422
    assert client.post(asked, {"purpose": "县人大主任会议"}).url == asked
    for path in files_for(town, cycle):
        assert client.get(path).status_code == 200, path
    told = entries(EXPORTED)
    assert len(told) == 8 and {one["reason"] for one in told} == {"县人大主任会议"}


def test_what_for_holds_for_the_day_and_the_session_and_leads_nowhere_else(client, town, cycle, monkeypatch):
    user = above(town, "county")
    travel(monkeypatch, "2027-06-01")
    client.force_login(user)
    say_purpose(client)
    assert client.get("/county/file/xlsx/").status_code == 200
    travel(monkeypatch, "2027-06-02")
    client.force_login(user)
    assert client.get("/county/file/xlsx/").status_code == 302, "another day, another purpose"
    away = client.post("/purpose/?next=https://evil.example/", {"purpose": "核对"})
    assert away.status_code == 302 and "evil" not in away.url
    say_purpose(client, "县政府督查")
    assert client.get("/county/file/xlsx/").status_code == 200
    assert [one["reason"] for one in entries(EXPORTED)] == [WHY, "县政府督查"]


def test_once_it_is_said_the_page_fetches_the_file_once_and_leads_back(client, town, cycle):
    client.force_login(above(town, "county"))
    path = "/county/file/xlsx/"
    asked = client.get(path, HTTP_REFERER="http://testserver/county/?year=2027").url
    assert asked == f"/purpose/?{urlencode({'next': path, 'back': '/county/?year=2027'})}"
    assert "确定并下载" in client.get(asked).content.decode()
    wrong = client.post(asked, {"purpose": ""}).content.decode()
    assert "field-error" in wrong and 'href="/county/?year=2027"' in wrong and "refresh" not in wrong
    page = client.post(asked, {"purpose": "主任会议"}, follow=True).content.decode()
    assert f'<meta http-equiv="refresh" content="0; url={path}">' in page
    assert "用途已记下，下载随即开始" in page and "field-error" not in page and "“主任会议”" in page
    assert 'href="/county/?year=2027"' in page
    assert "refresh" not in client.get(asked).content.decode(), "opened again it hands out nothing"


def test_no_other_site_is_led_back_to(client, town, cycle):
    client.force_login(above(town, "county"))
    for page in ("https://evil.example/county/", "http://testserver//evil.example/county/"):
        asked = client.get("/county/file/xlsx/", HTTP_REFERER=page).url
        assert asked == f"/purpose/?{urlencode({'next': '/county/file/xlsx/'})}"
    away = "/purpose/?back=https://evil.example/"
    assert 'href="https://evil' not in client.get(away).content.decode()
    assert client.post(away, {"purpose": "核对"}).url == "/home/"
    assert client.post("/purpose/?next=https://evil.example/", {"purpose": "核对"}).url == "/home/"


def test_a_link_leads_to_say_another_purpose_and_from_there_back(client, town, cycle):
    client.force_login(above(town, "county"))
    say_purpose(client)
    client.get("/home/", follow=True)  # shows the message of that
    link = "/purpose/?back=%2Fcounty%2F%3Fyear%3D2027"
    assert f'href="{link}"' in client.get("/county/?year=2027").content.decode()
    form = client.get(link).content.decode()
    assert f'value="{WHY}"' in form and "确定并下载" not in form
    kept = client.post(link, {"purpose": "县政府督查"}, follow=True)
    assert kept.redirect_chain == [("/county/?year=2027", 302)]
    assert "用途已记下" in kept.content.decode()
    assert client.get("/county/file/xlsx/").status_code == 200
    assert [one["reason"] for one in entries(EXPORTED)] == ["县政府督查"]
    client.force_login(town.of("clerk"))
    assert "/purpose/" not in client.get("/inbox/").content.decode(), "a desk is not asked"


def test_a_desks_own_files_are_its_daily_work_and_nobody_else_is_asked(client, town, cycle):
    paper, clerk = paper_of(town, cycle), town.of("clerk")
    client.force_login(clerk)
    assert client.get(f"/papers-on-file/{paper.pk}/docx/").status_code == 200
    assert [one["reason"] for one in entries(EXPORTED)] == [""]
    assert client.get("/purpose/").status_code == 403


def test_whoever_votes_in_secret_leaves_no_line_by_what_they_take(town, cycle):
    act = town.act("clerk", at("2026-12-01"))
    voter = Act(town.deputies[0], "deputy", town.unit, at("2026-12-01"))
    assert file_taken(voter, cycle.reference, what="paper", form="pdf") is None
    assert file_taken(act, cycle.reference, what="paper", form="pdf") is not None
    assert len(entries(EXPORTED)) == 1
