"""What is told of a recount to whom it concerns: the public, the hall, those named to count; its votes' pages and trail."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

import projects.voting.events  # noqa: F401  registers the events
from notifications.models import Delivery
from notifications.post import post_unit
from projects.ballots.models import Vote
from projects.ballots.selectors import with_recounts
from projects.cycles.models import Paper
from projects.demo.play.voting import Sheet, play_announcement, play_ballot
from projects.portal.public_selectors import published_papers, results_of
from projects.portal.session_selectors import votes_at
from projects.voting.superseding import told_superseded
from tests.builders import do
from tests.notifications.office import give_mailboxes
from tests.projects.voting.conftest import DAY, Hall, T, in_a_subdistrict
from tests.projects.voting.test_naming_counters import ask_recount, name, staff
from tests.projects.voting.test_replacing import with_list
from tests.projects.voting.test_voting import (
    SIPING,
    announced_again,
    close,
    collected,
    counted,
    recount,
    resolved,
    revote,
    second_pair,
)
from workflow.audit.models import Entry
from workflow.inbox.story import line_of
from workflow.people.isolation import PUBLIC, SYSTEM, apply, within

FIRST = {"文化礼堂": 18, "村道硬化": 27}
UNDER_WAY = "本结果宣布后正在复票，可能更正，以重新宣布的结果为准。"


@pytest.fixture
def announced(hall: Hall) -> Hall:
    """The first count announced on the spot, and resolved on: 村道硬化 is elected by it."""
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(FIRST))
    resolved(hall)
    return hall


def never_announced(hall: Hall) -> None:
    """The recount is counted, and counted again itself before anybody has announced it."""
    recount(hall)
    close(hall, 45)
    counted(hall, {"文化礼堂": 20, "村道硬化": 25}, pair=(3, 4))
    second_pair(hall, (5, 6))
    recount(hall)


def in_public(hall: Hall) -> list[tuple[int, str]]:
    """The results anybody may read, in the order of the page: each vote with why it does not hold."""
    with within(PUBLIC):
        return [(result.vote.pk, result.note) for result in results_of(hall.cycle)]


def papers_in_public(hall: Hall) -> list[str]:
    with within(PUBLIC):
        papers = [p for p in published_papers(hall.cycle) if p.kind in ("tally_report", "resolution")]
    return [paper.superseded for paper in sorted(papers, key=lambda paper: paper.pk)]


def read(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    apply(SYSTEM)
    return page


def test_the_last_result_holds_in_public_though_the_count_between_was_never_announced(announced, client):
    hall, first = announced, announced.vote
    never_announced(hall)
    between = hall.vote.follows
    announced_again(hall, SIPING, pair=(5, 6))
    last = hall.vote

    corrected = f"本结果已经复票更正，以“{last.title}”的结果为准。"
    assert in_public(hall) == [(last.pk, ""), (first.pk, corrected)]
    assert papers_in_public(hall)[:2] == [
        "已由复票后的计票结果报告单取代",
        "票决结果已经复票更正，待重新作出决议",
    ]

    page = read(client, "/t/T01/2027/")
    assert page.index(f'id="result-{last.pk}"') < page.index(corrected) < page.index("看更正以前的结果")
    assert f"本结果更正此前宣布的“{first.title}”的结果。" in page
    assert f">{between.title}<" not in page and "20 票" not in page


def test_every_result_announced_before_is_corrected_by_the_last_one(announced):
    hall, first = announced, announced.vote
    recount(hall)
    announced_again(hall, {"文化礼堂": 20, "村道硬化": 25})
    second = hall.vote
    second_pair(hall, (5, 6))
    recount(hall)
    assert [note for _pk, note in in_public(hall)] == [UNDER_WAY, UNDER_WAY]
    announced_again(hall, SIPING, pair=(5, 6))

    corrected = f"本结果已经复票更正，以“{hall.vote.title}”的结果为准。"
    assert in_public(hall) == [(hall.vote.pk, ""), (first.pk, corrected), (second.pk, corrected)]


def test_a_result_is_said_to_be_counted_again_from_the_recount_on_and_no_figure_of_it(announced, client):
    first = announced.vote
    assert in_public(announced) == [(first.pk, "")] and papers_in_public(announced) == ["", ""]
    never_announced(announced)

    assert in_public(announced) == [(first.pk, UNDER_WAY)]
    assert papers_in_public(announced) == ["正在复票，结果以重新宣布的为准"] * 2
    page = read(client, "/t/T01/2027/")
    assert UNDER_WAY in page and "代表要求复核票数" not in page and "（复票）" not in page
    assert "27 票" in page and "25 票" not in page and "看更正以前的结果" not in page


def test_of_a_recount_before_any_announcement_the_public_reads_nothing(hall, client):
    collected(hall)
    counted(hall, FIRST)
    recount(hall)
    assert in_public(hall) == [] and papers_in_public(hall) == []
    assert "复票" not in read(client, "/t/T01/2027/")


def test_in_public_a_void_recount_leaves_the_result_to_the_new_vote(announced):
    hall, first = announced, announced.vote
    recount(hall)
    close(hall, 46)
    waits = "本结果宣布后复票，复票无效，由主席团决定重新投票，以重新宣布的结果为准。"
    assert in_public(hall) == [(first.pk, waits)]
    assert papers_in_public(hall) == ["复票无效，由主席团决定重新投票"] * 2

    voted_anew(hall)
    held = f"本结果宣布后复票，复票无效，已经重新投票，以“{hall.vote.title}”的结果为准。"
    assert in_public(hall) == [(hall.vote.pk, ""), (first.pk, held)]
    report = "复票无效，已由重新投票的计票结果报告单取代"
    assert papers_in_public(hall) == [report, "复票无效，已经重新投票，待重新作出决议", ""]
    resolved(hall)
    assert papers_in_public(hall)[1] == "复票无效，已由重新投票后通过的决议取代"
    reports = Paper.objects.filter(kind="tally_report").order_by("pk")
    assert [paper.superseded for paper in told_superseded(reports)] == [report, ""]


def test_what_a_subdistrict_reads_of_its_results_names_no_presidium(announced, client):
    recount(announced)
    close(announced, 46)
    said, paper = "复票无效，由主席团决定重新投票，以", "复票无效，由主席团决定重新投票</span>"
    page = read(client, "/t/T01/2027/")
    assert said in page and paper in page
    in_a_subdistrict(announced)
    page = read(client, "/t/T01/2027/")
    assert said.replace("主席团", "人大街道工委") in page and paper.replace("主席团", "人大街道工委") in page
    assert "由主席团" not in page


def voted_anew(hall: Hall) -> None:
    """The presidium has decided on another vote, and that is held and announced."""
    revote(hall)
    play_ballot(hall.town, hall.cycle, t=T, present=45, sheet=Sheet(SIPING))


def test_a_vote_counted_again_in_place_of_a_void_recount_is_where_the_first_one_stands(announced):
    hall, first = announced, announced.vote
    recount(hall)
    close(hall, 46)
    voted_anew(hall)
    again = hall.vote
    recount(hall)
    told = {vote.pk: vote.recount for vote in with_recounts(Vote.objects.all())}
    assert (told[first.pk].now, told[again.pk].now) == (hall.vote, hall.vote)
    counting = "本结果宣布后复票，复票无效，重新投票后正在复票，以重新宣布的结果为准。"
    assert in_public(hall) == [(first.pk, counting), (again.pk, UNDER_WAY)]
    papers = ["复票无效，重新投票后正在复票，结果以重新宣布的为准"] * 2 + ["正在复票，结果以重新宣布的为准"]
    assert papers_in_public(hall) == papers


def test_the_page_of_the_session_says_where_the_vote_in_place_of_a_void_recount_stands(announced, client):
    hall, first = announced, announced.vote

    def told() -> str:
        return next(row.told for row in votes_at(hall.session) if row.vote == first)

    recount(hall)
    assert told() == "正在复票，以重新宣布的结果为准"
    close(hall, 46)
    assert told() == "复票无效，由主席团决定重新投票"
    voted_anew(hall)
    assert told() == "复票无效，已经重新投票，以重新投票的结果为准"
    client.force_login(hall.town.of("clerk"))
    page = read(client, reverse("session", args=[hall.session.pk]))
    assert "复票无效，已经重新投票，以重新投票的结果为准" in page and "由主席团决定重新投票" not in page
    recount(hall)
    assert told() == "复票无效，重新投票后正在复票，以重新宣布的结果为准"


# ------------------------------------------------------------------------------- letters


def letters(hall: Hall, action: str) -> list[Delivery]:
    """What the post wrote of the acts of a key, in their order."""
    with connection.cursor() as cursor:  # what a commit does
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    assert post_unit(hall.town.unit.pk)
    return list(Delivery.objects.filter(entry__action=action).order_by("entry_id", "pk"))


def test_the_letter_of_a_corrected_result_says_which_one_it_corrects(announced):
    give_mailboxes()
    never_announced(announced)
    announced_again(announced, SIPING, pair=(5, 6))

    told = letters(announced, "voting.declare")
    heads = list(dict.fromkeys(letter.title.partition("：")[0] for letter in told))
    assert heads == ["票决结果已宣布", "票决结果已更正"]
    first = [letter for letter in told if letter.title.startswith("票决结果已宣布")]
    corrected = [letter for letter in told if letter.title.startswith("票决结果已更正")]
    assert {one.recipient for one in corrected} == {one.recipient for one in first}
    assert all("更正2027年1月20日宣布的结果，以本次宣布的为准" in one.body for one in corrected)
    assert not any("更正" in one.body for one in first)


def test_a_recount_of_what_was_never_announced_corrects_nothing(hall):
    give_mailboxes()
    collected(hall)
    counted(hall, FIRST)
    recount(hall)
    announced_again(hall, SIPING)
    assert all(one.title.startswith("票决结果已宣布") for one in letters(hall, "voting.declare"))


def test_a_vote_held_in_place_of_a_void_recount_corrects_the_result_announced_before(announced):
    give_mailboxes()
    recount(announced)
    close(announced, 46)
    voted_anew(announced)
    last = letters(announced, "voting.declare")[-1]
    assert last.title.startswith("票决结果已更正") and "更正2027年1月20日宣布的结果" in last.body


def test_those_named_to_count_again_read_that_no_recount_is_agreed_to(hall):
    give_mailboxes()
    with_list(hall)
    collected(hall)
    counted(hall, SIPING)
    name(hall)
    ask_recount(hall)
    why = "两次录入相符，没有必要。"
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="decline", reason=why)

    told = {one.recipient: one for one in letters(hall, "voting.recount_confirm")}
    assert set(told) == {*staff(hall), hall.town.of("chief_teller")}
    for user in staff(hall):
        assert told[user].title.startswith("复票未获同意，不必在会场等候")
        assert "监票人不同意复票，您不必在会场等候" in told[user].body and why in told[user].body


def published_all_the_same(hall: Hall) -> None:
    """The recount is asked for once the result is declared; it is resolved on and published without a teller's answer."""
    for office in ("chief", "teller"):
        who = hall.town.of("chief_teller" if office == "chief" else "teller")
        do(f"voting.certify_{office}", who, DAY, confirmed=True)
    do("voting.declare", hall.town.of("chair"), DAY, confirmed=True)
    ask_recount(hall)
    resolved(hall)
    play_announcement(hall.town, hall.cycle, T)


