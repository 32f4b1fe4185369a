"""A deputy's ballot on a telephone: in, mark, check, done; and every way it is refused."""

from __future__ import annotations

import json
import logging
import re
from datetime import date

import pytest
from django.core.cache import cache
from django.db import OperationalError, transaction
from django.test import Client

from projects.ballots import boxes, offline, rolls, sealing
from projects.ballots.models import Box, RollEntry
from projects.ballots.printing import MOST_OF_ACCOUNT
from projects.ballots.services import (
    confirm_closing,
    declare,
    enter_closing,
    open_box,
    open_vote,
    order_vote,
    record_attendance,
    sign,
    void_vote,
)
from projects.cycles.models import RollLine
from projects.cycles.papers import make_paper
from projects.cycles.services import create_cycle
from projects.demo.cast import PASSWORD
from projects.portal import voter, voter_admission
from projects.portal.public_brake import LIMITS
from projects.portal.voter_paper import filled
from projects.site.quiet import VOTERS_PAGES, QuietBallot
from projects.voting.ballot_sheet import sheet_of
from tests.polling import token_with
from tests.projects.ballots.conftest import (  # noqa: F401
    PASSPHRASES,
    hall,
    hall_of,
    met,
    new_hall,
    opening,
    quick_stretching,
)
from workflow.audit.models import Entry
from workflow.flows.errors import Refused
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db

WATER, CLINIC, ROAD = "水厂", "卫生室", "村道"
ENTER, PAPER = "/ballot/", "/ballot/paper/"
NAMES = {"select": "最多选 2 项", "each": "没有表态的项目按弃权计", "rank": "最多排 2 项"}


@pytest.fixture(autouse=True)
def _no_brake():
    cache.clear()


@pytest.fixture
def open_hall(hall):  # noqa: F811
    hall.open()
    return hall


def come_in(hall, name="代表1"):  # noqa: F811
    """A telephone of its own, admitted by a fresh code."""
    phone = Client()
    assert phone.post(ENTER, {"code": hall.new_code(name)}).headers["Location"] == PAPER
    return phone


def text_of(response):
    return response.content.decode()


def token_on(response):
    return re.search(r'name="token" value="([^"]+)"', text_of(response))[1]


def own_token(phone):
    """Another token of the deputy who has come in."""
    return token_with(phone.cookies["ballot"].value, sealing.new_token())


def tracker_on(response):
    return re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", text_of(response))[0]


def cast_by(phone, token=None, **marks):
    token = token or token_on(phone.get(PAPER))
    return phone.post(PAPER, {"op": "cast", "token": token, **marks})


# The way through


@pytest.mark.parametrize(
    ("mode", "marks", "on_check"),
    [
        (
            "select",
            {"m1": "1", "m3": "1"},
            ["您选了 2 项", "1. 水厂", "没有选的 1 项，按弃权计", "2. 卫生室"],
        ),
        ("each", {"m1": "1", "m2": "2"}, ["赞成", "反对", "没有表态，按弃权计"]),
        ("rank", {"m3": "1", "m1": "2"}, ["您排了 2 项", "第 1 位", "3. 村道"]),
    ],
)
def test_a_ballot_is_marked_checked_and_cast_in_four_screens(hall_of, mode, marks, on_check):  # noqa: F811
    hall = hall_of(mode=mode)  # noqa: F811
    hall.hold_keys()
    hall.open()
    phone, code = Client(), hall.new_code("代表1")

    slip = phone.get(f"/ballot/c/{code}/")
    assert "是我本人，进入投票" in text_of(slip)
    paper = phone.post(ENTER, {"code": code}, follow=True)
    assert NAMES[mode] in text_of(paper)
    token = token_on(paper)
    check = phone.post(PAPER, {"op": "check", "token": token, **marks})
    for words in [*on_check, "提交后不能修改"]:
        assert words in text_of(check)
    assert not Box.objects.exists()
    done = phone.post(PAPER, {"op": "cast", "token": token, **marks})

    assert done.status_code == 200 and "您的票已投出" in text_of(done)
    [box] = Box.objects.all()
    assert tracker_on(done) == sealing.tracker_of(bytes(box.cipher))
    assert hall.entry("代表1").voted


@pytest.mark.parametrize(
    ("mode", "marks", "ballot"),
    [
        ("select", {"m1": "1", "m3": "1"}, [WATER, ROAD]),
        ("select", {}, []),
        ("each", {"m1": "1", "m2": "2", "m3": "3"}, {WATER: "for", CLINIC: "against", ROAD: "abstain"}),
        ("rank", {"m1": "2", "m3": "1"}, [ROAD, WATER]),
    ],
)
def test_what_is_sealed_is_what_was_marked(hall_of, mode, marks, ballot):  # noqa: F811
    hall = hall_of(mode=mode)  # noqa: F811

    read = filled(hall.vote, marks)

    assert (read.ballot, read.faults) == (ballot, [])


def test_a_deputy_who_is_signed_in_needs_no_code(open_hall, client):
    user = User.objects.create(username="deputy1", name="代表一")
    RollLine.objects.filter(pk=open_hall.line("代表1").pk).update(user=user)
    client.force_login(user)

    paper = client.get(ENTER, follow=True)
    assert paper.redirect_chain == [(PAPER, 302)] and "请选出您赞成的项目" in text_of(paper)
    assert "接着投票" in text_of(client.get(ENTER)), "in already, the entrance is there for another code"
    assert cast_by(client, m1="1").status_code == 200
    assert open_hall.entry("代表1").voted


