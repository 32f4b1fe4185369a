"""The readiness sheet, the rehearsal and the practice ballot in a real browser: one green A4, narrow screens, axe."""

from __future__ import annotations

import io

import pytest
from django.conf import settings
from django.test import Client
from django.utils.timezone import localdate
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from projects.cycles.models import Cycle
from projects.deliberation.readiness import sheet_of
from projects.deliberation.selectors import candidates_of
from projects.demo.cast import Township
from projects.demo.play import deliberation as play
from tests.builders import at, township
from tests.journeys.pages import barriers, follow
from tests.projects.deliberation.test_deliberation import PLAN, SEATS, TITLES, T, candidate, year_at_step_3
from workflow.flows.events import perform
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.services import revoke

LONG_NAME = "（第 {n} 片区，含配套管护设施和附属工程）"


def year(candidates: int, *, ready: bool = False) -> tuple[Township, Cycle]:
    """A year in step 3; where it is not ready most lines say at length what is missing."""
    with within(SYSTEM):
        town = township()
        made = year_at_step_3(town)
        for n in range(7, candidates + 1):
            candidate(town, made, n, TITLES[n % 6] + LONG_NAME.format(n=n))
        if ready:
            play.play_preparation(town, made, t=T, seats=SEATS, unconfirmed=0, **PLAN)
            return town, made
        Cycle.objects.filter(pk=made.pk).update(rules_data=made.rules_data | {"ballot_channel": "device"})
        play.play_report(town, made, t=T, **PLAN)
        play.play_agenda(town, made, t=T, seats=SEATS)
        for held in RoleGrant.objects.filter(office="delegation_lead", tenant=town.unit):
            revoke(grant=held, act=town.act("clerk", at("2027-01-01")), reason="辞去团长")
        for item in candidates_of(made)[:4]:
            perform(
                "deliberation.withdraw",
                item,
                actor=town.of("mayor"),
                data={"reason": "上级已立项实施。"},
                at=at("2027-01-02"),
            )
    return town, made


def signed_in(context: BrowserContext, user: User, served: LiveServer) -> Page:
    with within(SYSTEM):
        client = Client()
        client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": served.url}])
    return context.new_page()


@pytest.mark.parametrize(("candidates", "ready"), [(6, True), (40, False)])
def test_the_sheet_prints_on_one_green_a4(
    served: LiveServer, browser: Browser, candidates: int, ready: bool
) -> None:
    town, made = year(candidates, ready=ready)
    with within(SYSTEM):
        made.refresh_from_db()
        wanted = len(sheet_of(made, localdate()).rows)
    with browser.new_context(base_url=served.url, locale="zh-CN") as context:
        page = signed_in(context, town.of("clerk"), served)
        page.goto(f"/years/{made.pk}/readiness/")
        assert page.locator("section.sheet tbody tr").count() == wanted
        printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
        page.emulate_media(media="print")
        ground = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    box = printed.pages[0].mediabox
    assert len(printed.pages) == 1
    assert (round(box.width * 25.4 / 72), round(box.height * 25.4 / 72)) == (210, 297)
    assert ground == "rgb(238, 247, 239)"


def test_the_pages_before_the_vote_fit_a_telephone_and_satisfy_axe(
    served: LiveServer, browser: Browser
) -> None:
    town, made = year(6, ready=True)
    addresses = ("readiness/", "rehearsal/?way=drawn&seed=3", "practice/")
    # Only axe needs the policy lifted: it injects its own script.
    with browser.new_context(base_url=served.url, locale="zh-CN", bypass_csp=True) as context:
        page = signed_in(context, town.of("clerk"), served)
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            for address in addresses:
                page.goto(f"/years/{made.pk}/{address}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
        for address in addresses:
            page.goto(f"/years/{made.pk}/{address}")
            assert [one["id"] for one in barriers(page, "serious", "critical")] == [], address


def test_a_deputy_practises_without_javascript(served: LiveServer, browser: Browser) -> None:
    town, made = year(6, ready=True)
    with browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN", base_url=served.url
    ) as context:
        page = signed_in(context, town.of("deputy", 9), served)
        page.goto(f"/years/{made.pk}/")
        follow(page.get_by_role("link", name="代表试投"))
        page.get_by_text("1. 示例：村组道路硬化").click()
        follow(page.get_by_role("button", name="特大"))
        follow(page.get_by_role("button", name="下一步：核对"))
        expect(page.get_by_text("您选了 1 项")).to_be_visible()
        expect(page.get_by_text("试投，仅供演练")).to_be_visible()
        follow(page.get_by_role("button", name="提交表决票"))
        expect(page.get_by_role("heading", name="试投完成，没有投出任何票")).to_be_visible()