def test_those_named_to_count_again_and_whoever_asked_read_that_the_recount_has_lapsed(hall):
    give_mailboxes()
    with_list(hall)
    collected(hall)
    counted(hall, SIPING)
    name(hall)
    published_all_the_same(hall)

    told = {one.recipient: one for one in letters(hall, "flow.cancel")}
    chief = hall.town.of("chief_teller")
    assert {*staff(hall), chief} <= told.keys()
    for user in staff(hall):
        assert told[user].title.startswith("不再复票，请不必等候")
        assert "您不必在会场等候" in told[user].body and "结果已经公告，不再复票。" in told[user].body
    assert told[chief].title.startswith("您提出的事项不再办理") and "结果已经公告" in told[chief].body
    others = {one.title[:4] for user, one in told.items() if user not in (*staff(hall), chief)}
    assert others == {"事项终止"}


def test_where_nobody_was_named_to_count_again_whoever_asked_alone_reads_that_it_has_lapsed(hall):
    give_mailboxes()
    collected(hall)
    counted(hall, SIPING)
    second_pair(hall)
    published_all_the_same(hall)
    told = letters(hall, "flow.cancel")
    asked = {one.recipient for one in told if one.title.startswith("您提出的事项不再办理")}
    assert asked == {hall.town.of("chief_teller")}
    assert not any(one.title.startswith("不再复票") for one in told)