def test_a_deputy_who_is_signed_in_with_two_votes_under_way_says_which(hall_of, new_hall, client):  # noqa: F811
    one = hall_of()
    other = new_hall(beside=one)
    user = User.objects.create(username="deputy1", name="代表一")
    RollLine.objects.filter(pk=one.line("代表1").pk).update(user=user)
    for vote in (one, other):
        vote.hold_keys()
        vote.open()
    client.force_login(user)

    assert text_of(client.get(ENTER)).count("您已登录，不用输入投票码") == 2
    paper = client.post(ENTER, {"vote": other.vote.pk}, follow=True)
    assert "请选出您赞成的项目" in text_of(paper)


def test_the_inbox_of_a_deputy_leads_to_the_vote_under_way(open_hall, client):
    user = User.objects.create(username="deputy1", name="代表一")
    RollLine.objects.filter(pk=open_hall.line("代表1").pk).update(user=user)
    grant(user=user, office="deputy", unit=open_hall.unit, act=open_hall.act("admin"), since=date(2020, 1, 1))
    client.force_login(user)

    assert "正在投票" in text_of(client.get("/inbox/"))
    open_hall.vote.__class__.objects.filter(pk=open_hall.vote.pk).update(state="closed")
    assert "正在投票" not in text_of(client.get("/inbox/"))


def test_going_back_to_change_keeps_the_marks_and_stores_nothing(open_hall):
    phone = come_in(open_hall)
    token = token_on(phone.get(PAPER))

    page = phone.post(PAPER, {"op": "fill", "token": token, "m1": "1", "m3": "1"})

    assert token_on(page) == token
    assert re.findall(r'id="(m\d)" checked', text_of(page)) == ["m1", "m3"]
    assert not Box.objects.exists() and not open_hall.entry("代表1").voted


@pytest.mark.parametrize("stage", ["fill", "check"])
def test_larger_letters_keep_the_marks(open_hall, stage):
    phone = come_in(open_hall)
    token = token_on(phone.get(PAPER))

    page = phone.post(PAPER, {"text_size": "xlarge", "stage": stage, "token": token, "m2": "1"})

    assert 'class="text-xlarge"' in text_of(page)
    assert phone.cookies["text_size"].value == "xlarge"
    kept = 'id="m2" checked' if stage == "fill" else 'name="m2" value="1"'
    assert kept in text_of(page)


def test_larger_letters_on_the_last_page_keep_the_receipt(open_hall):
    phone = come_in(open_hall)
    done = cast_by(phone, m1="1")

    again = phone.post(PAPER, {"text_size": "large", "stage": "done", "token": token_on(done)})

    assert tracker_on(again) == tracker_on(done)


def test_the_last_page_of_a_ballot_that_is_not_in_casts_nothing(open_hall):
    phone = come_in(open_hall)

    phone.post(PAPER, {"text_size": "large", "stage": "done", "token": own_token(phone)})

    assert not Box.objects.exists()


# Marks that cannot be cast


@pytest.mark.parametrize(
    ("mode", "marks", "words"),
    [
        ("select", {"m1": "1", "m2": "1", "m3": "1"}, "最多选 2 项，您选了 3 项，请去掉 1 项"),
        ("select", {"m9": "1"}, "没有的项目"),
        ("select", {"m1": "yes"}, "没有的项目"),
        ("each", {"m1": "4"}, "没有的项目"),
        ("rank", {"m1": "1", "m2": "1"}, "第 1 位排了 2 项：水厂、卫生室。每位只能排一项"),
        ("rank", {"m1": "2"}, "第 1 位空着"),
        ("rank", {"m1": "第一"}, "没有的项目"),
    ],
)
@pytest.mark.parametrize("op", ["check", "cast"])
def test_a_ballot_that_would_be_invalid_comes_back_with_its_marks(hall_of, op, mode, marks, words):  # noqa: F811
    hall = hall_of(mode=mode)  # noqa: F811
    hall.hold_keys()
    hall.open()
    phone = come_in(hall)
    token = token_on(phone.get(PAPER))

    page = phone.post(PAPER, {"op": op, "token": token, **marks})

    assert page.status_code == 422 and words in text_of(page) and "error-summary" in text_of(page)
    assert token_on(page) == token
    if mode == "select" and len(marks) == 3:
        assert re.findall(r'id="(m\d)" checked', text_of(page)) == ["m1", "m2", "m3"]
    assert not Box.objects.exists()


def test_too_many_in_favour_is_said_where_the_rules_cap_them(hall_of):  # noqa: F811
    hall = hall_of(mode="each", each_cap=True)  # noqa: F811

    assert filled(hall.vote, {"m1": "1", "m2": "1"}).faults == []
    [fault] = filled(hall.vote, {"m1": "1", "m2": "1", "m3": "1"}).faults
    assert "最多赞成 2 项" in fault


# Once and no more


def test_the_same_ballot_sent_again_is_the_same_ballot(open_hall):
    phone = come_in(open_hall)
    token = token_on(phone.get(PAPER))

    first = cast_by(phone, token, m1="1")
    second = cast_by(phone, token, m3="1")

    assert tracker_on(first) == tracker_on(second)
    assert Box.objects.count() == 1


BEFORE = "这张票先前已经投出，以第一次提交的为准"


def test_marks_changed_after_casting_and_sent_again_are_said_not_to_count(open_hall):
    phone = come_in(open_hall)
    token = token_on(phone.get(PAPER))

    first = cast_by(phone, token, m1="1")
    back = cast_by(phone, token, m3="1")

    assert "您的票已投出" in text_of(first) and BEFORE not in text_of(first)
    assert "您的票已投出" in text_of(back) and BEFORE in text_of(back)
    assert len(first.content) == len(back.content)
    stages = [re.search(r'name="stage" value="(\w+)"', text_of(page))[1] for page in (first, back)]
    larger = [
        phone.post(PAPER, {"token": token, "stage": stage, "text_size": "large"}, follow=True)
        for stage in stages
    ]
    assert [tracker_on(page) == tracker_on(first) for page in larger] == [True, True]
    assert [BEFORE in text_of(page) for page in larger] == [False, True], "each page comes back as it was"


