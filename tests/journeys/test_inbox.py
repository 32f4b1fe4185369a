"""A stand-in's week, and the presidium's meeting on three matters, at a desk and on a phone, each page without a finding of axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils.timezone import localdate, now
from playwright.sync_api import Browser, Page

from projects.demo.cast import PASSWORD
from projects.lifecycle.intake import start_year
from tests.builders import township
from tests.journeys.pages import barriers, follow
from tests.plays import ask_to_withdraw
from tests.projects.deliberation.test_deliberation import year_at_step_3
from workflow.flows.models import MeetingCall, Sitting
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User

WIDTHS = (1280, 390)


def plan(year: int) -> dict[str, date]:
    return {
        "opens_on": date(year - 1, 9, 1),
        "planned_t": date(year, 1, 20),
        "planned_t2": date(year + 1, 1, 18),
    }


def scheme(year: int) -> dict[str, str]:
    days = {name: day.isoformat() for name, day in plan(year).items()}
    return days | {"leading_group": "组长、副组长和成员", "body": "按照三个阶段六个环节组织实施。"}


@pytest.fixture
def town(served):  # type: ignore[no-untyped-def]
    with within(SYSTEM):
        made = township("P01", name="四屏镇")
        for year in years_ahead():
            start_year(made.act("chair", now()), year=year, **plan(year))
    return made


def years_ahead() -> list[int]:
    """Three years whose schemes wait."""
    return [localdate().year + ahead for ahead in (1, 2, 3)]


def signed_in(browser: Browser, address: str, user: User) -> Page:
    with within(SYSTEM):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
    context = browser.new_context(locale="zh-CN", bypass_csp=True)
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": address}]
    )
    return context.new_page()


def sound(page: Page) -> Iterator[str]:
    """What is wrong with a page as it stands, at both widths: findings of axe, and whether it scrolls sideways."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for finding in barriers(page):
            yield f"{page.url} {width}: {finding['id']} {finding['nodes'][0]['html'][:120]}"
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            yield f"{page.url} {width}: scrolls sideways"
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})


def fill_day(page: Page, name: str, day: date) -> None:
    for part, value in (("year", day.year), ("month", day.month), ("day", day.day)):
        page.fill(f"input[name={name}_{part}]", str(value))


def test_a_stand_ins_week(town, served, browser) -> None:
    chair, clerk, today = town.of("chair"), town.of("clerk"), localdate()
    page = signed_in(browser, served.url, chair)
    page.goto(f"{served.url}/stand-ins/")
    faults = [*sound(page)]
    page.select_option("select[name=person]", str(clerk.pk))
    fill_day(page, "since", today)
    fill_day(page, "until", today + timedelta(days=6))
    page.fill("input[name=reason]", "年休假")
    follow(page.locator("main button:has-text('指定代办人')"))
    faults += sound(page)
    assert "代办中" in page.inner_text("main")

    page = signed_in(browser, served.url, clerk)
    page.goto(f"{served.url}/inbox/")
    page.click("header details.menu summary")
    follow(page.locator(f"header button:has-text('（代{chair.name}）')"))
    page.goto(f"{served.url}/inbox/")
    faults += sound(page)
    follow(page.locator("a.row-title >> nth=0"))
    for name, value in scheme(today.year + 1).items():
        parts = value.split("-")
        if name in ("leading_group", "body"):
            page.fill(f"[name={name}]", value)
        else:
            fill_day(page, name, date(*map(int, parts)))
    follow(page.locator("button[name=op][value=submit]"))
    if page.locator("button[value=confirm]").count():
        follow(page.locator("button[value=confirm]"))
    page.goto(f"{served.url}/inbox/done/")
    follow(page.locator("a.row-title >> nth=0"))
    assert f"（代{chair.name}）" in page.inner_text("main")
    for path in ("/calendar/", "/week/", "/inbox/?due=late", "/meetings/"):
        page.goto(f"{served.url}{path}")
        faults += sound(page)
    assert faults == []


def test_what_one_types_is_kept_by_itself_and_a_failure_is_said(town, served, browser) -> None:
    page = signed_in(browser, served.url, town.of("chair"))
    page.goto(f"{served.url}/inbox/")
    follow(page.locator("a.row-title >> nth=0"))
    page.type("textarea[name=body]", "先写下这一段。")
    page.wait_for_selector("[data-draft-line]:has-text('草稿已保存')", timeout=15_000)
    assert list(sound(page)) == []
    page.reload()
    assert page.input_value("textarea[name=body]") == "先写下这一段。"
    page.context.set_offline(True)
    page.type("textarea[name=body]", "又一句。")
    page.wait_for_selector("[data-draft-line]:has-text('草稿没有保存')", timeout=15_000)


