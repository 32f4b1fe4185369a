"""A deputy votes in a real browser: on a telephone without JavaScript, with the keyboard alone; and the hall watches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from textwrap import dedent
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from projects.ballots import rolls
from projects.ballots.models import Box, RollEntry
from projects.ballots.services import declare, open_box, sign
from projects.cycles.models import RollLine
from projects.demo.cast import PASSWORD
from tests.journeys.pages import barriers, follow
from tests.projects.ballots.conftest import (  # noqa: F401
    Hall,
    new_hall,
    opening,
    quick_stretching,
)
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User
from workflow.roles.services import grant

TITLES = (
    "柳树村等 6 村供水管网改造",
    "镇卫生院发热门诊改扩建",
    "老旧小区加装适老扶手与电梯",
    "中心小学门前人行天桥",
    "农村公路“白改黑”12.6 公里",
    "村级养老助餐点 8 个",
    "三里河生态护岸",
    "镇文体广场灯光与健身设施",
    "智慧停车场 120 个泊位",
    "乡村电商服务站升级",
)
ACCOUNT = "新建村级供水管道 12 公里，改造泵房 3 座，解决 4 个村 2300 人季节性缺水问题，配套智能水表。"
SMALL = """least => [...document.querySelectorAll('body *')].filter(element => {
  const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  const shown = element.getClientRects().length && !element.closest('.visually-hidden, .skip-link, option');
  return own && shown && parseFloat(getComputedStyle(element).fontSize) < least;
}).map(element => element.outerHTML.slice(0, 120))"""
LOW = """least => [...document.querySelectorAll('a, button, select, summary, input:not([type=hidden])')].filter(element => {
  if (element.closest('.skip-link') || element.matches('.skip-link')) return false;
  const label = element.id && document.querySelector(`.choice label[for="${element.id}"]`);
  const box = (label || element).getBoundingClientRect();
  return box.height && box.height < least - 0.5;
}).map(element => element.outerHTML.slice(0, 120))"""


@pytest.fixture
def hall_of(
    served: object,
    quick_stretching: None,  # noqa: F811
    new_hall: Callable[..., Hall],  # noqa: F811
) -> Iterator[Callable[..., Hall]]:
    """Make an open hall behind the served site; described: with what a ballot says of its projects."""

    def made(titles: tuple[str, ...] = TITLES, *, described: bool = False, **more: object) -> Hall:
        with within(SYSTEM):
            hall = new_hall(titles, **{"seats": 8, **more})
            if described:
                hall.describe(ACCOUNT)
            hall.hold_keys()
            hall.open()
        return hall

    return made


def slip_of(hall: Hall, name: str) -> str:
    """The address on a deputy's slip."""
    with within(SYSTEM):
        [(_entry, code)] = rolls.new_codes(hall.act("clerk"), hall.locked, [hall.line(name).pk])
    return f"/ballot/c/{code}/"


def staff_cookie(hall: Hall, url: str) -> dict[str, Any]:
    """The session of a clerk of the hall's township."""
    with within(SYSTEM):
        user = User.objects.get(username="clerk")
        grant(user=user, office="clerk", unit=hall.unit, act=hall.act("admin"), since=date(2020, 1, 1))
        signed_in = Client()
        signed_in.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": signed_in.cookies[name].value, "url": url}


def assert_legible(page: Page) -> None:
    width = page.viewport_size and page.viewport_size["width"]
    assert page.evaluate(SMALL, 20) == []
    assert page.evaluate(LOW, 60) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= (width or 0)


def mark(page: Page, mode: str) -> None:
    if mode == "select":
        page.get_by_text("1. 柳树村等 6 村供水管网改造").click()
        page.get_by_text("3. 老旧小区加装适老扶手与电梯").click()
    elif mode == "each":
        page.locator("label[for=m1-1]").click()
        page.locator("label[for=m2-2]").click()
    else:
        page.get_by_label("3. 老旧小区加装适老扶手与电梯").select_option("1")
        page.get_by_label("1. 柳树村等 6 村供水管网改造").select_option("2")