def test_a_tablet_handed_on_neither_shows_nor_casts_what_the_deputy_before_has_marked(open_hall):
    tablet = come_in(open_hall)
    posted = {"token": token_on(tablet.get(PAPER)), "m1": "1", "m3": "1"}
    assert "您选了 2 项" in text_of(tablet.post(PAPER, posted | {"op": "check"}))
    tablet.post(
        ENTER, {"code": open_hall.new_code("代表2")}
    )  # who then goes back in the browser, and sends it again

    for op in ("fill", "check", "cast"):
        page = tablet.post(PAPER, posted | {"op": op})
        assert page.status_code == 200 and " checked" not in text_of(page) and "您选了" not in text_of(page)
        assert token_on(page) != posted["token"]
    assert not Box.objects.exists()
    assert cast_by(tablet, m2="1").status_code == 200 and Box.objects.count() == 1


def test_a_second_device_is_told_that_the_ballot_is_in(open_hall):
    user = User.objects.create(username="deputy1", name="代表一")
    RollLine.objects.filter(pk=open_hall.line("代表1").pk).update(user=user)
    phone, other = come_in(open_hall), Client()
    other.force_login(user)
    other.post(ENTER, {"vote": open_hall.vote.pk})
    token = token_on(other.get(PAPER))
    assert cast_by(phone, m1="1").status_code == 200

    for page in (cast_by(other, token, m1="1"), other.get(PAPER), phone.get(PAPER)):
        assert page.status_code == 409 and "您已经投过票" in text_of(page)
    assert Box.objects.count() == 1


def entrance(phone):
    return text_of(phone.get(ENTER))


def test_the_entrance_of_a_tablet_says_that_a_ballot_was_cast_on_it_and_alarms_nobody(open_hall):
    phone = come_in(open_hall)
    assert "可以接着投" in entrance(phone) and "您已经投过票" not in entrance(phone)
    cast_by(phone, m1="1")
    page = entrance(phone)
    assert (
        "这台设备上已经投出一张票" in page and "请输入您本人的投票码" in page and open_hall.vote.title in page
    )
    assert not any(words in page for words in ("可以接着投", "您已经投过票", "立即告诉监票人"))
    assert "您已经投过票" in text_of(phone.get(PAPER)), "the ballot's own address says so still"
    assert phone.post(ENTER, {"code": open_hall.new_code("代表2")}).headers["Location"] == PAPER
    assert cast_by(phone, m1="1").status_code == 200, "a tablet goes on to the next deputy"
    for number in range(3, 13):
        open_hall.cast(f"代表{number}", [WATER])
    open_hall.close()
    page = entrance(phone)
    assert "已经投出一张票" not in page and "可以接着投" not in page


def test_a_second_device_with_the_code_of_who_has_voted_is_not_sent_for_another_code(open_hall):
    phone, code = Client(), open_hall.new_code("代表1")
    assert phone.post(ENTER, {"code": code}).status_code == 302
    before = text_of(Client().post(ENTER, {"code": code}))
    assert "请换发新码" in before and "已经投票" not in before
    cast_by(phone, m1="1")
    after = text_of(Client().post(ENTER, {"code": code}))
    assert "持此投票码的代表已经投票" in after and "请换发新码" not in after


def test_whoever_has_cast_is_told_that_the_receipt_is_shown_once(open_hall):
    phone = come_in(open_hall)
    assert "回执号只在本页显示，离开本页后不能再看到。" in text_of(cast_by(phone, m1="1"))
    assert "回执号只在投出时显示一次，不能再次显示。" in text_of(phone.get(PAPER))


def test_closed_while_somebody_is_marking(open_hall):
    phone, late = come_in(open_hall), come_in(open_hall, "代表2")
    token = token_on(late.get(PAPER))
    done = cast_by(phone, voted := token_on(phone.get(PAPER)), m1="1")
    for number in range(3, 13):
        open_hall.cast(f"代表{number}", [WATER])
    open_hall.close()

    for page in (cast_by(late, token, m1="1"), late.get(PAPER)):
        assert page.status_code == 409 and "投票已经截止" in text_of(page)
    assert tracker_on(cast_by(phone, voted, m1="1")) == tracker_on(done)


def test_before_opening_a_deputy_is_told_to_wait(hall, client):  # noqa: F811
    user = User.objects.create(username="deputy1", name="代表一")
    RollLine.objects.filter(pk=hall.line("代表1").pk).update(user=user)
    client.force_login(user)

    assert "投票还没有开始" in text_of(client.get(ENTER))
    assert client.post(ENTER, {"vote": hall.vote.pk}).status_code == 403


def test_who_has_taken_paper_votes_on_paper(open_hall):
    phone = come_in(open_hall)
    token = token_on(phone.get(PAPER))
    lines = [open_hall.line(f"代表{n}").pk for n in (1, 2, 3, 4, 5)]
    rolls.to_paper(open_hall.act("teller"), open_hall.locked, lines, reason="网络中断")

    for page in (phone.get(PAPER), cast_by(phone, token, m1="1")):
        assert page.status_code == 409 and "您用纸质票投票" in text_of(page)
    assert not Box.objects.exists()


def test_whose_ballot_was_destroyed_with_the_box_is_told_to_vote_again_on_paper(open_hall):
    phone, other = come_in(open_hall), come_in(open_hall, "代表5")
    token = token_on(phone.get(PAPER))
    assert cast_by(phone, token, m1="1").status_code == 200
    lines = [open_hall.line(f"代表{n}").pk for n in range(5, 13)]
    rolls.to_paper(open_hall.act("teller"), open_hall.locked, lines, reason="网络中断")
    assert "您用纸质票投票" in text_of(other.get(PAPER)), "some still vote by device"
    rolls.empty_box(open_hall.act("chief_teller"), open_hall.locked, reason="电子票太少")

    shown_again = phone.post(PAPER, {"op": "done", "token": token})
    for page in (phone.get(PAPER), cast_by(phone, token, m1="1"), shown_again, other.get(PAPER)):
        assert page.status_code == 409 and "电子票不足规定张数" in text_of(page)
        assert "请领取纸质票" in text_of(page) and "已改领" not in text_of(page)

    open_hall.close(on_paper=12)
    assert "请领取纸质票" not in text_of(phone.get(PAPER)), "the vote is over"


