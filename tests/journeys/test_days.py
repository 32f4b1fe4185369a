"""A clerk's day, a session's day moved, a county leader's three clicks, a 提示函 answered: each in a browser, at a desk and on
a phone, without a finding of axe."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import localdate, now
from playwright.sync_api import Page

from projects.collection.intake import propose
from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.demo.cast import Casting, Township
from projects.demo.play import collection as play
from projects.lifecycle.intake import start_year
from projects.oversight.models import Note
from tests.builders import SINCE, arranged, at
from tests.journeys.pages import follow
from tests.journeys.test_inbox import fill_day, signed_in, sound
from workflow.audit.services import Act
from workflow.calendar.workdays import add_working_days, next_working_day
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.services import grant

TODAY = localdate()
C = next_working_day(TODAY - timedelta(days=12))
PLAN = {"year": TODAY.year + 1, "planned_t": C + timedelta(days=170), "planned_t2": C + timedelta(days=535)}
SUBMIT = "main button[name=op][value=submit]"
CONFIRM = "main button[value=confirm]"


@pytest.fixture
def county(served) -> tuple[User, list[Township]]:  # type: ignore[no-untyped-def]
    """Somebody of a county's standing committee, and its two townships."""
    with within(SYSTEM):
        unit = create_unit(code="J-C", name="示范县", kind=UnitKind.COUNTY)
        admin = Act(
            User.objects.create(username="admin@J", name="系统管理员"), "admin", unit, at("2020-01-01")
        )
        casting = Casting(admin, SINCE)
        towns = [
            casting.township(code, name, unit, deputies=16)
            for code, name in (("J1", "兰亭镇"), ("J2", "石坝镇"))
        ]
        leader = User.objects.create(username="county@J", name="县人大常委会")
        grant(user=leader, office="county", unit=unit, act=admin, since=SINCE)
    return leader, towns


def year_of(town: Township, *, begun_on: int, opens_in: int) -> Cycle:
    """A year begun some days ago that is to open on a day from today on, or was to on one before."""
    day = TODAY - timedelta(days=begun_on)
    return start_year(
        town.act("chair", at(day.isoformat())), opens_on=TODAY + timedelta(days=opens_in), **PLAN
    )


def done(page: Page) -> str:
    """Hand in what is on the page, checking it first where that is asked; the text of what came of it."""
    follow(page.locator(SUBMIT))
    if page.locator(CONFIRM).count():
        follow(page.locator(CONFIRM))
    return page.inner_text("main")


def test_a_clerks_day(county, served, browser) -> None:
    _leader, (town, _other) = county
    with within(SYSTEM):
        day = C - timedelta(days=40)
        cycle = start_year(town.act("chair", at(day.isoformat())), opens_on=C, **PLAN)
        play._open(town, cycle)
        play._publish(town, cycle, add_working_days(C, 1))
        for title in ("石坝村危桥改造", "桥头村路灯安装"):
            propose(
                town.act("clerk", now()),
                title=title,
                content=f"{title}，群众反映强烈。",
                category="交通出行",
                cycle=cycle,
            )
    page = signed_in(browser, served.url, town.of("gov_clerk"))
    page.goto(f"{served.url}/inbox/")
    faults = [*sound(page)]
    assert page.locator("a.row-title").count() >= 2
    follow(page.locator("a.row-title", has_text="受理").first)
    page.check("input[name=decision][value=accept]")
    done(page)
    page.goto(f"{served.url}/inbox/")
    follow(page.locator("a.row-title", has_text="受理").first)
    page.check("input[name=decision][value=return]")
    page.fill("textarea[name=reason]", "请写明路灯安装的具体位置和数量。")
    follow(page.locator("main button[name=op][value=save]"))
    page.goto(f"{served.url}/inbox/")
    follow(page.locator("a.row-title", has_text="受理").first)
    assert page.input_value("textarea[name=reason]").startswith("请写明路灯")
    faults += sound(page)
    done(page)
    page.goto(f"{served.url}/inbox/done/")
    assert page.locator("a.row-title").count() >= 2
    page.goto(f"{served.url}/week/")
    faults += sound(page)
    page.goto(f"{served.url}/midyear/")
    faults += sound(page)
    assert faults == []
    with within(SYSTEM):
        assert sorted(Proposal.objects.values_list("state", flat=True)) == ["accepted", "returned"]


