"""The whole morning of a vote as the hall sees it: sixty ballots by telephone and on paper, a tie, a second ballot, the list.

Every page of the desk, of a voter, of the screen and of the public is opened in a browser and has no serious barrier
(axe). With SCREENSHOTS=1 each is kept under var/screenshots/hall, numbered in the order of the morning.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import chain, repeat
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from projects.ballots import sealing
from projects.ballots.models import RollEntry, Vote
from projects.cycles.models import RollLine
from projects.demo.cast import PASSWORD
from projects.demo.play.stage import assembly, do_task
from projects.demo.play.voting import (
    Sheet,
    _drafted,
    keyed,
    play_announcement,
    play_attendance,
    play_closing,
    play_opening,
)
from projects.selection.models import Item
from projects.site.env import PROJECT
from projects.voting.selectors import vote_of
from tests.builders import at
from tests.journeys.pages import barriers, follow
from tests.journeys.stage import Stage, session_of
from tests.polling import PAPER, Phone, admission, token_on, tracker_on
from tests.projects.ballots.conftest import PASSPHRASES, QUICK
from tests.projects.voting.conftest import DAY, Hall, T, settled
from workflow.people.isolation import SYSTEM, within
from workflow.roles.models import RoleGrant

pytestmark = pytest.mark.minutes

WATER, CLINIC, BRIDGE, LIGHTS = TITLES = ["供水管网改造", "卫生院发热门诊", "学校门前天桥", "文体广场灯光"]
N, PRESENT, ON_PAPER = 62, 60, 20
# Two places: 50 votes for the first, 33 each for two who tie on the second, 4 for the last; more than half of 62 is 32.
BY_DEVICE = {(WATER, CLINIC): 15, (WATER, BRIDGE): 15, (CLINIC, BRIDGE): 7, (WATER, LIGHTS): 3}
ON_SHEETS = Sheet({WATER: 17, CLINIC: 11, BRIDGE: 11, LIGHTS: 1})
SECOND = Sheet({CLINIC: 35, BRIDGE: 25})
SHOTS = PROJECT / "var" / "screenshots" / "hall"


class Album:
    """Looks at every page: no serious barrier; kept as a picture where somebody asks for pictures."""

    def __init__(self) -> None:
        self.pages, self.barriers = 0, list[str]()
        self.kept = bool(os.environ.get("SCREENSHOTS"))

    def look(self, page: Page, name: str) -> None:
        self.pages += 1
        self.barriers += [f"{name}: {one['id']}" for one in barriers(page, "serious", "critical")]
        if self.kept:
            SHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SHOTS / f"{self.pages:02} {name}.png", full_page=True)


@pytest.fixture
def album() -> Album:
    return Album()


@pytest.fixture
def stage(browser: Browser, served, album: Album, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:  # type: ignore[no-untyped-def]
    real = sealing.new_holder
    monkeypatch.setattr(sealing, "new_holder", lambda passphrase: real(passphrase, QUICK))
    made = Stage(browser, served.url, album.look, now=at(DAY))
    with made.on():
        yield made


def congress() -> Hall:
    """62 deputies, two of them away; twenty have accounts, the rest are known by the roll alone."""
    with within(SYSTEM):
        hall = settled(TITLES, seats=2, in_office=N, ballot_channel="device")
        accounts = chain(hall.town.deputies, repeat(None))
        RollLine.objects.bulk_create(
            RollLine(unit=hall.town.unit, session=hall.session, user=user, name=f"代表{n}")
            for n, user in zip(range(1, N + 1), accounts, strict=False)
        )
    return hall


def page_in_office(stage: Stage, hall: Hall, office: str, **size: int) -> Page:
    """A window of somebody in an office, for pages that are no task."""
    with within(SYSTEM):
        user = hall.town.of(office)
        grant = RoleGrant.objects.get(user=user, office=office)
        return stage.page(session_of(user, grant), **size)


def vote_now(hall: Hall) -> Vote:
    with within(SYSTEM):
        return vote_of(hall.cycle)


def roll_lines(hall: Hall, first: int, last: int) -> list[str]:
    with within(SYSTEM):
        names = [f"代表{n}" for n in range(first, last + 1)]
        return [
            str(pk)
            for pk in RollLine.objects.filter(session=hall.session, name__in=names).values_list(
                "pk", flat=True
            )
        ]


# The voters


def codes_printed(stage: Stage, hall: Hall) -> dict[str, str]:
    """The clerk prints the slips of all who vote by device; the code of each by name."""
    page = page_in_office(stage, hall, "clerk")
    page.goto(f"/votes/{vote_now(hall).pk}/codes/")
    stage.seen(page, "voting codes")
    page.locator("input[name=own_password]").fill(PASSWORD)
    follow(page.get_by_role("button", name="打印投票码"))
    stage.seen(page, "voting slips")
    slips = page.locator(".slip")
    told = {
        slips.nth(n).locator("h2").inner_text(): slips.nth(n).locator(".slip-letters").inner_text()
        for n in range(slips.count())
    }
    page.context.close()
    return told


def vote_on_a_telephone(stage: Stage, code: str, ballot: tuple[str, ...]) -> str:
    """In a browser of 390 pixels, four screens; the receipt."""
    page = stage.page(width=390, height=844)
    page.goto(f"/ballot/c/{code.replace('-', '')}/")
    stage.seen(page, "voter slip")
    follow(page.get_by_role("button", name="是我本人，进入投票"))
    for title in ballot:
        page.get_by_text(f"{TITLES.index(title) + 1}. {title}").click()
    stage.seen(page, "voter ballot")
    follow(page.get_by_role("button", name="下一步：核对"))
    stage.seen(page, "voter check")
    follow(page.get_by_role("button", name="提交表决票"))
    expect(page.get_by_role("heading", name="您的票已投出")).to_be_visible()
    stage.seen(page, "voter done")
    receipt = page.locator(".confirmation-reference").inner_text()
    page.context.close()
    return receipt


def vote_over_http(stage: Stage, entry: RollEntry, ballot: tuple[str, ...]) -> str:
    """The same requests as a browser's, without one; the receipt."""
    phone = Phone(
        urlsplit(stage.address).port or 0, {"ballot": admission(entry.unit_id, entry.vote_id, entry.pk)}
    )
    _status, paper = phone.get(PAPER)
    marks = {f"m{TITLES.index(title) + 1}": "1" for title in ballot}
    status, done = phone.post(PAPER, {"op": "cast", "token": token_on(paper), **marks})
    assert status == 200
    return tracker_on(done)