def unfold(page: Page) -> None:
    """Open what is said of each project; a tap on it marks nothing."""
    folded = page.locator(".ballot-facts summary")
    for one in folded.all():
        one.click()
    expect(page.locator(".ballot-facts[open]")).to_have_count(len(TITLES))
    expect(page.locator("input[type=checkbox]:checked")).to_have_count(0)


@pytest.mark.parametrize("mode", ["select", "each", "rank"])
def test_a_deputy_votes_on_a_telephone_without_javascript_in_four_screens(
    browser: Browser, served, hall_of, mode: str
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of(mode=mode)
    with browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN", base_url=served.url
    ) as context:
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        follow(page.get_by_role("button", name="是我本人，进入投票"))
        mark(page, mode)
        follow(page.get_by_role("button", name="下一步：核对"))
        expect(page.get_by_text("提交后不能修改")).to_be_visible()
        follow(page.get_by_role("button", name="返回修改"))
        follow(page.get_by_role("button", name="特大"))
        assert page.locator("html").get_attribute("class") == "text-xlarge"
        follow(page.get_by_role("button", name="下一步：核对"))
        follow(page.get_by_role("button", name="提交表决票"))
        expect(page.get_by_role("heading", name="您的票已投出")).to_be_visible()
        receipt = page.locator(".confirmation-reference").inner_text()
        follow(page.get_by_role("button", name="标准"))
        assert page.locator(".confirmation-reference").inner_text() == receipt
    with within(SYSTEM):
        assert hall.entry("代表1").voted and Box.objects.count() == 1


@pytest.mark.parametrize(
    ("mode", "width"), [("select", 390), ("each", 390), ("rank", 390), ("select", 320), ("each", 1280)]
)
def test_every_screen_is_legible_and_without_a_serious_barrier(
    browser: Browser, served, hall_of, mode: str, width: int
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of(mode=mode, described=True)
    # Only axe needs the policy lifted: it injects its own script.
    with browser.new_context(
        viewport={"width": width, "height": 844}, bypass_csp=True, locale="zh-CN", base_url=served.url
    ) as context:
        page = context.new_page()

        def look() -> None:
            assert_legible(page)
            assert [one["id"] for one in barriers(page, "serious", "critical")] == [], page.url

        page.goto("/ballot/")
        look()
        page.goto(slip_of(hall, "代表1"))
        look()
        follow(page.get_by_role("button", name="是我本人，进入投票"))
        look()
        unfold(page)
        look()
        mark(page, mode)
        follow(page.get_by_role("button", name="下一步：核对"))
        look()
        follow(page.get_by_role("button", name="提交表决票"))
        look()
        page.goto("/ballot/paper/")
        expect(page.get_by_role("heading", name="您已经投过票")).to_be_visible()
        look()


@pytest.mark.parametrize(
    ("mode", "script"),
    [("select", True), ("each", True), ("rank", True), ("each", False), ("rank", False)],
)
def test_a_browser_sends_every_line_so_that_no_length_tells_how_much_is_marked(
    browser: Browser, served, hall_of, mode: str, script: bool
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of(mode=mode)
    with browser.new_context(java_script_enabled=script, locale="zh-CN", base_url=served.url) as context:
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        follow(page.get_by_role("button", name="是我本人，进入投票"))

        def checked() -> str:
            with page.expect_request(lambda request: request.method == "POST") as sent:
                follow(page.get_by_role("button", name="下一步：核对"))
            return sent.value.post_data or ""

        nothing = checked()
        follow(page.get_by_role("button", name="返回修改"))
        mark(page, mode)
        something = checked()
        assert len(nothing) == len(something)
        assert {f"m{n}" for n in range(1, len(TITLES) + 1)} < set(parse_qs(nothing)) & set(
            parse_qs(something)
        )
        follow(page.get_by_role("button", name="返回修改"))
        third = page.locator("#m3" if mode != "each" else "#m2-2")
        assert third.input_value() == "1" if mode == "rank" else third.is_checked()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this text or label has the focus."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if name in (
            page.evaluate("document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText")
            or ""
        ):
            return
    raise AssertionError(f"{name}: not reached with Tab")


def test_a_deputy_votes_with_the_keyboard_alone(browser: Browser, served, hall_of) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of(described=True)
    complaints: list[str] = []
    with browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="zh-CN", base_url=served.url
    ) as context:
        context.on("console", lambda message: complaints.append(message.text))
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        tab_to(page, "是我本人，进入投票")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        counted = page.locator("[data-choice-count]")
        expect(counted).to_contain_text("已选 0 项")
        for title in (TITLES[0], TITLES[3]):
            tab_to(page, title)
            page.keyboard.press("Space")
        expect(counted).to_contain_text("已选 2 项")
        with page.expect_navigation():
            page.keyboard.press("Enter")  # on a box: goes on to check, never to another size of letters
        expect(page.get_by_role("heading", name="请核对您的表决票")).to_be_visible()
        assert page.locator("html").get_attribute("class") is None
        tab_to(page, "提交表决票")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="您的票已投出")).to_be_visible()
    assert complaints == []
    with within(SYSTEM):
        assert hall.entry("代表1").voted