def test_counters_nobody_has_named_are_not_written_to_about_a_recount_declined(hall):
    give_mailboxes()
    collected(hall)
    counted(hall, SIPING)
    second_pair(hall)
    ask_recount(hall)
    do("voting.recount_confirm", hall.town.of("teller"), DAY, decision="decline", reason="没有必要。")
    assert {one.recipient for one in letters(hall, "voting.recount_confirm")} == {
        hall.town.of("chief_teller")
    }


# ------------------------------------------------------------------------------- pages and trail


BEFORE = "结果宣布前，这里只显示"


def test_the_pages_of_a_void_vote_and_of_a_count_left_to_a_new_vote_await_no_announcement(hall, client):
    collected(hall)
    counted(hall, FIRST)
    first = hall.vote
    recount(hall)
    close(hall, 46)
    void, instead = hall.vote.follows, hall.vote
    client.force_login(hall.town.of("clerk"))

    page = read(client, f"/votes/{void.pk}/")
    assert "本次复票无效，没有复票结果，这里只显示到会和票数。" in page and BEFORE not in page
    page = read(client, f"/votes/{first.pk}/")
    assert "这里只显示到会和票数，得票以重新投票的结果为准。" in page and BEFORE not in page
    assert BEFORE in read(client, f"/votes/{instead.pk}/")


def test_the_page_of_a_vote_made_void_says_that_it_has_no_result(hall, client):
    collected(hall, returned=46)
    client.force_login(hall.town.of("clerk"))
    page = read(client, f"/votes/{hall.vote.follows_id}/")
    assert "本次投票无效，没有投票结果，这里只显示到会和票数。" in page and BEFORE not in page


def test_the_trail_of_a_recount_says_that_ballots_are_counted_again_and_not_that_anybody_votes(announced):
    first = announced.vote
    recount(announced)
    close(announced, 45)

    def moves(vote: Vote) -> list[str]:
        entries = Entry.objects.filter(subject=vote.reference, action__in=("vote.open", "vote.close"))
        return [line_of(entry).what for entry in entries.order_by("pk")]

    assert moves(first) == ["转为“投票中”", "转为“已截止”"]
    assert moves(announced.vote) == ["开始复票", "收回的票重新清点完毕"]