def test_who_is_absent_has_no_ballot(hall, client):  # noqa: F811
    user = User.objects.create(username="deputy12", name="代表十二")
    RollLine.objects.filter(pk=hall.line("代表12").pk).update(user=user)
    hall.open(absent=("代表12",))
    client.force_login(user)
    client.post(ENTER, {"vote": hall.vote.pk})

    page = client.get(PAPER)

    assert page.status_code == 403 and "不在本次投票的到会名册上" in text_of(page)


def test_a_void_vote_says_that_it_is_held_again(open_hall):
    phone = come_in(open_hall)
    void_vote(open_hall.act("chair"), open_hall.vote, reason="重来")

    page = phone.get(PAPER)

    assert page.status_code == 409 and "本次投票已宣布无效" in text_of(page)


# Codes


def test_a_code_opens_on_one_telephone(open_hall):
    code = open_hall.new_code("代表1")
    phone, other = Client(), Client()
    assert phone.post(ENTER, {"code": code.lower()}).status_code == 302

    refused = other.post(ENTER, {"code": code})

    assert refused.status_code == 422 and "已在另一台设备上用过" in text_of(refused)
    assert other.get(PAPER).headers["Location"] == ENTER
    assert phone.post(ENTER, {"code": code}).headers["Location"] == PAPER


def test_looking_at_the_slips_address_does_not_use_the_code_up(open_hall):
    code = open_hall.new_code("代表1")

    Client().get(f"/ballot/c/{code}/")

    assert Client().post(ENTER, {"code": code}).status_code == 302
    assert Client().get("/ballot/c/abc/").status_code == 404


def test_a_new_code_shuts_out_the_telephone_that_used_the_old_one(open_hall):
    thief = come_in(open_hall)
    token = token_on(thief.get(PAPER))

    owner = come_in(open_hall)

    for page in (thief.get(PAPER), cast_by(thief, token, m1="1")):
        assert page.status_code == 403 and "投票码已经换发" in text_of(page)
    assert cast_by(owner, m1="1").status_code == 200


@pytest.mark.parametrize("code", ["", "ABC", "ABCDEFGHJKM!"])
def test_what_is_no_code_is_said_at_the_box(open_hall, code):
    assert Client().post(ENTER, {"code": code}).status_code == 422


def test_wrong_codes_are_braked_and_a_right_one_still_opens(open_hall):
    code = open_hall.new_code("代表1")
    answers = [
        Client().post(ENTER, {"code": "ABCDEFGHJKMN"}).status_code for _try in range(LIMITS["ballot"] + 1)
    ]

    assert answers[-2:] == [422, 429]
    assert Client().post(ENTER, {"code": code}).status_code == 302


# The cookie


def test_without_a_cookie_nothing_can_be_cast(open_hall):
    page = Client().post(PAPER, {"op": "cast", "token": "t", "m1": "1"})

    assert page.status_code == 403 and "请先输入投票码" in text_of(page)


@pytest.mark.parametrize("cookie", ["", "x", "e30:1abc:forged"])
def test_a_forged_cookie_opens_nothing(open_hall, client, cookie):
    client.cookies["ballot"] = cookie

    assert client.get(PAPER).headers["Location"] == ENTER


def test_the_cookie_is_for_the_ballot_alone_and_out_of_reach_of_scripts(open_hall):
    cookie = come_in(open_hall).cookies["ballot"]

    assert cookie["httponly"] and cookie["path"] == "/ballot/" and cookie["samesite"] == "Lax"
    assert cookie["max-age"] == ""


def test_after_signing_out_the_next_person_at_the_computer_has_no_ballot(open_hall, client):
    user = User.objects.create(username="deputy1", name="代表一")
    RollLine.objects.filter(pk=open_hall.line("代表1").pk).update(user=user)
    client.force_login(user)
    client.post(ENTER, {"vote": open_hall.vote.pk})
    assert client.get(PAPER).status_code == 200

    client.logout()

    assert client.get(PAPER).status_code == 302


def test_one_deputy_cannot_come_in_as_another(open_hall, client):
    client.force_login(User.objects.create(username="deputy2", name="代表二"))

    page = client.post(ENTER, {"vote": open_hall.vote.pk})

    assert page.status_code == 403 and "ballot" not in client.cookies


@pytest.mark.parametrize("number", ["x", "-1", "9" * 30, ""])
def test_a_vote_that_is_no_number_opens_nothing(open_hall, client, number):
    client.force_login(User.objects.create(username="deputy2", name="代表二"))

    assert client.post(ENTER, {"vote": number}).status_code == 403


# What stays secret


def test_no_page_of_the_ballot_is_kept_by_a_cache(open_hall):
    phone = come_in(open_hall)
    pages = [phone.get(ENTER), phone.get(PAPER), cast_by(phone, m1="1"), phone.get("/ballot/c/ABCDEFGHJKMN/")]

    assert {page.headers["Cache-Control"] for page in pages} == {"no-store, private"}