def come_in_by_slip(page: Page, hall: Hall) -> None:
    page.goto(slip_of(hall, "代表1"))
    follow(page.get_by_role("button", name="是我本人，进入投票"))


def come_in_by_code(page: Page, hall: Hall) -> None:
    code = slip_of(hall, "代表1").split("/")[-2]
    page.goto("/ballot/")
    page.get_by_label("投票码").fill(code)
    follow(page.get_by_role("button", name="进入投票"))


def come_in_by_sign_in(page: Page, hall: Hall) -> None:
    with within(SYSTEM):
        user = User.objects.create(username="代表1", name="代表1")
        user.set_password(PASSWORD)
        user.save()
        grant(user=user, office="deputy", unit=hall.unit, act=hall.act("admin"), since=date(2020, 1, 1))
        RollLine.objects.filter(pk=hall.line("代表1").pk).update(user=user)
    page.goto("/login/?next=/ballot/")
    page.get_by_label("用户名").fill("代表1")
    page.get_by_label("密码").fill(PASSWORD)
    follow(page.get_by_role("button", name="登录"))


@pytest.mark.parametrize("come_in", [come_in_by_slip, come_in_by_code, come_in_by_sign_in])
def test_every_way_in_leads_to_the_receipt_in_four_screens(
    browser: Browser, served, hall_of, come_in: Callable[[Page, Hall], None]
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of()
    screens: list[str] = []
    with browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=served.url
    ) as context:
        page = context.new_page()
        page.on("domcontentloaded", lambda shown: screens.append(shown.url))
        come_in(page, hall)
        mark(page, "select")
        follow(page.get_by_role("button", name="下一步：核对"))
        follow(page.get_by_role("button", name="提交表决票"))
        expect(page.get_by_role("heading", name="您的票已投出")).to_be_visible()
    assert len(screens) == 4, screens
    with within(SYSTEM):
        assert hall.entry("代表1").voted


def choose_each(page: Page) -> None:
    """In favour of the first, against the second: a group is one stop, its words are changed by the arrows."""
    tab_to(page, "赞成")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#m1-1")).to_be_checked()
    expect(page.locator("#m2-2")).to_be_checked()


def choose_places(page: Page) -> None:
    """The first on the first place, the third on the second."""
    for title, presses in ((TITLES[0], 1), (TITLES[2], 2)):
        tab_to(page, title)
        for _press in range(presses):
            page.keyboard.press("ArrowDown")
    expect(page.locator("#m1")).to_have_value("1")
    expect(page.locator("#m3")).to_have_value("2")
    expect(page.locator("[data-choice-count]")).to_contain_text("已排 2 项")


