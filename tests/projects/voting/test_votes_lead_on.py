"""Votes that hang together: the page of each leads to the other, says why, and is told what has come of it."""

from __future__ import annotations

import re

from django.test import Client

import projects.voting.events  # noqa: F401  registers the events
from projects.ballots.models import Vote
from projects.demo.play.voting import Sheet, play_ballot
from tests.projects.voting.conftest import Hall, T, settled
from tests.projects.voting.test_voting import (
    SIPING,
    attend,
    close,
    open_,
    recount,
    revote,
    void_by_one_too_many,
)
from tests.projects.voting.test_what_the_count_leaves_open import (  # noqa: F401
    in_later_session,
    remainder,
    short,
)
from workflow.people.isolation import SYSTEM, apply

TIED = Sheet({"甲": 38, "乙": 26, "丙": 26, "丁": 0})
LEFT = Sheet({"甲": 40, "乙": 25, "丙": 20})


def banners(hall: Hall, vote: Vote, client: Client) -> list[str]:
    """What stands above the figures on a vote's page, in words, with the numbers of the votes led to."""
    client.force_login(hall.town.of("clerk"))
    page = client.get(f"/votes/{vote.pk}/").content.decode()
    apply(SYSTEM)
    head = page.partition("</h1>")[2].partition('<div class="columns">')[0]
    found = re.findall(r'<div class="banner-body">(.*?)</div>', head, re.DOTALL)
    linked = [re.sub(r'<a [^>]*href="/votes/(\d+)/">([^<]*)</a>', r"[\2 \1]", one) for one in found]
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in linked]


def tied() -> Hall:
    hall = settled(["甲", "乙", "丙", "丁"], seats=2, in_office=50)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=TIED)
    return hall


def test_a_tied_count_and_the_vote_on_those_who_tie_lead_to_each_other_with_the_reason(db, client):
    hall = tied()
    first, second = Vote.objects.order_by("pk")
    why = "理由：2 个项目票数相等，名额只余 1 个。"
    assert banners(hall, first, client) == [
        f"就票数相等的项目再次投票，结果尚未宣布。{why} [查看再次投票 {second.pk}]"
    ]
    assert banners(hall, second, client) == [
        f"本次为再次投票，只就票数相等的项目投票。{why} [查看前次投票 {first.pk}]"
    ]


def test_once_the_second_ballot_is_announced_the_first_no_longer_says_that_one_has_to_be_held(db, client):
    hall, to_hold = tied(), "再次投票，选 1 项"
    first, second = Vote.objects.order_by("pk")

    def page() -> str:
        client.force_login(hall.town.of("clerk"))
        shown = client.get(f"/votes/{first.pk}/").content.decode()
        apply(SYSTEM)
        return shown

    assert to_hold in page()
    play_ballot(hall.town, hall.cycle, t=T, present=44, sheet=Sheet({"乙": 20, "丙": 22}))
    assert to_hold not in page()
    (told,) = banners(hall, first, client)
    assert told.startswith("已经就票数相等的项目再次投票，以再次投票的结果为准。")
    assert told.endswith(f"[查看再次投票 {second.pk}]")


def test_a_tied_count_leads_to_where_the_vote_on_those_who_tie_stands_now(db, client):
    hall = tied()
    first, second = Vote.objects.order_by("pk")
    attend(hall, 45)
    open_(hall, 45)
    close(hall, 46)
    instead = hall.vote
    assert banners(hall, first, client)[0].endswith(f"[查看再次投票 {instead.pk}]")
    assert banners(hall, instead, client)[0].endswith(f"[查看原投票 {second.pk}]")
    told, back = banners(hall, second, client)
    assert told.endswith(f"[查看重新投票 {instead.pk}]") and back.endswith(f"[查看前次投票 {first.pk}]")


