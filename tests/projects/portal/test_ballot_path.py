"""What a cast over HTTP costs and leaves behind: no session is read, no size tells anything, no clock matters."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from projects.ballots import rolls, together
from projects.ballots.models import Box, RollEntry, Vote
from projects.cycles.models import RollLine
from projects.portal.voter import PAGE_BYTES
from projects.portal.voter_paper import forget_sheet
from projects.site import wsgi
from projects.site.light import FORM, CastsAtTheDoor
from tests.polling import FORM_KEY, token_with
from tests.projects.ballots.conftest import Hall, hall_of, new_hall, quick_stretching  # noqa: F401
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, apply, within
from workflow.people.models import Unit, User
from workflow.roles.services import grant

TRACKER = r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}"
ENTER, PAPER = "/ballot/", "/ballot/paper/"


@pytest.fixture(autouse=True)
def _no_brake():
    cache.clear()


@pytest.fixture
def committed(fresh_database: str, quick_stretching: None, new_hall: Callable[..., Hall]) -> Hall:  # noqa: F811
    with within(SYSTEM):
        made = new_hall()
        made.hold_keys()
        made.open()
    return made


def code_of(hall: Hall, name: str) -> str:
    [(_entry, code)] = rolls.new_codes(hall.act("clerk"), hall.locked, [hall.line(name).pk])
    return code


def come_in(hall: Hall, name: str) -> Client:
    with within(SYSTEM):
        code = code_of(hall, name)
    phone = Client()
    assert phone.post(ENTER, {"code": code}).headers["Location"] == PAPER
    return phone


def come_in_by_sign_in(hall: Hall, name: str) -> Client:
    with within(SYSTEM):
        user = User.objects.create(username=name, name=name)
        RollLine.objects.filter(pk=hall.line(name).pk).update(user=user)
        grant(user=user, office="deputy", unit=hall.unit, act=hall.act("admin"), since=date(2020, 1, 1))
    phone = Client()
    phone.force_login(user)
    assert phone.post(ENTER, {"vote": hall.vote.pk}).headers["Location"] == PAPER
    return phone


def come_in_encrypted(hall: Hall, name: str) -> Client:
    with within(SYSTEM):
        code = code_of(hall, name)
    phone = Client()
    phone.post(ENTER, {"code": code}, secure=True)
    return phone


def token_on(page: object) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.content.decode())[1]


# One round trip


@pytest.mark.parametrize("come", [come_in, come_in_by_sign_in])
def test_casting_reads_no_session_no_user_and_no_roll_of_its_own(committed, come, monkeypatch):
    phone = come(committed, "代表1")
    token = token_on(phone.get(PAPER))
    batches, real = [], together._Writer._commit
    monkeypatch.setattr(
        together._Writer, "_commit", lambda self, batch: batches.append(batch) or real(self, batch)
    )

    with CaptureQueriesContext(connection) as seen:
        page = phone.post(PAPER, {"op": "cast", "token": token, "m1": "1"})

    assert page.status_code == 200 and "您的票已投出" in page.content.decode()
    assert [query["sql"] for query in seen] == []
    assert len(batches) == 1


def test_the_ballot_is_shown_with_one_read(committed):
    phone = come_in(committed, "代表1")
    phone.get(PAPER)

    with CaptureQueriesContext(connection) as seen:
        phone.get(PAPER)

    assert len([query for query in seen if "FROM" in query["sql"]]) == 1


def test_a_sheet_the_database_no_longer_knows_is_read_anew_and_the_same_ballot_is_taken(committed):
    phone = come_in(committed, "代表1")
    token = token_on(phone.get(PAPER))
    with within(SYSTEM):
        Vote.objects.filter(pk=committed.vote.pk).update(public_key="11" * 32)

    away = phone.post(PAPER, {"op": "cast", "token": token, "m1": "1"})
    done = phone.post(PAPER, {"op": "cast", "token": token, "m1": "1"})

    assert (away.status_code, done.status_code) == (503, 200)
    assert "可以换发投票码，用会场的平板电脑投票" in away.content.decode(), "paper is refused to a few"
    with within(SYSTEM):
        assert Box.objects.count() == 1


@contextmanager
def standing_still() -> Iterator[None]:
    """The server's process that stores the ballots of this one neither answers nor hangs up."""
    if settings.CLUSTER is None:
        pytest.skip("the processes of another machine cannot be stopped")
    pid = together._WRITER._opened.info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_server_that_gives_no_answer_leads_to_the_page_that_sends_the_ballot_again(committed, monkeypatch):
    first, second = come_in(committed, "代表1"), come_in(committed, "代表2")
    assert (
        first.post(
            PAPER, {"op": "cast", "token": token_with(first.cookies["ballot"].value, "first"), "m1": "1"}
        ).status_code
        == 200
    )
    sent = {"op": "cast", "token": token_with(second.cookies["ballot"].value, "second"), "m1": "1"}

    with standing_still(), monkeypatch.context() as short:
        short.setattr(together, "PATIENCE_SECONDS", 0.3)
        away = second.post(PAPER, sent)
    done = second.post(PAPER, sent)

    assert (away.status_code, done.status_code) == (503, 200)
    assert "再提交一次" in away.content.decode() and "您的票已投出" in done.content.decode()
    with within(SYSTEM):
        assert Box.objects.count() == 2