@pytest.mark.parametrize(
    ("mode", "choose", "told"),
    [
        ("each", choose_each, ["赞成", "反对", "没有表态，按弃权计"]),
        ("rank", choose_places, ["第 1 位 1. 柳树村", "第 2 位 3. 老旧小区", "没有排的 8 项"]),
    ],
)
def test_a_deputy_says_each_and_ranks_with_the_keyboard_alone(
    browser: Browser, served, hall_of, mode: str, choose: Callable[[Page], None], told: list[str]
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of(mode=mode)
    with browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="zh-CN", base_url=served.url
    ) as context:
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        tab_to(page, "是我本人，进入投票")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        choose(page)
        tab_to(page, "下一步：核对")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        shown = " ".join(page.locator("main").inner_text().split())
        assert all(words in shown for words in told), shown
        tab_to(page, "提交表决票")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="您的票已投出")).to_be_visible()
    with within(SYSTEM):
        assert hall.entry("代表1").voted


@pytest.mark.parametrize(("mode", "size"), [("select", "标准"), ("each", "特大"), ("rank", "特大")])
def test_what_is_said_of_a_project_unfolds_with_the_keyboard_and_without_a_script(
    browser: Browser, served, hall_of, mode: str, size: str
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of(mode=mode, described=True)
    with browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN", base_url=served.url
    ) as context:
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        follow(page.get_by_role("button", name="是我本人，进入投票"))
        follow(page.get_by_role("button", name=size))
        told = page.get_by_text("（之2）")
        expect(told).to_be_hidden()
        tab_to(page, f"：{TITLES[1]}")
        page.keyboard.press("Enter")
        expect(told).to_be_visible()
        expect(page.get_by_text("（之1）")).to_be_hidden()
        heard = """
            - group:
              - text: 项目情况 ：镇卫生院发热门诊改扩建
              - term: 总投资
              - definition: 200 万元
              - term: 项目论述
              - definition: /新建村级供水管道/
              - term: 完成时间
              - definition: 2027年10月
              - term: 民意
              - definition: "126"
        """
        expect(page.locator(".ballot-facts[open]")).to_match_aria_snapshot(dedent(heard))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("Enter")
        expect(told).to_be_hidden()


HEARD = {
    "select": """
        - group "候选项目":
          - checkbox "1. 柳树村等 6 村供水管网改造"
          - checkbox "2. 镇卫生院发热门诊改扩建"
    """,
    "each": """
        - group "1. 柳树村等 6 村供水管网改造":
          - radio "赞成"
          - radio "反对"
          - radio "弃权"
        - group "2. 镇卫生院发热门诊改扩建":
          - radio "赞成"
    """,
    "rank": """
        - combobox "1. 柳树村等 6 村供水管网改造"
        - combobox "2. 镇卫生院发热门诊改扩建"
    """,
}
COUNTED = {"select": "已选 {n} 项", "rank": "已排 {n} 项"}


@pytest.mark.parametrize("mode", ["select", "each", "rank"])
def test_a_screen_reader_hears_names_groups_and_the_count_as_it_changes(
    browser: Browser, served, hall_of, mode: str
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of(mode=mode)
    with browser.new_context(locale="zh-CN", base_url=served.url) as context:
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        follow(page.get_by_role("button", name="是我本人，进入投票"))
        expect(page.locator("main")).to_match_aria_snapshot(dedent(HEARD[mode]))
        expect(page.locator("main")).to_match_aria_snapshot('- button "下一步：核对"')
        if mode in COUNTED:
            expect(page.get_by_role("status")).to_contain_text(COUNTED[mode].format(n=0))
        mark(page, mode)
        if mode in COUNTED:
            expect(page.get_by_role("status")).to_contain_text(COUNTED[mode].format(n=2))
        chosen = {
            "select": '- checkbox "1. 柳树村等 6 村供水管网改造" [checked]',
            "each": '- radio "赞成" [checked]',
        }
        if mode in chosen:
            expect(page.locator("main")).to_match_aria_snapshot(chosen[mode])
        follow(page.get_by_role("button", name="下一步：核对"))
        expect(page.locator("main")).to_match_aria_snapshot('- heading "请核对您的表决票" [level=1]')
        expect(page.get_by_role("button", name="提交表决票")).to_be_visible()


def test_too_many_are_said_at_once_and_refused_in_words(browser: Browser, served, hall_of) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of(seats=2)
    with browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=served.url
    ) as context:
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        follow(page.get_by_role("button", name="是我本人，进入投票"))
        for number in (1, 2, 3):
            page.locator(f"label[for=m{number}]").click()
        expect(page.get_by_text("多选了 1 项")).to_be_visible()
        follow(page.get_by_role("button", name="下一步：核对"))
        expect(page.locator(".error-summary")).to_contain_text("最多选 2 项，您选了 3 项，请去掉 1 项")
        assert page.locator("input:checked").count() == 3
        page.locator("label[for=m3]").click()
        expect(page.get_by_text("多选了")).to_be_hidden()