def test_a_tied_count_that_is_counted_again_leads_to_the_recount_and_not_to_the_vote_withdrawn(db, client):
    hall = tied()
    first, withdrawn = Vote.objects.order_by("pk")
    recount(hall)
    assert banners(hall, first, client) == [
        f"正在复票，以重新宣布的结果为准；原计票结果保留备查。 [查看复票 {hall.vote.pk}]"
    ]
    assert banners(hall, withdrawn, client)[0].endswith(f"[查看前次投票 {first.pk}]")


def test_a_void_vote_and_the_one_held_instead_lead_to_each_other_with_the_reason(hall, client):
    void_by_one_too_many(hall)
    void, again = Vote.objects.order_by("pk")
    why = f"理由：{void.void_reason.rstrip('。')}。"
    assert "46 张" in why
    assert banners(hall, void, client) == [
        f"本次投票无效，由主席团决定重新投票；原投票保留备查。{why} [查看重新投票 {again.pk}]"
    ]
    assert banners(hall, again, client) == [f"原投票无效，本次为重新投票。{why} [查看原投票 {void.pk}]"]
    revote(hall)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    assert "已经重新投票，以重新投票的结果为准" in banners(hall, void, client)[0]


def test_a_void_recount_and_the_vote_held_instead_lead_to_each_other(hall, client):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    recount(hall)
    close(hall, 46)
    first, void, again = Vote.objects.order_by("pk")
    onward, back = banners(hall, void, client)
    assert onward.startswith("本次复票无效，由主席团决定重新投票") and f"查看重新投票 {again.pk}" in onward
    assert back.startswith("复票理由：") and f"查看原计票 {first.pk}" in back
    assert banners(hall, again, client)[0].endswith(f"[查看复票 {void.pk}]")


def test_what_a_void_recount_leads_to_is_told_as_that_stands_now(hall, client):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    recount(hall)
    close(hall, 46)
    first, void, again = Vote.objects.order_by("pk")
    kept = "；原计票结果保留备查。 [查看"
    assert banners(hall, first, client) == [f"复票无效，由主席团决定重新投票{kept}重新投票 {again.pk}]"]
    revote(hall)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    assert banners(hall, first, client) == [
        f"复票无效，已经重新投票，以重新投票的结果为准{kept}重新投票 {again.pk}]"
    ]
    recount(hall)
    last = hall.vote.pk
    assert banners(hall, first, client) == [
        f"复票无效，重新投票后正在复票，以重新宣布的结果为准{kept}复票 {last}]"
    ]
    onward = banners(hall, void, client)[0]
    assert onward.startswith("本次复票无效，重新投票后正在复票，以重新宣布的结果为准；本次计票保留备查。")


def test_a_void_vote_says_that_the_one_held_instead_is_being_counted_again(hall, client):
    void_by_one_too_many(hall)
    void = Vote.objects.get(state="void")
    revote(hall)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    recount(hall)
    told = banners(hall, void, client)[0]
    assert told.startswith("本次投票无效，重新投票后正在复票，以重新宣布的结果为准；原投票保留备查。")


def test_a_first_and_a_second_round_lead_to_each_other(db, client):
    hall = settled(["甲", "乙", "丙"], seats=2, in_office=50, shortfall="second_round")
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=LEFT)
    first, second = Vote.objects.order_by("pk")
    assert banners(hall, first, client)[0].endswith(f"还有 1 个名额。 [查看第二轮票决 {second.pk}]")
    assert banners(hall, second, client)[0].endswith(f"还有 1 个名额。 [查看第一轮票决 {first.pk}]")


def test_a_vote_that_settles_everything_leads_nowhere(hall, client):
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))
    assert banners(hall, hall.vote, client) == []


def test_places_left_lead_to_the_vote_of_the_later_session_and_back(short, client):  # noqa: F811
    first = short.vote
    assert banners(short, first, client) == []
    in_later_session(short)
    remainder(short, "vote")
    later = short.vote
    assert banners(short, first, client)[0].endswith(f"另行票决。 [查看另行票决 {later.pk}]")
    assert banners(short, later, client)[0].endswith(f"另行票决。 [查看前次票决 {first.pk}]")
