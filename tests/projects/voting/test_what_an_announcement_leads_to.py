"""What follows from a result: told where it is announced, at its end and on the screen, and to nobody else before."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

import projects.voting.events  # noqa: F401  registers the events
from projects.demo.play.voting import Sheet, play_ballot
from projects.portal.hall import board_of
from tests.builders import do
from tests.projects.voting.conftest import DAY, Hall, T, page_of, settled
from tests.projects.voting.test_voting import (
    SIPING,
    announced_again,
    attend,
    close,
    collected,
    counted,
    open_,
    recount,
)
from tests.projects.voting.test_voting_pages import checked, done_page

LINES = ["甲", "乙", "丙"]
TIE = "末位票数相等：重新核对法定人数后，只就票数相等的“乙”“丙”再次投票，选 1 项，得票多的入选，不再要求过半数。"
VACANT = "过半数的项目少于应选数：余下 1 个名额空缺，不再另行票决；未入选项目转入储备库。"
CASES = [
    pytest.param({"甲": 40, "乙": 26, "丙": 24}, "", id="settled"),
    pytest.param({"甲": 38, "乙": 26, "丙": 26}, TIE, id="a tie"),
    pytest.param({"甲": 40, "乙": 25, "丙": 20}, VACANT, id="a place left"),
]
ALL = (TIE, VACANT)


def signed(hall: Hall, sums: dict[str, int]) -> None:
    """Counted and signed by both, and not announced."""
    collected(hall)
    counted(hall, sums)
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)


def screen(hall: Hall) -> str:
    return render_to_string("voter/hall/board.html", board_of(hall.vote.follows or hall.vote))


def announce(hall: Hall) -> None:
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)


def said_in(page: str) -> list[str]:
    return [told for told in ALL if told in page]


@pytest.mark.parametrize(("sums", "told"), CASES)
def test_whoever_announces_a_result_reads_what_follows_where_it_is_confirmed_and_at_the_end(
    db, client: Client, sums: dict[str, int], told: str
):
    hall, wanted = settled(LINES, seats=2, in_office=50), [told] if told else []
    signed(hall, sums)
    chair = hall.town.of("chair")
    assert said_in(checked("voting.declare", chair, "chair", client, confirmed="on")) == wanted
    announce(hall)
    assert said_in(done_page("voting.declare", chair, client)) == wanted


@pytest.mark.parametrize(("sums", "told"), CASES)
def test_the_screen_and_everybody_else_are_told_what_follows_once_it_is_announced(
    db, client: Client, sums: dict[str, int], told: str
):
    hall = settled(LINES, seats=2, in_office=50)
    signed(hall, sums)
    assert said_in(screen(hall)) == []
    for office in ("mayor", "deputy", "clerk", "chief_teller"):
        assert said_in(page_of("voting.declare", hall.town.of(office), office, client)) == []
    announce(hall)
    assert said_in(screen(hall)) == ([told] if told else [])


def test_the_end_of_an_announcement_tells_nothing_any_more_once_its_ballots_are_counted_again(db, client):
    hall = settled(LINES, seats=2, in_office=50)
    signed(hall, {"甲": 38, "乙": 26, "丙": 26})
    announce(hall)
    chair = hall.town.of("chair")
    assert TIE in done_page("voting.declare", chair, client)
    recount(hall)
    assert TIE not in done_page("voting.declare", chair, client)


TURNED = [
    "更正此前宣布的结果：“文化礼堂”由未入选改为入选。",
    "更正此前宣布的结果：“村道硬化”由入选改为未入选。",
]


@pytest.mark.parametrize("turns", [True, False])
def test_of_a_recount_that_turns_an_announced_result_everybody_is_told_so_in_time(
    hall: Hall, client: Client, turns: bool
):
    first: dict[str, Any] = {"文化礼堂": 18, "村道硬化": 27} if turns else SIPING
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(first))
    recount(hall)
    close(hall, 45)
    counted(hall, SIPING, pair=(3, 4))
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    wanted = TURNED if turns else []

    def told(page: str) -> list[str]:
        return [line for line in TURNED if line in page]

    chair = hall.town.of("chair")
    assert told(screen(hall)) == []
    assert told(checked("voting.declare", chair, "chair", client, confirmed="on")) == wanted
    announce(hall)
    assert told(done_page("voting.declare", chair, client)) == wanted
    assert told(screen(hall)) == wanted


def test_a_recount_of_what_was_never_announced_turns_nothing(hall, client):
    collected(hall)
    counted(hall, {"文化礼堂": 18, "村道硬化": 27})
    recount(hall)
    announced_again(hall, SIPING)
    assert "更正" not in done_page("voting.declare", hall.town.of("chair"), client)


def test_the_screen_tells_a_recount_from_a_count(hall):
    attend(hall, 45)
    open_(hall, 45)
    close(hall, 45)
    shown = screen(hall)
    assert "正在计票" in shown and "收回表决票" in shown and "复票" not in shown
    counted(hall, SIPING)
    recount(hall)
    shown = screen(hall)
    assert "正在复票" in shown and "以复票后宣布的结果为准" in shown
    assert "正在计票" not in shown and "收回" not in shown and "重新清点张数" not in shown
    close(hall, 45)
    shown = screen(hall)
    assert "正在复票" in shown and "重新清点张数" in shown and "收回" not in shown