# At the door


Answer = tuple[str, dict[str, str], str]


class Door:
    """The site as a web server calls it; left: how many requests the door left to the site."""

    def __init__(self) -> None:
        self.left, self.site = 0, WSGIHandler()
        self.at_the_door = CastsAtTheDoor(self._site)

    def _site(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.left += 1
        return self.site(environ, start_response)

    def ask(self, phone: Client, posted: dict[str, str], *, by: Any = None, **more: str) -> Answer:
        """Status, headers and page; by: the site alone, in place of the door."""
        cookies = {"csrftoken": FORM_KEY, "ballot": phone.cookies["ballot"].value} | more.pop("cookies", {})
        sent = {"op": "cast", "token": token_with(phone.cookies["ballot"].value, "t" * 32)}
        body = urlencode(sent | {"csrfmiddlewaretoken": FORM_KEY} | posted)
        asked = RequestFactory(HTTP_COOKIE="; ".join(f"{name}={value}" for name, value in cookies.items()))
        told: list[Any] = []
        pages = (by or self.at_the_door)(
            asked.post(PAPER, body, FORM, **more).environ,
            lambda status, headers: told.extend((status, headers)),
        )
        page = b"".join(pages).decode()
        page = page.replace(sent["token"], "the token")
        return told[0][:3], dict(told[1]), re.sub(TRACKER, "the receipt", page)


@pytest.mark.parametrize("more", [{}, {"HTTP_ACCEPT_LANGUAGE": "en"}, {"cookies": {"text_size": "xlarge"}}])
def test_what_is_cast_at_the_door_is_answered_as_the_site_answers_it(committed, more):
    door = Door()
    phones = [come_in(committed, f"代表{n}") for n in range(1, 5)]

    first, *others = (door.ask(phone, {"m1": "1"}, **dict(more)) for phone in phones[:3])
    alone = door.ask(phones[3], {"m1": "1"}, by=door.site, **dict(more))

    assert door.left == 1, "the page is rendered by the site once"
    assert [first, *others] == [alone] * 3 and alone[0] == "200"
    assert "the receipt" in alone[2] and len(alone[2].encode()) > 0.9 * PAGE_BYTES
    with within(SYSTEM):
        assert Box.objects.count() == RollEntry.objects.filter(voted=True).count() == 4


def test_a_page_rendered_once_says_of_every_vote_what_is_its_own(committed):
    door = Door()
    phones = [come_in(committed, f"代表{n}") for n in range(1, 4)]
    first = door.ask(phones[0], {"m1": "1"})
    with within(SYSTEM):
        Unit.objects.filter(pk=committed.unit.pk).update(name="白云<b>镇", code="T-2")
    forget_sheet(committed.vote.pk)

    second = door.ask(phones[1], {"m1": "1"})

    assert door.left == 1, "its sheet is read at the door"
    assert second == door.ask(phones[2], {"m1": "1"}, by=door.site)
    assert "青溪镇第十九届人民代表大会第二次会议" in first[2] and 'href="/t/T/"' in first[2]
    assert "白云&lt;b&gt;镇第十九届人民代表大会第二次会议" in second[2] and 'href="/t/T-2/"' in second[2]
    assert "到白云&lt;b&gt;镇公开页面" in second[2] and "青溪镇" not in second[2]


HITCHES: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "another form's key": ("403", {"csrfmiddlewaretoken": "x" * 32}, {}),
    "a page of another site": ("403", {}, {"HTTP_ORIGIN": "https://elsewhere.example"}),
    "another host": ("400", {}, {"HTTP_HOST": "elsewhere.example"}),
    "a cookie that was tampered with": ("403", {}, {"cookies": {"ballot": "1:2:3"}}),
    "too many marks": ("422", {"m2": "1", "m3": "1"}, {}),
    "a project that does not stand on it": ("422", {"m9": "1"}, {}),
    "no token": ("200", {"token": ""}, {}),
    "a token that is too long": ("200", {"token": "t" * 65}, {}),
    "another deputy's token": ("200", {"token": f"{'t' * 32}.{'0' * 16}"}, {}),
    "a look before casting": ("200", {"op": "check"}, {}),
    "larger letters": ("200", {"text_size": "large", "stage": "check"}, {}),
}