def test_a_sessions_day_is_moved_after_a_look_at_what_moves_with_it(county, served, browser) -> None:
    _leader, (town, _other) = county
    with within(SYSTEM):
        cycle = year_of(town, begun_on=2, opens_in=30)
        before = cycle.planned_t
    page = signed_in(browser, served.url, town.of("chair"))
    page.goto(f"{served.url}/midyear/")
    follow(page.locator("main a", has_text="调整拟定会期"))
    page.check("input[name=use][value=vote]")
    fill_day(page, "new_day", before + timedelta(days=7))
    page.fill("textarea[name=reason]", "与县人代会错开。")
    follow(page.locator(SUBMIT))
    faults = [*sound(page)]
    told = page.inner_text("main")
    assert "项期限随之改动" in told and "原定期限" in told
    with within(SYSTEM):
        assert Cycle.objects.get().planned_t == before
    follow(page.locator(CONFIRM))
    with within(SYSTEM):
        assert Cycle.objects.get().planned_t == before + timedelta(days=7)
    assert faults == []


def test_a_county_leader_finds_the_township_that_is_stuck_and_why_in_three_clicks(
    county, served, browser
) -> None:
    leader, (town, other) = county
    with within(SYSTEM):
        year_of(town, begun_on=2, opens_in=60)
        year_of(other, begun_on=60, opens_in=-3)
        arranged()
    page = signed_in(browser, served.url, leader)
    page.goto(f"{served.url}/county/")
    follow(page.locator("main a.stat", has_text="有超期事项的乡镇"))
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(".scroll-hint").is_visible()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.county-matrix tbody th')).position")
        == "sticky"
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    rows = page.locator("table.county-matrix tbody tr")
    assert rows.count() == 1 and "石坝镇" in rows.inner_text()
    faults = [*sound(page)]
    follow(page.locator("td.matrix-overdue a"))
    assert "石坝镇" in page.inner_text("main")
    follow(page.locator("main a.row-title"))
    told = page.inner_text("main")
    assert "实施方案" in told and "人大主席" in told and "超" in told
    faults += sound(page)
    page.goto(f"{served.url}/county/map/")
    faults += sound(page)
    page.set_viewport_size({"width": 390, "height": 844})
    tiles = page.evaluate(
        "[...document.querySelectorAll('.county-map g path')].map(one => one.getBoundingClientRect().height)"
    )
    assert len(tiles) == 2 and min(tiles) >= 44
    assert faults == []


def test_a_note_of_the_county_is_answered(county, served, browser) -> None:
    leader, (town, _other) = county
    with within(SYSTEM):
        cycle = year_of(town, begun_on=2, opens_in=30)
    page = signed_in(browser, served.url, leader)
    page.goto(f"{served.url}/years/{cycle.pk}/")
    follow(page.locator("main a", has_text="发出工作提示函"))
    page.fill("input[name=title]", "实施方案尚未拟订")
    page.fill("textarea[name=words]", "请抓紧拟订年度实施方案，并说明进度。")
    fill_day(page, "reply_by", TODAY + timedelta(days=5))
    done(page)
    page = signed_in(browser, served.url, town.of("chair"))
    page.goto(f"{served.url}/inbox/")
    follow(page.locator("a.row-title", has_text="提示函"))
    faults = [*sound(page)]
    assert "请抓紧拟订年度实施方案" in page.inner_text("main")
    page.fill("textarea[name=reply]", "方案已经拟订，本周提交党委研究。")
    done(page)
    page = signed_in(browser, served.url, leader)
    page.goto(f"{served.url}/county/words/")
    faults += sound(page)
    assert "方案已经拟订" in page.inner_text("#notes")
    assert faults == []
    with within(SYSTEM):
        assert Note.objects.get().state == "replied"