def everybody_by_device_votes(stage: Stage, hall: Hall) -> set[str]:
    """Forty ballots, two of them in a browser; the receipts."""
    ballots = [ballot for ballot, times in BY_DEVICE.items() for _time in range(times)]
    with within(SYSTEM):
        by_device = RollEntry.objects.filter(vote=vote_now(hall), channel="device").order_by("pk")
        entries = list(by_device.select_related("line"))
    assert len(entries) == len(ballots) == PRESENT - ON_PAPER
    codes = codes_printed(stage, hall)
    assert sorted(codes) == sorted(entry.line.name for entry in entries)
    receipts = {vote_on_a_telephone(stage, codes[entry.line.name], ballots.pop()) for entry in entries[:2]}
    return receipts | {vote_over_http(stage, *one) for one in zip(entries[2:], ballots, strict=True)}


# The desk


def hold_keys(hall: Hall) -> None:
    for office, key in (("chief_teller", "hold_chief"), ("teller", "hold_teller"), ("chair", "hold_chair")):
        words = PASSPHRASES[office]
        do_task(hall.cycle, f"voting.{key}", hall.town.of(office), T, passphrase=words, repeated=words)


def key_twice(hall: Hall, sheet: Sheet) -> None:
    data = keyed(vote_of(hall.cycle), sheet)
    for turn, counter in (("key_first", 1), ("key_second", 2)):
        do_task(hall.cycle, f"voting.{turn}", hall.town.of("counter", counter), T, hour=11, **data)