def test_a_double_tap_on_two_pages_of_one_telephone_casts_once(browser: Browser, served, hall_of) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of()
    with browser.new_context(locale="zh-CN", base_url=served.url) as context:
        page, other = context.new_page(), context.new_page()
        page.goto(slip_of(hall, "代表1"))
        follow(page.get_by_role("button", name="是我本人，进入投票"))
        other.goto("/ballot/paper/")
        for one in (page, other):
            one.locator("label[for=m1]").click()
            follow(one.get_by_role("button", name="下一步：核对"))
        page.get_by_role("button", name="提交表决票").dblclick()
        expect(page.get_by_role("heading", name="您的票已投出")).to_be_visible()
        receipt = page.locator(".confirmation-reference").inner_text()
        page.reload()
        assert page.locator(".confirmation-reference").inner_text() == receipt
        follow(other.get_by_role("button", name="提交表决票"))
        expect(other.get_by_role("heading", name="您已经投过票")).to_be_visible()
    with within(SYSTEM):
        assert Box.objects.count() == 1


def test_whoever_goes_back_after_voting_changes_nothing_and_is_told_so(
    browser: Browser, served, hall_of
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of()
    with browser.new_context(locale="zh-CN", base_url=served.url) as context:
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        follow(page.get_by_role("button", name="是我本人，进入投票"))
        page.locator("label[for=m1]").click()
        follow(page.get_by_role("button", name="下一步：核对"))
        follow(page.get_by_role("button", name="提交表决票"))
        expect(page.get_by_role("heading", name="您的票已投出")).to_be_visible()
        page.go_back()  # fails where the browser would have to send the ballot again
        expect(page.get_by_role("heading", name="您已经投过票")).to_be_visible()
        again = context.new_page()
        again.goto("/ballot/paper/")
        expect(again.get_by_role("heading", name="您已经投过票")).to_be_visible()
    with within(SYSTEM):
        assert hall.entry("代表1").voted and Box.objects.count() == 1


def test_whoever_goes_back_before_voting_finds_an_empty_ballot_that_says_so(
    browser: Browser, served, hall_of
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of()
    with browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=served.url
    ) as context:
        page = context.new_page()
        page.goto(slip_of(hall, "代表1"))
        follow(page.get_by_role("button", name="是我本人，进入投票"))
        lost = page.get_by_text("票还没有投出。返回或者刷新以后，填写的内容不保留，请重新填写。")
        expect(lost).to_be_hidden()
        page.locator("label[for=m1]").click()
        follow(page.get_by_role("button", name="下一步：核对"))
        for leave in (
            page.reload,
            page.go_back,
        ):  # fail where the browser would have to send the ballot again
            leave()
            expect(lost).to_be_visible()
            assert page.locator("input:checked").count() == 0
        assert_legible(page)
        page.locator("label[for=m2]").click()
        follow(page.get_by_role("button", name="下一步：核对"))
        follow(page.get_by_role("button", name="返回修改"))
        assert page.locator("input:checked").count() == 1 and lost.is_hidden()
        follow(page.get_by_role("button", name="下一步：核对"))
        follow(page.get_by_role("button", name="提交表决票"))
        expect(page.get_by_role("heading", name="您的票已投出")).to_be_visible()
    with within(SYSTEM):
        assert hall.entry("代表1").voted and Box.objects.count() == 1


LONG = "柳树村、三里村、河口村等六个行政村农村饮水安全巩固提升暨村级供水管网延伸改造和智能水表更换工程"


@pytest.mark.parametrize(("lines", "parts"), [(10, 0), (40, 4)])
@pytest.mark.parametrize("size", [{"width": 1920, "height": 1080}, {"width": 1280, "height": 720}])
def test_a_long_result_is_shown_whole_on_the_screen_of_the_hall(
    browser: Browser, served, hall_of, lines, parts, size
) -> None:  # type: ignore[no-untyped-def]
    titles = tuple(f"{LONG}第{n}标段" for n in range(1, lines + 1))
    hall = hall_of(titles)
    with within(SYSTEM):
        for entry in RollEntry.objects.filter(vote=hall.vote).select_related("line"):
            hall.cast(entry.line.name, list(titles[:8]))
        hall.close()
        open_box(hall.act("chief_teller"), hall.vote, opening("teller"), opening("chair"))
        for office in ("chief_teller", "teller"):
            sign(hall.act(office), hall.vote, office)
        declare(hall.act("chair"), hall.vote)
    with browser.new_context(viewport=size, locale="zh-CN", base_url=served.url) as context:
        context.add_cookies([staff_cookie(hall, served.url)])
        page = context.new_page()
        page.add_init_script("window.turn = 0; Date.now = () => 10000 * window.turn")
        page.goto(f"/hall/{hall.vote.pk}/")
        seen: list[str] = []
        for turn in range(max(1, parts)):
            page.evaluate("turn => { window.turn = turn; }", turn)
            told = page.locator(".hall-part")
            if parts:
                expect(told).to_contain_text(f"第 {turn + 1} 屏，共 {parts} 屏")
            else:
                expect(told).to_be_hidden()
            assert page.evaluate("document.documentElement.scrollHeight") == size["height"]
            seen += page.locator(".hall-result li:visible .hall-name").all_inner_texts()
        assert len(seen) == lines and set(seen) == set(titles)


def test_the_screen_of_the_hall_keeps_itself_up_to_date_and_comes_back(
    browser: Browser, served, hall_of
) -> None:  # type: ignore[no-untyped-def]
    hall = hall_of()
    complaints: list[str] = []
    with browser.new_context(
        viewport={"width": 1920, "height": 1080}, locale="zh-CN", base_url=served.url
    ) as context:
        context.add_cookies([staff_cookie(hall, served.url)])
        page = context.new_page()
        page.goto(f"/hall/{hall.vote.pk}/")
        expect(page.get_by_text("电子票已投 0 张，共 12 张")).to_be_visible()
        page.on("console", lambda message: complaints.append(message.text))
        with within(SYSTEM):
            hall.cast("代表1", [TITLES[0]])
        expect(page.get_by_text("电子票已投 1 张，共 12 张")).to_be_visible()
        assert complaints == []
        page.route(re.compile("/board/"), lambda route: route.abort())
        expect(page.get_by_text("连接中断")).to_be_visible()
        page.unroute(re.compile("/board/"))
        expect(page.get_by_text("连接中断")).to_be_hidden()
        with within(SYSTEM):
            for entry in RollEntry.objects.filter(vote=hall.vote, voted=False).select_related("line"):
                hall.cast(entry.line.name, list(TITLES[: 8 if entry.pk % 2 else 5]))
            hall.close()
        expect(page.get_by_text("正在计票")).to_be_visible()
        with within(SYSTEM):
            open_box(hall.act("chief_teller"), hall.vote, opening("teller"), opening("chair"))
            for office in ("chief_teller", "teller"):
                sign(hall.act(office), hall.vote, office)
            declare(hall.act("chair"), hall.vote)
        expect(page.locator(".hall-result li")).to_have_count(len(TITLES))
        assert page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        ) == [1920, 1080]