def test_casting_writes_no_entry_no_session_and_no_line_of_the_log(open_hall, caplog):
    phone = come_in(open_hall)
    phone.get(PAPER)
    before = Entry.objects.count()
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(quiet := QuietBallot())

    token = token_on(phone.get(PAPER))
    phone.post(PAPER, {"op": "check", "token": token, "m1": "1"})
    cast_by(phone, token, m1="1")
    cast_by(phone, own_token(phone), m1="1")  # refused, which Django would warn of
    Client().post(PAPER, {"op": "cast", "token": token})
    phone.get("/papers/987654/")

    caplog.handler.removeFilter(quiet)
    assert [r.getMessage() for r in caplog.records if "/papers/" in r.getMessage()]
    assert Entry.objects.count() == before
    assert "sessionid" not in phone.cookies
    assert [r.getMessage() for r in caplog.records if "ballot" in r.getMessage()] == []


def test_the_log_filter_knows_where_the_ballot_is(settings):
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["ballot"]
    assert VOTERS_PAGES == voter_admission.PATH


def test_every_page_is_the_same_whichever_way_somebody_voted(hall_of):  # noqa: F811
    hall = hall_of()  # noqa: F811
    hall.hold_keys()
    hall.open()
    first, second = come_in(hall, "代表1"), come_in(hall, "代表2")

    seen = [
        [plain(cast_by(first, m1="1")), plain(first.get(PAPER)), plain(first.get(ENTER))],
        [plain(cast_by(second, m2="1", m3="1")), plain(second.get(PAPER)), plain(second.get(ENTER))],
    ]

    assert seen[0] == seen[1]
    assert len({len(bytes(box.cipher)) for box in Box.objects.all()}) == 1