def test_going_back_asks_for_no_form_to_be_sent_again_and_finds_what_was_typed(served, browser) -> None:
    with within(SYSTEM):
        town = township("P03", name="回龙镇")
        ask_to_withdraw(town, year_at_step_3(town), 1)
    page = signed_in(browser, served.url, town.of("clerk"))
    page.goto(f"{served.url}/inbox/")
    follow(page.locator("a.row-title:has-text('撤回') >> nth=0"))
    form, members, today = page.url, len(town.people["presidium"]), localdate()
    fill_day(page, "held_on", today)
    for box in page.locator("input[name=attended]").all():
        box.check()
    page.fill("input[name=votes_for]", str(members))
    page.fill("textarea[name=minutes]", "会议同意撤回。")
    follow(page.locator("button[name=op][value=submit]"))
    assert "请核对后确认" in page.inner_text("main")
    page.goto(f"{served.url}/week/")
    page.go_back()  # fails where the browser would have to send the form again
    assert page.url == form and page.input_value("textarea[name=minutes]") == "会议同意撤回。"
    follow(page.locator("button[name=op][value=submit]"))
    follow(page.locator("button[value=confirm]"))
    assert "已办结" in page.inner_text("main h1")
    page.go_back()
    assert page.url == form and "办结。" in page.inner_text("main")


def test_whoever_signs_in_again_goes_on_with_what_was_typed(town, served, browser) -> None:
    page = signed_in(browser, served.url, town.of("chair"))
    page.goto(f"{served.url}/inbox/")
    follow(page.locator("a.row-title >> nth=0"))
    form = page.url
    page.type("textarea[name=body]", "先写下这一段。")
    page.wait_for_selector("[data-draft-line]:has-text('草稿已保存')", timeout=15_000)
    page.context.clear_cookies(name="sessionid")
    page.type("textarea[name=body]", "又一句。")
    page.wait_for_selector("[data-signed-out]:visible", timeout=15_000)
    assert list(sound(page)) == []
    page.click("button[name=op][value=save]")
    page.wait_for_function("document.activeElement.closest('[data-signed-out]')")
    assert (page.url, page.input_value("textarea[name=body]")) == (form, "先写下这一段。又一句。")
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    beside = opened.value
    beside.fill("input[name=username]", town.of("chair").username)
    beside.fill("input[name=password]", PASSWORD)
    follow(beside.locator("main button"))
    assert "回到刚才填写的页面" in beside.inner_text("main")
    beside.close()
    follow(page.locator("button[name=op][value=save]"))
    assert page.input_value("textarea[name=body]") == "先写下这一段。又一句。"
    page.reload()
    assert page.input_value("textarea[name=body]") == "先写下这一段。又一句。"


def test_the_clerk_calls_the_presidium_on_three_matters_and_records_from_the_notice(served, browser) -> None:
    with within(SYSTEM):
        town = township("P02", name="双桥镇")
        ask_to_withdraw(town, year_at_step_3(town), 3)
    page = signed_in(browser, served.url, town.of("clerk"))
    page.goto(f"{served.url}/inbox/")
    follow(page.locator("main a:has-text('合并议事')"))
    faults = [*sound(page)]
    follow(page.locator("text=召集会议，发会议通知"))
    faults += sound(page)
    fill_day(page, "held_on", localdate() + timedelta(days=3))
    page.fill("input[name=hour]", "9:00")
    page.fill("input[name=place]", "三楼会议室")
    follow(page.locator("text=核对并提交"))
    faults += sound(page)
    follow(page.locator("text=确认，发会议通知"))
    faults += sound(page)
    assert "记录会议" not in page.inner_text("main"), "it has not been held yet"
    notice = page.url
    follow(page.locator("main a:has-text('取消会议')"))
    faults += sound(page)
    with within(SYSTEM):
        MeetingCall.objects.update(held_on=localdate())  # the day has come
    page.goto(notice)
    follow(page.locator("main a:has-text('记录会议')"))
    faults += sound(page)
    assert page.input_value("input[name=place]") == "三楼会议室"
    members = len(town.people["presidium"])
    assert page.locator("input[name=attended]:checked").count() == members
    page.select_option("select[name=presided_by]", index=1)
    for name, value in (("votes_for", str(members)), ("minutes", "会议同意撤回。")):
        for one in page.locator(f"[name$={name}]").all():
            one.fill(value)
    follow(page.locator("text=核对并提交"))
    faults += sound(page)
    page.goto(notice)
    page.go_back()  # fails where the browser would have to send the form again
    assert page.locator("[name$=minutes]").first.input_value() == "会议同意撤回。"
    follow(page.locator("text=核对并提交"))
    follow(page.locator("text=确认提交"))
    assert "3 项议题均已办结" in page.inner_text("main")
    faults += sound(page)
    record = page.url
    with page.expect_download() as saved:
        page.click("text=下载纪要（Word）")
    assert saved.value.suggested_filename == "双桥镇人大主席团会议纪要.docx"
    page.goto(f"{served.url}/meetings/")
    faults += sound(page)
    follow(page.locator("#held a.row-title"))
    assert page.url == record
    follow(page.locator("main a.row-title >> nth=0"))
    faults += sound(page)
    assert "会议的议题之一" in page.inner_text("main")
    assert faults == []
    with within(SYSTEM):
        assert Sitting.objects.get().matters.count() == 3