def open_the_box(hall: Hall) -> None:
    keys = {"first": "chief_teller", "first_passphrase": PASSPHRASES["chief_teller"]}
    keys |= {"second": "teller", "second_passphrase": PASSPHRASES["teller"]}
    do_task(hall.cycle, "voting.open_box", hall.town.of("chief_teller"), T, hour=11, **keys)


def certify_and_declare(hall: Hall) -> None:
    for node, office in (
        ("certify_chief", "chief_teller"),
        ("certify_teller", "teller"),
        ("declare", "chair"),
    ):
        do_task(hall.cycle, f"voting.{node}", hall.town.of(office), T, hour=11, confirmed=True)


def adopt_and_announce(hall: Hall) -> None:
    data = _drafted(hall.cycle, "voting.resolution") | assembly(N, PRESENT, T)
    do_task(hall.cycle, "voting.resolution", hall.town.of("clerk"), T, hour=12, **data)
    play_announcement(hall.town, hall.cycle, T)


# The morning


def test_a_hall_votes_by_telephone_and_on_paper_ties_votes_again_and_announces(
    stage: Stage, album: Album
) -> None:
    hall = congress()
    town, cycle = hall.town, hall.cycle
    screen = page_in_office(stage, hall, "clerk", width=1920, height=1080)
    screen.goto(f"/hall/{vote_now(hall).pk}/")

    def on_screen(words: str, name: str) -> None:
        expect(screen.get_by_text(words).first).to_be_visible(timeout=15_000)
        stage.seen(screen, f"screen {name}")

    with stage.reading():
        hold_keys(hall)
        play_attendance(town, cycle, t=T, present=PRESENT, on_leave=2, hour=9)
        play_opening(town, cycle, t=T, hour=10, on_paper=roll_lines(hall, 1, ON_PAPER))
        on_screen("电子票已投 0 张，共 40 张", "open")
        receipts = everybody_by_device_votes(stage, hall)
        on_screen("电子票已投 40 张，共 40 张", "all in")
        play_closing(town, cycle, t=T, hour=11, returned=ON_PAPER)
        on_screen("正在计票", "counting")
        key_twice(hall, ON_SHEETS)
        open_the_box(hall)
        certify_and_declare(hall)
        on_screen("票数相等", "tied")
        first = vote_of(cycle).follows
        assert first and first.outcome["elected"] == [WATER] and first.outcome["tied"] == [CLINIC, BRIDGE]

        # The second ballot is on paper alone; the most votes decide (组织法 29).
        play_attendance(town, cycle, t=T, present=PRESENT, on_leave=2, hour=11)
        play_opening(town, cycle, t=T, hour=11, on_paper=roll_lines(hall, 1, PRESENT))
        play_closing(town, cycle, t=T, hour=11, returned=PRESENT)
        key_twice(hall, SECOND)
        certify_and_declare(hall)
        on_screen("35 票", "result")
        adopt_and_announce(hall)

    public = stage.page()
    public.goto(f"/t/{town.unit.code}/{cycle.year}/")
    for title in (WATER, CLINIC):
        expect(public.get_by_text(title).first).to_be_visible()
    stage.seen(public, "public year")
    follow(public.get_by_role("link", name=re.compile("回执清单")).first)
    assert receipts == set(public.locator(".trackers li").all_inner_texts())
    stage.seen(public, "public receipts")
    with within(SYSTEM):
        elected = Item.objects.filter(cycle=cycle, state="elected").values_list("title", flat=True)
        assert set(elected) == {WATER, CLINIC} and len(receipts) == 40
    assert album.barriers == []
    assert album.pages > 40
