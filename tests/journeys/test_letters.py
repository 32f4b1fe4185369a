"""The letters' own pages in a browser: no barrier, nothing wider than the screen; a letter set up, stuck and sent again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, Page

from notifications import digests, sending
from notifications.models import Delivery, Status
from notifications.tasks import sweep_units
from projects.demo.cast import PASSWORD
from projects.lifecycle.intake import start_year
from tests.builders import at, open_task, township
from tests.journeys.pages import barriers, follow
from tests.notifications.conftest import administrator, give_mailboxes
from workflow.flows.services import urge
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User

NEW = "一个足够长的新密码2026"
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7ab1-4bc4-97a0-0ec2sifa5aaa"
OWN = ["/messages/", "/messages/settings/", "/messages/settings/choice/", "/messages/settings/dingtalk/"]
OFFICE = [
    "/post/groups/",
    "/post/outside/",
    "/post/outside/?status=all",
    "/post/received/",
    "/post/wording/",
    "/post/wording/urged/zh-hans/",
    "/post/wording/opened/en/",
]


@pytest.fixture
def posted(served) -> Iterator[str]:  # type: ignore[no-untyped-def]
    """The address of a site with letters that were sent, are stuck, and are summed up."""
    with within(SYSTEM):
        town = township("P01", name="四屏镇")
        give_mailboxes()
        admin = administrator(town)
        admin.set_password(PASSWORD)
        admin.save()
        start_year(
            town.act("chair", at("2026-08-10")),
            year=2027,
            opens_on=date(2026, 9, 1),
            planned_t=date(2027, 1, 20),
            planned_t2=date(2028, 1, 18),
        )
    with within(SYSTEM):
        urge(
            open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请尽快报送。"
        )
    sweep_units()
    with within(SYSTEM):
        chair = town.of("chair")
        Delivery.objects.filter(recipient=chair, channel="email").update(status=Status.UNKNOWN)
        Delivery.objects.filter(recipient=chair, channel="in_app").update(
            status=Status.HELD, not_before=timezone.now()
        )
    digests.bind_due(timezone.now())
    yield served.url


def page_of(browser: Browser, site: str, name: str, width: int = 1280) -> Page:
    """A browser signed in as somebody."""
    context = browser.new_context(
        base_url=site, bypass_csp=True, locale="zh-CN", viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    page.goto("/login/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    follow(page.locator("main button[type=submit]"))
    return page


def looked_at(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None and answer.status == 200, path
    without_fault(page, path)


def without_fault(page: Page, path: str) -> None:
    assert [one["id"] for one in barriers(page, "serious", "critical")] == [], path
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, (path, "is wider than the screen by", wide)


def the_pages_have_no_barrier(browser: Browser, site: str) -> None:
    with within(SYSTEM):
        chair = User.objects.get(grants__office="chair").username
        digest = Delivery.objects.get(digest=True, channel="in_app").pk
    for width in (1280, 390):
        page = page_of(browser, site, chair, width)
        for path in [*OWN, f"/messages/{digest}/digest/"]:
            looked_at(page, path)
        page.context.close()
        page = page_of(browser, site, "admin@P01", width)
        for path in OFFICE:
            looked_at(page, path)
        page.context.close()


def a_robot_is_set_up_and_never_shown_again(browser: Browser, site: str) -> None:
    with within(SYSTEM):
        clerk = User.objects.get(grants__office="clerk").username
    page = page_of(browser, site, clerk)
    page.goto("/messages/")
    follow(page.locator("text=群机器人"))
    follow(page.locator("a[aria-label$='企业微信']"))
    page.fill("[name=given]", ROBOT)
    page.click("text=只发紧急的")
    follow(page.locator("button[value=save]"))
    assert "…5aaa" in page.inner_text("main") and "只发紧急的" in page.inner_text("main")
    follow(page.locator("a[aria-label$='企业微信']"))
    assert page.input_value("[name=given]") == "" and "693a91f6" not in page.content()
    page.context.close()


def a_doubtful_letter_is_sent_again_on_somebodys_word(browser: Browser, site: str) -> None:
    page = page_of(browser, site, "admin@P01")
    page.goto("/post/outside/")
    page.locator("main label[for^=letter_]").first.click()
    follow(page.locator("text=重新发送所选消息"))
    assert "请先核实对方没有收到" in page.inner_text("main")
    page.locator("main label[for^=letter_]").first.click()
    page.click("label[for=verified]")
    follow(page.locator("text=重新发送所选消息"))
    assert "1 条消息已重新排队" in page.inner_text("main")
    page.context.close()


def somebody_new_comes_in_by_the_link_of_a_letter(browser: Browser, site: str) -> None:
    """On a telephone, from the grant by the administrator to the first sign-in."""
    admin = page_of(browser, site, "admin@P01", 390)
    admin.goto("/people/units/P01/grant/")
    for name, value in (("username", "liu.fang"), ("name", "刘芳"), ("email", "liu.fang@example.org")):
        admin.fill(f"[name={name}]", value)
    admin.select_option("[name=office]", "finance")
    follow(admin.locator("main form:has([name=office]) .actions button"))
    assert "写信给 1 人" in admin.inner_text("main")
    without_fault(admin, "written to")
    admin.context.close()
    sweep_units()
    sending.send_some(50)
    (letter,) = (one for one in mail.outbox if "liu.fang@example.org" in one.to[0])
    path = re.findall(r"/invitation/\S+", str(letter.body))[0]
    context = browser.new_context(
        base_url=site, bypass_csp=True, locale="zh-CN", viewport={"width": 390, "height": 900}
    )
    page = context.new_page()
    page.goto(path)
    for password in ("short", NEW):
        page.fill("[name=new_password1]", password)
        page.fill("[name=new_password2]", password)
        follow(page.locator("main form:has([name=new_password1]) button"))
        without_fault(page, f"after {password}")
    assert "密码已设置" in page.inner_text("main")
    page.goto(path)
    assert "已经用过" in page.inner_text("main")
    without_fault(page, "refused")
    page.goto("/login/")
    page.fill("[name=username]", "liu.fang")
    page.fill("[name=password]", NEW)
    follow(page.locator("main form:has([name=password]) button"))
    assert "财政所" in page.inner_text("body")
    page.context.close()


def test_the_letters_pages_are_open_to_everybody_and_do_what_they_say(browser: Browser, posted: str) -> None:
    the_pages_have_no_barrier(browser, posted)
    a_robot_is_set_up_and_never_shown_again(browser, posted)
    a_doubtful_letter_is_sent_again_on_somebodys_word(browser, posted)
    somebody_new_comes_in_by_the_link_of_a_letter(browser, posted)
