"""Channels outside: what leaves, what the services answer, and what is surely known of it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import demonstration, sending
from notifications.addresses import remove_group, save_group, save_own
from notifications.channels import enterable, offered
from notifications.channels.text import number_of, within_bytes
from notifications.models import Address, Delivery
from notifications.sealing import masked, opened
from notifications.selectors import own_letters
from tests.builders import SINCE, at, do, meeting_of, open_task, township
from tests.notifications.conftest import SCHEME, administrator
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import NotYourTurn, Refused
from workflow.flows.models import Deadline
from workflow.flows.services import urge
from workflow.people.isolation import PUBLIC, SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.services import grant

pytestmark = pytest.mark.django_db

ROBOTS = {
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=566cc69da782ec33d42b541dc2e5e00e",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/0b2b4a11-47b0-4d3b-9c1c-2f1d3a0c9e77",
    "sms": "138 0013 8000",
}
SECRET = "SEC" + "0a1b2c3d" * 8


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):  # type: ignore[no-untyped-def]
    """What the demonstration's receiver keeps is this test's own."""
    settings.VAR_DIR = tmp_path
    settings.LETTERS_RECEIVER = "file"
    return tmp_path


def held(user: User, office: str) -> RoleGrant:
    return RoleGrant.objects.filter(user=user, office=office).select_related("tenant", "unit").get()


def urged(town, post) -> dict[str, Delivery]:  # type: ignore[no-untyped-def]
    post()
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-18")), words="请尽快报送。")
    return {d.channel if d.recipient else f"group {d.channel}": d for d in post()}


def keep_group(town, channel: str, **more: str) -> Address:  # type: ignore[no-untyped-def]
    given = {"given": ROBOTS[channel], "secret": "", "least": "normal"} | more
    grant = held(town.of("clerk"), "clerk")
    return save_group(town.act("clerk", at("2026-08-11")), grant, town.unit, channel=channel, **given)


# ------------------------------------------------------------------------ what arrives, word for word


@pytest.mark.parametrize("channel", ["wecom", "dingtalk", "feishu", "sms"])
def test_a_letter_arrives_by_every_channel_its_reader_has_entered(channel, town, cycle, post) -> None:
    save_own(town.of("chair"), at("2026-08-11"), channel=channel, given=ROBOTS[channel])
    letters = urged(town, post)
    assert set(letters) == {"in_app", "email", channel}
    sending.send_some(10)
    (arrived,) = demonstration.received(10)
    assert arrived.channel == channel and "催办：拟订年度实施方案" in arrived.text
    assert number_of(letters[channel]) in arrived.text
    letters[channel].refresh_from_db()
    assert (letters[channel].status, letters[channel].tries) == ("sent", 1)


def test_a_group_hears_once_of_what_is_told_to_its_offices(town, cycle, post) -> None:
    keep_group(town, "wecom")
    letters = urged(town, post)
    assert set(letters) == {"in_app", "email", "group wecom"}
    assert letters["group wecom"].group == town.unit and letters["group wecom"].recipient is None
    sending.send_some(10)
    assert [a.channel for a in demonstration.received(10)] == ["wecom"]


def test_a_group_that_wants_urgent_letters_alone_hears_of_no_other(town, cycle, post) -> None:
    keep_group(town, "feishu", least="urgent")
    opened_by = [d for d in post() if d.group]
    assert opened_by == []
    assert "group feishu" in urged(town, post)


def test_a_group_hears_of_nothing_older_than_its_robot(town, cycle, post) -> None:
    post()
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-10")), words="请尽快报送。")
    keep_group(town, "wecom")
    assert [d for d in post() if d.group] == []
    urge(open_task("collection.scheme").task, act=town.act("clerk", at("2026-08-12")), words="请尽快报送。")
    assert len([d for d in post() if d.group]) == 1


def test_what_is_one_persons_own_business_is_not_told_to_the_group(town, cycle, post) -> None:
    from workflow.roles.services import revoke

    keep_group(town, "wecom")
    post()
    member = town.people["party"][0]
    revoke(grant=member.grants.get(), act=town.act("clerk", at("2026-08-11")), reason="工作调动")
    letters = post()
    assert member in [d.recipient for d in letters] and not [d for d in letters if d.group]


def test_a_signature_of_dingtalk_is_quoted_once(town, cycle, post, monkeypatch) -> None:
    seen: list[dict[str, str]] = []
    answered = demonstration.answered
    monkeypatch.setattr(
        demonstration, "answered", lambda c, p, q, d: seen.append(dict(q)) or answered(c, p, q, d)
    )
    save_own(town.of("chair"), at("2026-08-11"), channel="dingtalk", given=ROBOTS["dingtalk"], secret=SECRET)
    urged(town, post)
    sending.send_some(10)
    (query,) = seen
    assert query["sign"].endswith("=") and "%" not in query["sign"]
    assert len(demonstration.received(10)) == 1


def test_a_long_letter_is_cut_in_its_words_and_keeps_its_number() -> None:
    text = within_bytes(("字" * 2000, "办理入口：/\n消息编号：entry-1.letter-2"), 2048)
    assert len(text.encode()) <= 2048 and text.endswith("……\n办理入口：/\n消息编号：entry-1.letter-2")
    assert within_bytes(("短", "尾"), 2048) == "短\n尾"


# ------------------------------------------------------------------------ what the services answer


class Service(ThreadingHTTPServer):
    """A service on a real port that answers as it is told: a status and a body, or silence."""

    status, body = 200, {"errcode": 0, "errmsg": "ok"}

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[tuple[str, bytes]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, data))
        if self.server.status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        answer = json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def service(settings) -> Iterator[Service]:  # type: ignore[no-untyped-def]
    opened_at = Service()
    settings.LETTERS_RECEIVER = opened_at.address
    yield opened_at
    opened_at.shutdown()
    opened_at.server_close()


@pytest.mark.parametrize(
    ("status", "body", "becomes", "why"),
    [
        (200, {"errcode": 0, "errmsg": "ok"}, "sent", ""),
        (200, {"errcode": 93000, "errmsg": "invalid webhook url"}, "failed", "errcode 93000"),
        (200, {}, "unknown", "HTTP 200 without an answer"),
        (302, {"errcode": 0}, "failed", "HTTP 302"),
        (404, {"errcode": 0}, "failed", "HTTP 404"),
        (502, {"errcode": 0}, "unknown", "HTTP 502"),
        (0, {}, "unknown", "ConnectionError"),
    ],
)
def test_only_what_has_surely_not_left_is_tried_again(
    status, body, becomes, why, town, cycle, post, service
) -> None:
    save_own(town.of("chair"), at("2026-08-11"), channel="wecom", given=ROBOTS["wecom"])
    letter = urged(town, post)["wecom"]
    service.status, service.body = status, body
    sending.send_some(10)
    letter.refresh_from_db()
    assert (letter.status, letter.error) == (becomes, why)
    assert len(service.asked) == 1, "one request, never repeated nor led elsewhere"
    sending.send_some(10)
    assert len(service.asked) == 1


@pytest.mark.parametrize(("status", "body"), [(200, {"errcode": 45009}), (429, {})])
def test_a_robot_that_takes_no_more_for_the_moment_is_left_alone_for_a_minute(
    status, body, town, cycle, post, service
) -> None:
    keep_group(town, "wecom")
    first, second = urged(town, post)["group wecom"], urged(town, post)["group wecom"]
    service.status, service.body = status, body
    sending.send_some(10)
    assert len(service.asked) == 1, "the second is not even tried"
    for letter in (first, second):
        letter.refresh_from_db()
        assert (letter.status, letter.tries) == ("queued", 0) and letter.not_before is not None
    service.status, service.body = 200, {"errcode": 0}
    Delivery.objects.filter(status="queued").update(not_before=timezone.now())
    sending.send_some(10)
    assert len(service.asked) == 3
    Delivery.objects.filter(pk=first.pk).update(
        status="queued", created_at=timezone.now() - timedelta(days=2)
    )
    service.status, service.body = status, body
    sending.send_some(10)
    first.refresh_from_db()
    assert first.status == "failed", "not for ever"


def test_the_request_is_the_services_own(town, cycle, post, service) -> None:
    save_own(town.of("chair"), at("2026-08-11"), channel="wecom", given=ROBOTS["wecom"])
    urged(town, post)
    sending.send_some(10)
    ((path, data),) = service.asked
    asked = urlsplit(path)
    assert asked.path == "/qyapi.weixin.qq.com/cgi-bin/webhook/send"
    assert parse_qs(asked.query) == {"key": ["693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"]}
    assert json.loads(data)["msgtype"] == "text"


def test_a_service_nobody_reaches_has_surely_not_got_the_letter(town, cycle, post, settings) -> None:
    save_own(town.of("chair"), at("2026-08-11"), channel="feishu", given=ROBOTS["feishu"])
    letter = urged(town, post)["feishu"]
    settings.LETTERS_RECEIVER = "http://127.0.0.1:1"
    sending.send_some(10)
    letter.refresh_from_db()
    assert (letter.status, letter.error) == ("failed", "ConnectionError")


def test_the_receiver_refuses_what_the_service_refuses() -> None:
    long = json.dumps({"msgtype": "text", "text": {"content": "字" * 1000}})
    good = json.dumps({"msgtype": "text", "text": {"content": "字"}})
    card = json.dumps({"msgtype": "markdown", "markdown": {"content": "字"}})
    key = {"key": "0123456789"}
    assert demonstration.answered("wecom", "/", key, good)[1]["errcode"] == 0
    for query, data in [({}, good), (key, long), (key, card), (key, b"no json")]:
        assert demonstration.answered("wecom", "/", query, data)[1]["errcode"] != 0
    ding = {"access_token": "0123456789", "timestamp": "1", "sign": "%3D"}
    assert demonstration.answered("dingtalk", "/", ding, good)[1]["errcode"] == 310000
    assert len(demonstration.received(10)) == 1


# ------------------------------------------------------------------------ addresses are secrets


def test_an_address_is_sealed_shown_by_its_end_and_kept_out_of_the_trail(town, folder) -> None:
    address = keep_group(town, "dingtalk", secret=SECRET)
    assert opened(address.sealed) == {"token": "566cc69da782ec33d42b541dc2e5e00e", "secret": SECRET}
    assert "566cc69d" not in address.sealed and address.hint == "…e00e"
    entry = Entry.objects.get(action="letters.address")
    assert "e00e" not in entry.body and "SEC" not in entry.body and '"dingtalk"' in entry.body
    assert masked("1234567") == "…"


@pytest.mark.parametrize(
    ("channel", "given"),
    [
        ("wecom", "https://evil.example/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4"),
        ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4"),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=a/../b"),
        ("feishu", ""),
        ("sms", "12345678901"),
    ],
)
def test_what_is_no_address_of_the_channel_is_refused(channel, given, town) -> None:
    assert enterable(channel).address_from(ROBOTS[channel]) is not None
    with pytest.raises(Refused, match=r"手机号码|机器人地址"):
        save_own(town.of("chair"), at("2026-08-11"), channel=channel, given=given)
    assert not Address.objects.exists()


def test_a_text_message_is_offered_only_where_there_is_a_gateway(settings) -> None:
    assert "sms" in offered()
    settings.LETTERS_RECEIVER = ""
    assert "sms" not in offered()
    settings.SMS_URL = "https://sms.example.cn/send"
    assert "sms" in offered()


def test_a_clerk_sets_only_their_own_townships_groups(town) -> None:
    other = township("T02", name="柳河镇")
    assert keep_group(town, "wecom").unit == town.unit
    with pytest.raises(NotYourTurn):
        save_group(
            town.act("clerk", at("2026-08-11")),
            held(town.of("clerk"), "clerk"),
            other.unit,
            channel="wecom",
            given=ROBOTS["wecom"],
            secret="",
            least="normal",
        )
    assert Address.objects.count() == 1


def test_a_letter_whose_address_is_gone_fails_and_says_so(town, cycle, post) -> None:
    keep_group(town, "wecom")
    letter = urged(town, post)["group wecom"]
    remove_group(
        town.act("clerk", at("2026-08-19")), held(town.of("clerk"), "clerk"), town.unit, channel="wecom"
    )
    sending.send_some(10)
    letter.refresh_from_db()
    assert (letter.status, letter.error) == ("failed", "no address")
    with pytest.raises(Refused, match="没有设置"):
        remove_group(
            town.act("clerk", at("2026-08-19")), held(town.of("clerk"), "clerk"), town.unit, channel="wecom"
        )


def test_an_address_sealed_under_another_key_is_asked_for_again(town, cycle, post, settings) -> None:
    save_own(town.of("chair"), at("2026-08-11"), channel="wecom", given=ROBOTS["wecom"])
    letter = urged(town, post)["wecom"]
    settings.SECRET_KEY = "another" * 10
    sending.send_some(10)
    letter.refresh_from_db()
    assert (letter.status, letter.error) == ("failed", "address sealed under another key")


def test_the_database_itself_shows_nobody_elses_address(town) -> None:
    save_own(town.of("chair"), at("2026-08-11"), channel="sms", given=ROBOTS["sms"])
    keep_group(town, "wecom")
    apply(own_letters(town.of("chair")))
    assert Address.objects.get().channel == "sms"
    for context in (own_letters(town.of("clerk")), PUBLIC):
        apply(context)
        assert not Address.objects.exists()


def test_the_countys_group_hears_of_what_its_townships_tell_it(town, cycle, post) -> None:
    county = town.unit.parent
    admin = RoleGrant.objects.select_related("tenant").get(user=administrator(town), office="admin")
    act = Act(admin.user, "admin", county, at("2026-08-11"))
    save_group(act, admin, county, channel="feishu", given=ROBOTS["feishu"], secret="", least="normal")
    leader = User.objects.create(username="county", name="县人大常委会")
    grant(user=leader, office="county", unit=county, act=act, since=SINCE)
    post()
    write_down(
        town.act("clerk", at("2026-08-18")),
        "note.answer",
        cycle.reference,
        about=cycle.reference,
        label="提示函",
    )
    (letter,) = [d for d in post() if d.group]
    assert (letter.group, letter.channel, letter.unit) == (county, "feishu", town.unit)


# ------------------------------------------------------------------------ the pages


@pytest.fixture
def browse(client: Client) -> Callable[..., str]:
    def go(user, name, *args, data=None):  # type: ignore[no-untyped-def]
        client.force_login(user)
        url = reverse(name, args=args)
        answer = client.get(url) if data is None else client.post(url, data, follow=True)
        apply(SYSTEM)
        return f"{answer.status_code} {answer.content.decode()}"

    return go


def test_a_person_enters_an_address_and_never_sees_it_again(town, browse) -> None:
    chair = town.of("chair")
    page = browse(chair, "letter_address", "feishu", data={"op": "save", "given": ROBOTS["feishu"]})
    assert "已保存" in page and "…9e77" in page and "0b2b4a11" not in page
    assert "0b2b4a11" not in browse(chair, "letter_address", "feishu")
    wrong = browse(chair, "letter_address", "feishu", data={"op": "save", "given": "https://x.example/abc"})
    assert wrong.startswith("422") and "应为飞书页面上复制的" in wrong and "x.example" not in wrong
    assert Address.objects.get().hint == "…9e77"
    assert "未设置" in browse(town.of("clerk"), "letter_settings")
    browse(chair, "letter_address", "feishu", data={"op": "remove"})
    assert not Address.objects.exists()


def test_a_person_changes_their_mailbox(town, browse) -> None:
    chair = town.of("chair")
    assert browse(chair, "letter_mailbox", data={"mailbox": "不是邮箱"}).startswith("422")
    assert "new@example.org" in browse(chair, "letter_mailbox", data={"mailbox": "new@example.org"})
    chair.refresh_from_db()
    assert chair.email == "new@example.org"


def test_the_groups_page_is_the_clerks_and_the_administrators(town, browse) -> None:
    assert browse(town.of("clerk"), "letter_groups").startswith("200")
    assert browse(town.of("deputy"), "letter_groups").startswith("403")
    data = {"op": "save", "given": ROBOTS["wecom"], "least": "low"}
    page = browse(town.of("clerk"), "letter_group", town.unit.code, "wecom", data=data)
    assert "…5aaa" in page and "全部，含知悉" in page and "693a91f6" not in page
    changed = browse(
        town.of("clerk"),
        "letter_group",
        town.unit.code,
        "wecom",
        data={"op": "save", "given": "", "least": "urgent"},
    )
    assert "…5aaa" in changed and "只发紧急的" in changed
    other = township("T02", name="柳河镇")
    assert browse(town.of("clerk"), "letter_group", other.unit.code, "wecom", data=data).startswith("403")
    admin = administrator(town)
    data["given"] = ROBOTS["feishu"]
    assert browse(admin, "letter_group", town.unit.code, "feishu", data=data).startswith("200")
    assert browse(admin, "letter_group", other.unit.code, "feishu", data=data).startswith("403")
    assert Address.objects.filter(unit=town.unit).count() == 2


def test_the_pages_say_that_letters_stay_in_the_house(town, browse, settings) -> None:
    assert "演示接收端" in browse(town.of("chair"), "letter_settings")
    settings.LETTERS_RECEIVER = ""
    assert "演示接收端" not in browse(town.of("chair"), "letter_settings")


def test_the_demonstration_has_a_robot_a_unit_and_production_none(town, settings) -> None:
    settings.LETTERS_RECEIVER = ""
    with pytest.raises(CommandError, match="没有演示接收端"):
        call_command("demo_letters")
    settings.LETTERS_RECEIVER = "file"
    call_command("demo_letters")
    call_command("demo_letters")
    assert Address.objects.filter(unit=town.unit).count() == 1


def test_letters_of_a_played_year_carry_the_days_of_their_acts_and_only_what_is_open_is_unread(
    town, cycle, settings
) -> None:
    settings.LETTERS_RECEIVER = "file"
    do("collection.scheme", town.of("chair"), "2026-08-20", **SCHEME)
    decided = meeting_of(town.people["party"], "2026-08-28")
    do("collection.scheme_party", town.of("party"), "2026-08-28", **decided)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    call_command("demo_letters")
    apply(SYSTEM)
    letters = Delivery.objects.filter(unit=town.unit).select_related("entry", "recipient")
    assert letters and all(letter.created_at == letter.entry.at for letter in letters)
    (still_open,) = Deadline.objects.filter(done_at=None, cancelled=False, unit=town.unit)
    unread = letters.filter(channel="in_app", read_at=None)
    assert {letter.recipient for letter in unread} >= set(town.people[still_open.office])
    assert {letter.entry.about for letter in unread} == {cycle.reference}
    read = letters.filter(channel="in_app").exclude(read_at=None)
    assert {letter.entry.action for letter in read} == {"collection.scheme"}
    assert all(letter.created_at < letter.read_at < at("2026-08-22") for letter in read)
    assert all(letter.entry.at > at("2026-08-22") for letter in letters.filter(status__in=("queued", "held")))