@pytest.mark.parametrize("hitch", HITCHES)
def test_whatever_is_out_of_the_ordinary_is_the_sites_to_answer_and_casts_nothing(committed, hitch):
    status, posted, more = HITCHES[hitch]
    door, phone = Door(), come_in(committed, "代表2")
    door.ask(come_in(committed, "代表1"), {"m1": "1"})
    assert door.left == 1

    assert door.ask(phone, {"m1": "1"} | posted, **dict(more))[0] == status

    assert door.left == 2
    with within(SYSTEM):
        assert Box.objects.count() == 1
    assert door.ask(phone, {"m1": "1"})[0] == "200" and door.left == 2
    with within(SYSTEM):
        assert Box.objects.count() == 2


def test_who_has_voted_or_comes_too_late_is_told_so_by_the_site(committed):
    door = Door()
    phones = [come_in(committed, f"代表{n}") for n in range(1, 7)]
    for phone in phones[:5]:
        assert door.ask(phone, {"m1": "1"})[0] == "200"
    assert door.left == 1

    another = token_with(phones[0].cookies["ballot"].value, "another")
    assert "您已经投过票" in door.ask(phones[0], {"token": another})[2]
    with within(SYSTEM):
        committed.close()
    assert "投票已经截止" in door.ask(phones[5], {"m1": "1"})[2]

    assert door.left == 3
    assert door.ask(phones[0], {"m1": "1"})[0] == "200", "a ballot that is in finds itself"


def test_a_ballot_sent_again_is_told_by_the_site_that_the_first_one_counts(committed):
    door, phone = Door(), come_in(committed, "代表1")
    first = door.ask(phone, {"m1": "1"})

    back = door.ask(phone, {"m2": "1"})

    assert door.left == 2 and back == door.ask(phone, {"m2": "1"}, by=door.site)
    told = "这张票先前已经投出，以第一次提交的为准"
    assert told in back[2] and told not in first[2]
    assert first[1]["Content-Length"] == back[1]["Content-Length"]
    with within(SYSTEM):
        assert Box.objects.count() == 1


def test_a_ballot_whose_answer_was_lost_on_the_way_to_the_site_is_its_own(committed, monkeypatch):
    phone, real = come_in(committed, "代表1"), together._Writer._commit

    def lost(writer, batch):
        real(writer, batch)
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(together._Writer, "_commit", lost)
    sent = {"op": "cast", "token": token_with(phone.cookies["ballot"].value, "mine"), "m1": "1"}
    page = phone.post(PAPER, sent)

    assert "您的票已投出" in page.content.decode() and "先前已经投出" not in page.content.decode()


def test_where_every_request_must_be_encrypted_no_other_is_answered_at_the_door(committed, settings):
    settings.SECURE_SSL_REDIRECT = True
    door, phones = Door(), [come_in_encrypted(committed, name) for name in ("代表1", "代表2")]
    encrypted = {
        "wsgi.url_scheme": "https",
        "SERVER_PORT": "443",
        "HTTP_REFERER": f"https://testserver{PAPER}",
    }
    assert [door.ask(phone, {"m1": "1"}, **encrypted)[0] for phone in phones] == ["200", "200"]
    assert door.left == 1

    assert door.ask(phones[0], {"m1": "1"})[0] == "301"

    assert door.left == 2


def test_a_page_is_handed_to_the_web_server_in_one_piece():
    environ = RequestFactory(HTTP_HOST="testserver").get("/login/").environ

    assert [type(part) for part in wsgi.site(environ, lambda status, headers: None)] == [bytes]
    assert isinstance(wsgi.site(environ, lambda status, headers: None), list)