def plain(response):
    """A page without what is random in it."""
    text = re.sub(r'value="[\w.-]{30,}"', "", text_of(response))
    return response.status_code, re.sub(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", "", text)


# When the machine fails


def test_a_database_that_does_not_answer_leads_to_the_same_ballot_once_more(open_hall, monkeypatch):
    phone = come_in(open_hall)
    token = token_on(phone.get(PAPER))
    real = voter.cast
    monkeypatch.setattr(voter, "cast", lambda *_given: (_ for _ in ()).throw(OperationalError("gone")))
    page = cast_by(phone, token, m1="1", m3="1")
    assert page.status_code == 503 and "还没有收到系统的答复" in text_of(page)
    monkeypatch.setattr(voter, "cast", real)

    sent = dict(re.findall(r'type="hidden" name="(token|stage|m\d)" value="([^"]*)"', text_of(page)))
    assert sent["token"] == token and (sent["m1"], sent["m3"]) == ("1", "1")
    assert phone.post(PAPER, sent | {"op": "cast"}).status_code == 200


# The published list


def published(hall):  # noqa: F811
    act = hall.act("chair")
    cycle = create_cycle(
        act, year=2027, opens_on=date(2026, 9, 1), planned_t=date(2027, 1, 20), planned_t2=date(2028, 1, 18)
    )
    listed = boxes.trackers_of(hall.vote)
    return make_paper(
        act, cycle, "trackers", "电子票回执清单", body="\n".join(listed),
        data={"trackers": listed, "box_digest": hall.vote.box_digest}, step=4, publish=True,
    )  # fmt: skip


def test_a_deputy_finds_the_own_receipt_in_the_published_list(open_hall, client):
    tracker = tracker_on(cast_by(come_in(open_hall), m1="1"))
    for number in range(2, 13):
        open_hall.cast(f"代表{number}", [WATER])
    open_hall.close()
    paper = published(open_hall)
    address = f"/papers/{paper.pk}/trackers/"

    listed = client.get(f"/papers/{paper.pk}/", follow=True)
    assert listed.redirect_chain == [(address, 302)]
    assert tracker in text_of(listed) and "共 12 张电子票" in text_of(listed)
    found = client.post(address, {"tracker": tracker.replace("-", "").lower()})
    assert "这张票在票箱里" in text_of(found)
    missing = client.post(address, {"tracker": "AAAA-BBBB-CCCC-DDDD"})
    assert "不在清单里" in text_of(missing)
    assert client.post(address, {"tracker": ""}).status_code == 422


def test_no_list_is_shown_of_a_paper_that_is_none(open_hall, client):
    assert client.get("/papers/987654/trackers/").status_code == 404


# The desk


@pytest.fixture
def staffed(hall):  # noqa: F811
    """The hall with real offices behind the accounts its acts are done by."""
    return with_offices(hall)


def with_offices(hall):  # noqa: F811
    for office in ("clerk", "chair", "chief_teller", "teller", "mayor"):
        user = hall.act(office).actor
        user.set_password(PASSWORD)
        user.save()
        held = ("deputy", office) if office in ("chair", "chief_teller", "teller") else (office,)
        for code in held:
            grant(user=user, office=code, unit=hall.unit, act=hall.act("admin"), since=date(2020, 1, 1))
    return hall


OWN = {"own_password": PASSWORD}


def at_desk(office):
    client = Client()
    client.force_login(User.objects.get(username=office))
    client.post("/office/", {"grant": RoleGrant.objects.get(user__username=office, office=office).pk})
    return client


def test_codes_are_printed_for_the_hall_and_each_opens_a_ballot(staffed):
    staffed.open(on_paper=tuple(f"代表{n}" for n in (8, 9, 10, 11, 12)))
    address = f"/votes/{staffed.vote.pk}/codes/"
    clerk = at_desk("clerk")
    assert "代表7" in text_of(clerk.get(address)) and "代表12" not in text_of(clerk.get(address))
    lines = [staffed.line("代表1").pk, staffed.line("代表2").pk]

    for wrong in ({}, {"own_password": "别人的密码"}):
        assert clerk.post(address, {"lines": lines} | wrong).status_code == 422
    assert not Entry.objects.filter(action="vote.print_codes").exists()
    slips = clerk.post(address, {"lines": lines} | OWN)

    codes = re.findall(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", text_of(slips))
    assert len(codes) == 2 and text_of(slips).count('class="segno"') == 2
    assert "no-store" in slips.headers["Cache-Control"]
    assert Client().post(ENTER, {"code": codes[1]}).status_code == 302
    assert Entry.objects.filter(action="vote.print_codes").count() == 1
    apply(SYSTEM)
    assert "代表1（已有码）" in text_of(clerk.get(address))


def test_a_second_print_makes_the_first_slip_void(staffed):
    staffed.open()
    address, lines = f"/votes/{staffed.vote.pk}/codes/", [staffed.line("代表1").pk]
    clerk, teller = at_desk("clerk"), at_desk("teller")

    def code_on(slips):
        return re.search(r"([2-9A-Z]{4}-){2}[2-9A-Z]{4}", text_of(slips))[0]

    first = code_on(clerk.post(address, {"lines": lines} | OWN))
    alone = teller.post(address, {"lines": lines} | OWN)
    assert alone.status_code == 422 and "换发投票码须由两人办理" in text_of(alone)
    assert clerk.post(address, {"op": "ask", "lines": lines} | OWN).status_code == 422  # no reason
    asked = {"op": "ask", "lines": lines, "reason": "纸条遗失"}
    assert clerk.post(address, asked).status_code == 422  # no password
    assert clerk.post(address, asked | OWN).status_code == 302
    apply(SYSTEM)
    assert "clerk提出为代表1换发投票码" in text_of(teller.get(address))
    second = code_on(teller.post(address, {"lines": lines} | OWN))

    assert Client().post(ENTER, {"code": first}).status_code == 422
    assert Client().post(ENTER, {"code": second}).status_code == 302


def test_codes_are_printed_by_the_desk_alone_and_while_the_vote_is_open(staffed):
    address = f"/votes/{staffed.vote.pk}/codes/"
    assert "在开始投票以后" in text_of(at_desk("clerk").get(address))
    staffed.open()
    lines = {"lines": [staffed.line("代表1").pk]} | OWN

    for office in ("mayor", "chair"):
        assert at_desk(office).get(address).status_code == 403
        assert at_desk(office).post(address, lines).status_code == 403
    assert Client().get(address).status_code == 302
    assert at_desk("clerk").post(address, {}).status_code == 422
    staffed.cast("代表1", [WATER])
    assert at_desk("clerk").post(address, lines).status_code == 422
    assert RollEntry.objects.exclude(code_hash="").count() == 0


def test_a_holder_prints_the_own_recovery_sheet_against_the_passphrase(staffed):
    address = f"/votes/{staffed.vote.pk}/recovery/"
    holder = at_desk("teller")

    wrong = holder.post(address, {"passphrase": PASSPHRASES["chair"]})
    assert wrong.status_code == 422 and "口令不对" in text_of(wrong)
    assert PASSPHRASES["chair"] not in text_of(wrong)
    sheet = holder.post(address, {"passphrase": PASSPHRASES["teller"]})

    text = re.search(r'recovery-letters">([A-Z2-7 ]+)<', text_of(sheet))[1]
    assert sealing.share_from_sheet(text)
    assert "no-store" in sheet.headers["Cache-Control"]
    assert Entry.objects.filter(action="vote.print_recovery_sheet").count() == 1
    assert at_desk("clerk").get(address).status_code == 403


def test_the_counted_box_is_exported_to_the_own_password_and_the_tool_beside_it_counts_it(staffed):
    address = f"/votes/{staffed.vote.pk}/box/"
    staffed.open()
    for number in range(1, 13):
        staffed.cast(f"代表{number}", [WATER])
    staffed.close()
    early = at_desk("clerk").post(address, OWN)
    assert early.status_code == 409 and "结果宣布以后才能导出" in text_of(early)
    open_box(staffed.act("chief_teller"), staffed.vote, opening("teller"), opening("chair"))
    for office in ("chief_teller", "teller"):
        sign(staffed.act(office), staffed.vote, office)
    declare(staffed.act("chair"), staffed.vote)

    for wrong in ({}, {"own_password": "不是这个口令"}):
        assert at_desk("clerk").post(address, wrong).status_code == 422
    assert not Entry.objects.filter(action="vote.export_box").exists()
    assert "本人登录密码" in text_of(at_desk("clerk").get(address))
    exported = at_desk("clerk").post(address, OWN)

    box = json.loads(exported.content)
    assert "attachment" in exported.headers["Content-Disposition"]
    assert len(offline.check(box)) == 12
    after = json.loads(Entry.objects.get(action="vote.export_box").body)["after"]
    assert (after["box_digest"], after["reauthenticated"]) == (staffed.vote.box_digest, True)
    tool = at_desk("clerk").get("/votes/count_box.py")
    assert b"def count(" in tool.content and "count_box.py" in tool.headers["Content-Disposition"]
    assert at_desk("mayor").post(address, OWN).status_code == 403


def test_the_votes_page_leads_each_office_to_what_it_may_do(staffed):
    staffed.open()
    page = f"/votes/{staffed.vote.pk}/"

    clerk, teller, mayor = (text_of(at_desk(office).get(page)) for office in ("clerk", "teller", "mayor"))

    assert "打印投票码" in clerk and "打印我的密钥恢复单" not in clerk
    assert "打印投票码" in teller and "打印我的密钥恢复单" in teller
    assert "打开会场大屏" in mayor and "打印投票码" not in mayor


# The screen of the hall


def board_of(hall, office="clerk"):  # noqa: F811
    page = at_desk(office).get(f"/hall/{hall.vote.pk}/board/")
    assert page.status_code == 200
    return text_of(page)


def test_the_screen_shows_turnout_then_counting_then_the_result_both_tellers_signed(staffed):
    assert "等待开始投票" in board_of(staffed)
    staffed.open()
    for number in range(1, 13):
        staffed.cast(f"代表{number}", [WATER, CLINIC] if number < 8 else [WATER])
        if number == 6:
            assert "电子票已投 6 张，共 12 张" in board_of(staffed)
    before = board_of(staffed)
    assert WATER not in before
    staffed.close()
    closed = board_of(staffed)
    assert "正在计票" in closed and WATER not in closed
    open_box(staffed.act("chief_teller"), staffed.vote, opening("teller"), opening("chair"))
    assert board_of(staffed) == closed
    sign(staffed.act("chief_teller"), staffed.vote, "chief_teller")
    assert board_of(staffed) == closed
    sign(staffed.act("teller"), staffed.vote, "teller")

    signed = board_of(staffed)

    assert "计票结果已签字，请听主持人宣布结果" in signed
    assert signed.index(WATER) < signed.index(CLINIC) < signed.index(ROAD)
    assert signed.count("✓ 入选") == 2 and signed.count("未入选") == 1
    assert "竖线：须得 7 票以上通过" in signed and "12 票" in signed
    declare(staffed.act("chair"), staffed.vote)
    shown = board_of(staffed)
    assert "请听主持人" not in shown and shown.count("✓ 入选") == 2


def test_of_a_vote_on_paper_the_screen_tells_what_was_handed_out_and_counted_back(hall_of):  # noqa: F811
    hall = with_offices(hall_of(device=False))  # noqa: F811
    hall.open()
    assert "已发出 12 张，尚未收回" in board_of(hall)
    enter_closing(hall.act("chief_teller"), hall.vote, returned=11)
    assert "发出 12 张，收回 11 张，待监票人核对" in board_of(hall)
    confirm_closing(hall.act("teller"), hall.vote)
    counting = board_of(hall)
    assert "正在计票" in counting and "发出 12 张，收回 11 张" in counting and "待监票人" not in counting


def test_the_screen_says_that_a_vote_is_void_and_why_until_the_next_one_opens(hall_of):  # noqa: F811
    hall = with_offices(hall_of(device=False))  # noqa: F811
    asked = hall.vote
    assert "上次投票无效" not in board_of(hall)
    hall.open()
    enter_closing(hall.act("chief_teller"), hall.vote, returned=13)
    assert "上次投票无效" not in board_of(hall), "nothing is void before a second person has counted"
    again = confirm_closing(hall.act("teller"), hall.vote)

    for vote in (asked, again):
        shown = text_of(at_desk("clerk").get(f"/hall/{vote.pk}/board/"))
        assert (
            "上次投票无效，待主席团决定重新投票" in shown
            and "原因：收回表决票 13 张，多于发出的 12 张" in shown
        )
        assert "等待开始投票" not in shown and "收回表决票 —" not in shown
    with pytest.raises(Refused, match="须由主席团决定重新投票"):
        open_vote(hall.act("chair"), again, present=12, on_leave=0, issued=12)
    order_vote(again, met(hall.unit))
    record_attendance(hall.act("clerk"), again, present=12, on_leave=0)
    assert "上次投票无效，重新投票" in board_of(hall)
    open_vote(hall.act("chair"), again, present=12, on_leave=0, issued=12)
    opened = board_of(hall)
    assert "已发出 12 张，尚未收回" in opened and "无效" not in opened


def test_of_a_vote_the_presidium_has_made_void_the_screen_says_its_reason_and_no_sum(staffed):
    staffed.open()
    for number in range(1, 13):
        staffed.cast(f"代表{number}", [WATER])
    staffed.close()
    open_box(staffed.act("chief_teller"), staffed.vote, opening("teller"), opening("chair"))
    reason = "投票箱封条破损，结果不能认定"
    void_vote(staffed.act("chair"), staffed.vote, reason=reason, ordered_by=met(staffed.unit))

    shown = board_of(staffed)

    assert "上次投票无效，重新投票" in shown and "原因：投票箱封条破损，结果不能认定" in shown
    assert WATER not in shown and "有效票" not in shown and "等待开始投票" not in shown


def test_the_screen_is_for_the_townships_own_staff(staffed):
    address = f"/hall/{staffed.vote.pk}/"
    county = User.objects.create(username="county", name="县人大")
    grant(
        user=county,
        office="county",
        unit=staffed.unit.parent,
        act=staffed.act("admin"),
        since=date(2020, 1, 1),
    )

    assert at_desk("clerk").get(address).status_code == 200
    assert at_desk("county").get(address).status_code == 403
    assert Client().get(address).status_code == 302
    assert Client().get(f"{address}board/").status_code == 401
    assert at_desk("clerk").get("/hall/987654/").status_code == 404


def test_before_declaration_no_page_tells_one_way_of_voting_from_another(hall_of):  # noqa: F811
    before, after = [], []
    for ballot in ([WATER], [CLINIC, ROAD]):
        world = transaction.savepoint()
        hall = with_offices(hall_of())  # noqa: F811
        hall.hold_keys()
        hall.open()
        hall.cast("代表1", ballot)
        for number in range(2, 9):
            hall.cast(f"代表{number}", [ROAD])
        before.append(seen_by_the_desk(hall))
        hall.close()
        open_box(hall.act("chief_teller"), hall.vote, opening("teller"), opening("chair"))
        after.append(seen_by_the_desk(hall))
        transaction.savepoint_rollback(world)

    assert before[0] == before[1] and after[0] == after[1]
    assert len(before[0]) == 11 and before[0] != after[0]


def seen_by_the_desk(hall):  # noqa: F811
    """Every page around the vote as two offices see it, without the numbers of records."""
    paths = ["/votes/{pk}/", "/hall/{pk}/", "/hall/{pk}/board/", "/votes/", "/inbox/"]
    seen = [
        (office, path, at_desk(office).get(path.format(pk=hall.vote.pk)))
        for office, there in (("clerk", [*paths, "/votes/{pk}/codes/"]), ("mayor", paths))
        for path in there
    ]
    apply(SYSTEM)
    return [(office, path, page.status_code, without_numbers(page)) for office, path, page in seen]


def without_numbers(page):
    text = re.sub(r'value="\w+"|/(votes|hall|vote|sessions)/\d+/', "", text_of(page))
    return re.sub(r"封存摘要 \w+", "", text)


# What it says of a project

SAID = re.compile(r"<details[^>]*>.*?</details>", re.S)
ACCOUNT = "新建村级供水管道 12 公里，改造泵房 3 座，解决 4 个村 2300 人季节性缺水问题"


def facts_on(response):
    """Of every project, what stands in its folded part."""
    return [
        list(zip(*(re.findall(rf"<{tag}>(.*?)</{tag}>", part) for tag in ("dt", "dd")), strict=True))
        for part in SAID.findall(text_of(response))
    ]


@pytest.mark.parametrize("mode", ["select", "each", "rank"])
def test_a_telephone_says_of_every_project_what_the_printed_ballot_says(hall_of, mode):  # noqa: F811
    hall = hall_of(mode=mode)  # noqa: F811
    hall.describe(ACCOUNT)
    hall.hold_keys()
    hall.open()
    shown = facts_on(come_in(hall).get(PAPER))

    printed = [facts for _number, _title, facts in sheet_of(hall.vote, None).rows]
    assert len(shown) == len(printed) == 3
    for told, facts in zip(shown, printed, strict=True):
        finish_by = facts.finish_by.replace("\n", "")
        assert told == [
            ("总投资", facts.investment), ("项目论述", facts.account), ("完成时间", finish_by), ("民意", facts.support)
        ]  # fmt: skip
    assert shown[1][:2] == [("总投资", "200 万元"), ("项目论述", f"{ACCOUNT}（之2）")]


def test_what_is_no_project_of_the_year_has_nothing_to_unfold(open_hall):
    page = text_of(come_in(open_hall).get(PAPER))
    assert (
        WATER in page and "<details" not in page and sheet_of(open_hall.vote, None).rows[0][2].account == ""
    )


def test_a_long_account_is_as_long_on_a_telephone_as_on_the_sheet_with_most_room(hall_of):  # noqa: F811
    hall = hall_of()  # noqa: F811
    hall.describe(ACCOUNT * 9)
    line = filled(hall.vote).lines[0]
    account = str(dict(line.facts)["项目论述"])
    assert len(account) <= MOST_OF_ACCOUNT and account.endswith("……") and account[:-2] in ACCOUNT * 9


@pytest.mark.parametrize("mode", ["select", "each", "rank"])
def test_the_ballot_with_all_it_says_is_of_one_size_whatever_is_marked_on_it(hall_of, mode, monkeypatch):  # noqa: F811
    monkeypatch.setattr(voter, "_of_one_size", lambda page, _size: page)  # as it is before it is filled up
    hall = hall_of(tuple(f"村道{n}" for n in range(1, 10)), seats=9, mode=mode)  # noqa: F811
    hall.describe(ACCOUNT)
    hall.hold_keys()
    hall.open()
    phone = come_in(hall)
    token = token_on(phone.get(PAPER))
    sizes = {
        len(re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text_of(page)).encode())
        for page in (
            phone.post(
                PAPER,
                {
                    "op": "fill",
                    "token": token,
                    **{f"m{n}": str(n if mode == "rank" else 1) for n in range(1, most)},
                },
            )
            for most in (1, 2, 5, 10)
        )
    }
    assert len(sizes) == 1


def test_the_pages_of_the_longest_ballot_a_sheet_takes_are_of_one_size_too(hall_of):  # noqa: F811
    hall = hall_of(tuple(f"农村饮用水管网延伸工程{n}" for n in range(40)), seats=9, mode="each")  # noqa: F811
    hall.describe(ACCOUNT * 9)
    hall.hold_keys()
    hall.open()
    phone = come_in(hall)
    page = phone.get(PAPER)
    check = phone.post(PAPER, {"op": "check", "token": token_on(page), "m1": "1"})
    assert len(page.content) == len(check.content) == 4 * voter.PAGE_BYTES and len(facts_on(page)) == 40
    done = cast_by(phone, m1="1")
    told = phone.get(PAPER)
    assert "您已经投过票" in text_of(told) and len(told.content) == len(done.content) == len(page.content)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("mode", ["select", "each", "rank"])
def test_what_is_said_against_a_ballot_makes_its_page_no_larger(hall_of, mode, language):  # noqa: F811
    titles = tuple(f"农村饮用水管网延伸改造和水质提升工程第{n}标段" for n in range(1, 25))
    hall = hall_of(titles, seats=9, mode=mode, each_cap=True)  # noqa: F811
    hall.describe(ACCOUNT * 9)
    hall.hold_keys()
    hall.open()
    phone = come_in(hall)
    known = {"headers": {"accept-language": language}}
    page = phone.get(PAPER, **known)
    marks = {f"m{n}": "1" for n in range(1, 25)}
    wrong = phone.post(PAPER, {"op": "check", "token": token_on(page), **marks}, **known)
    assert wrong.status_code == 422 and len(wrong.content) == len(page.content)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_said_of_every_place_filled_twice_has_its_room(hall_of, language, monkeypatch):  # noqa: F811
    monkeypatch.setattr(
        voter, "PAGE_BYTES", 1
    )  # the size is what is reckoned with, and no chance has a part in it
    hall = hall_of(tuple(f"道路&桥梁{n}" for n in range(1, 41)), seats=40, mode="rank")  # noqa: F811
    hall.hold_keys()
    hall.open()
    phone = come_in(hall)
    known = {"headers": {"accept-language": language}}
    page = phone.get(PAPER, **known)
    twice = {f"m{n}": f"{(n + 1) // 2:02}" for n in range(1, 41)}
    wrong = phone.post(PAPER, {"op": "check", "token": token_on(page), **twice}, **known)
    assert wrong.status_code == 422 and text_of(wrong).count('<li><a href="#m1">') == 20
    assert len(wrong.content) == len(page.content)