# Sizes


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "marks"),
    [
        ("select", [{}, {"m1": "1"}, {"m1": "1", "m3": "1"}]),
        ("each", [{}, {"m2": "2"}, {"m1": "1", "m2": "3", "m3": "2"}]),
        (
            "rank",
            [{"m1": "0", "m2": "0", "m3": "0"}, {"m1": "0", "m2": "1", "m3": "0"}, {"m3": "1", "m1": "2"}],
        ),
    ],
)
def test_neither_the_pages_nor_what_they_send_tell_by_their_size(hall_of, mode, marks):  # noqa: F811
    hall = hall_of(mode=mode)
    hall.describe("硬化村道 3 公里，安装路灯 60 盏，改善出行条件。")
    hall.hold_keys()
    hall.open()
    pages, sent = set(), set()
    for number, marked in enumerate(marks, 1):
        phone = Client()
        phone.post(ENTER, {"code": code_of(hall, f"代表{number}")})
        paper = phone.get(PAPER)
        check = phone.post(PAPER, {"op": "check", "token": token_on(paper), **marked})
        fields = re.findall(
            r'type="hidden" name="(token|stage|m\d+)" value="([^"]*)"', check.content.decode()
        )
        done = phone.post(PAPER, dict(fields) | {"op": "cast"})
        assert done.status_code == 200
        pages |= {len(paper.content), len(check.content), len(done.content), len(phone.get(PAPER).content)}
        sent.add(len(urlencode(fields)))

    assert pages == {PAGE_BYTES}, "three projects and all that is said of them"
    assert len(sent) == 1
    assert [name for name, _value in fields if name.startswith("m")] == ["m1", "m2", "m3"]


@pytest.mark.django_db
def test_places_of_two_digits_are_posted_with_two(hall_of):  # noqa: F811
    hall = hall_of(tuple(f"项目{n}" for n in range(1, 13)), mode="rank", seats=11)
    hall.hold_keys()
    hall.open()
    phone = Client()
    phone.post(ENTER, {"code": code_of(hall, "代表1")})
    paper = phone.get(PAPER)
    assert 'value="00"' in paper.content.decode() and 'value="11"' in paper.content.decode()
    ranked = {f"m{n}": f"{n:02}" for n in range(1, 12)} | {"m12": "00"}

    check = phone.post(PAPER, {"op": "check", "token": token_on(paper), **ranked})
    assert "您排了 11 项" in check.content.decode()
    fields = re.findall(r'type="hidden" name="(m\d+)" value="([^"]*)"', check.content.decode())
    assert dict(fields) == ranked
    done = phone.post(PAPER, {"op": "cast", "token": token_on(paper), **dict(fields)})
    assert "您的票已投出" in done.content.decode()


# What is left behind


@pytest.mark.django_db
def test_an_auditor_who_opens_a_voters_page_leaves_no_time_in_the_trail(hall_of):  # noqa: F811
    hall = hall_of()
    hall.hold_keys()
    hall.open()
    user = User.objects.create(username="auditor", name="周正")
    grant(
        user=user,
        office="auditor",
        unit=hall.unit,
        act=hall.act("admin"),
        since=date(2020, 1, 1),
        document="审通1号",
        until=date(2040, 1, 1),
    )
    browser = Client()
    browser.force_login(user)
    before = Entry.objects.count()
    browser.get("/rulebook/")
    apply(SYSTEM)
    assert Entry.objects.count() == before + 1

    for address in (ENTER, PAPER, "/ballot/c/ABCDEFGHJKMN/"):
        browser.get(address)

    apply(SYSTEM)
    assert Entry.objects.count() == before + 1


# Clocks


@pytest.mark.django_db
@pytest.mark.parametrize("year", [1999, 2099])
def test_a_clock_that_jumps_back_or_ahead_shuts_no_admitted_deputy_out(hall_of, monkeypatch, year):  # noqa: F811
    hall = hall_of()
    hall.hold_keys()
    hall.open()
    phone = Client()
    phone.post(ENTER, {"code": code_of(hall, "代表1")})
    assert phone.cookies["ballot"]["max-age"] == phone.cookies["ballot"]["expires"] == ""
    wrong = datetime(year, 1, 1, tzinfo=UTC)
    monkeypatch.setattr("time.time", wrong.timestamp)
    monkeypatch.setattr("django.utils.timezone.now", lambda: wrong)

    page = phone.post(PAPER, {"op": "cast", "token": token_on(phone.get(PAPER)), "m1": "1"})

    assert page.status_code == 200 and "您的票已投出" in page.content.decode()
    apply(SYSTEM)
    assert RollEntry.objects.get(vote=hall.vote, line__name="代表1").voted and Box.objects.count() == 1
