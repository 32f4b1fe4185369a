"""Somebody new with a mailbox gets a letter in place of a slip: its link, what voids it, where nobody is written to."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from notifications import sending
from notifications.models import Delivery
from notifications.post import post_unit
from notifications.stuck import why
from projects.site.quiet import QuietBallot
from tests.workflow.people.conftest import World, sign_in, workbook
from workflow.administration import invitations
from workflow.administration.accounts import record_sign
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, User

SignedIn = Callable[[User], Client]
PEOPLE = ["姓名", "用户名", "电子邮箱", "职务", "单位编码", "起", "止", "依据文号"]
NEW = "一个足够长的新密码2026"
CHOSEN = {"new_password1": NEW, "new_password2": NEW}
LINK = re.compile(r"https?://[^/\s]+(/invitation/\d+/\S+/)")


def person(
    username: str, email: str, office: str = "财政所", *, name: str = "刘芳", since: str = ""
) -> list[Any]:
    return [name, username, email, office, "T01", since, "", ""]


def imported(client: Client, *rows: list[Any]) -> Any:
    preview = client.post("/people/import/", {"file": workbook([PEOPLE, *rows]), "op": "preview"})
    assert preview.status_code == 200, preview.context
    return client.post("/people/import/", {"payload": preview.context["payload"], "op": "confirm"})


def posted(unit: Unit) -> list[Delivery]:
    """Commit's work done by hand, then the unit posted: every letter there is."""
    apply(SYSTEM)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    assert post_unit(unit.pk)
    apply(SYSTEM)
    return list(Delivery.objects.select_related("recipient").order_by("pk"))


def link_in_the_letter() -> str:
    found = LINK.search(str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[1]


@pytest.fixture
def link(world: World, signed_in: SignedIn) -> str:
    """刘芳 was imported and written to; the path of the link in her letter."""
    imported(signed_in(world.admin), person("liu.fang", "liu.fang@example.org"))
    posted(world.near.unit)
    sending.send_some(5)
    return link_in_the_letter()


def opened(link: str, client: Client | None = None) -> Client:
    """A browser that has followed the link as far as the page."""
    browser = client or Client()
    assert browser.get(link).headers["Location"] == "/invitation/"
    return browser


def hand_in(browser: Client, **more: str) -> Any:
    return browser.post("/invitation/", {"username": "liu.fang", **CHOSEN, **more})


def acts(action: str) -> list[Entry]:
    apply(SYSTEM)
    return list(Entry.objects.filter(action=action).select_related("unit", "actor").order_by("pk"))


def new() -> User:
    return User.objects.get(username="liu.fang")


# ---------------------------------------------------------------------------------------- the letter


def test_whoever_has_a_mailbox_is_written_to_and_whoever_has_none_gets_a_slip(
    world: World, signed_in: SignedIn
) -> None:
    rows = [person("liu.fang", "liu.fang@example.org"), person("wu.gang", "", "司法所", name="吴刚")]
    page = imported(signed_in(world.admin), *rows)
    assert [slip.user.username for slip in page.context["slips"]] == ["wu.gang"]
    (told,) = page.context["written"]
    assert (told.user.email, told.offices) == ("liu.fang@example.org", ("青溪镇 财政所",))
    assert "liu.fang@example.org" in page.content.decode() and "为所选人员打印登录单" in page.content.decode()
    (letter,) = posted(world.near.unit)
    assert (letter.channel, letter.status, letter.recipient) == ("email", "queued", told.user)
    assert sign_in(Client(), "liu.fang", "").status_code == 200
    assert not told.user.has_usable_password() and new().must_change_password


def test_the_link_stands_in_the_letter_alone(world: World, link: str) -> None:
    (letter,) = posted(world.near.unit)
    token = link.rstrip("/").rpartition("/")[2]
    assert letter.status == "sent" and "7 日内" in letter.body and "liu.fang" in letter.body
    assert mail.outbox[0].to[0].endswith("<liu.fang@example.org>")
    opened(link).get("/invitation/")
    apply(SYSTEM)
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{table}" one WHERE one::text LIKE %s', [f"%{token}%"])
            assert cursor.fetchone() == (0,), table
    assert not any(token in str(session.get_decoded()) for session in Session.objects.all())


def test_a_grant_to_a_new_person_with_a_mailbox_writes_too(world: World, signed_in: SignedIn) -> None:
    data = {
        "username": "liu.fang",
        "name": "刘芳",
        "email": "liu.fang@example.org",
        "unit": "T01",
        "office": "finance",
        "since": "2026-01-01",
    }
    admin = signed_in(world.admin)
    page = admin.post("/people/units/T01/grant/", data)
    assert page.status_code == 200 and "写信给 1 人" in page.content.decode()
    assert [d.letter for d in posted(world.near.unit)] == ["invited"]
    again = admin.post("/people/units/T01/grant/", data | {"office": "legal"})
    assert again.status_code == 422 and "邮箱由本人登录后填写" in again.content.decode()
    nowhere = data | {"username": "wu.gang", "email": "nowhere"}
    wrong = admin.post("/people/units/T01/grant/", nowhere)
    assert wrong.status_code == 422 and list(wrong.context["form"].errors) == ["email"]


def test_without_a_mail_server_everybody_gets_a_slip_and_the_page_says_why(
    world: World, signed_in: SignedIn, settings: Any
) -> None:
    settings.PRODUCTION, settings.EMAIL_CONFIGURED = True, False
    admin = signed_in(world.admin)
    assert "没有设置邮件服务器" in admin.get("/people/import/").content.decode()
    assert "没有设置邮件服务器" in admin.get("/people/units/T01/grant/").content.decode()
    page = imported(admin, person("liu.fang", "liu.fang@example.org"))
    assert len(page.context["slips"]) == 1 and page.context["written"] == []
    assert "没有设置邮件服务器" in page.content.decode()
    assert posted(world.near.unit) == []
    settings.EMAIL_CONFIGURED = True
    assert "系统写信给本人" in admin.get("/people/import/").content.decode()


def test_a_letter_that_could_not_leave_is_tried_again_and_then_carries_a_link_that_works(
    world: World, signed_in: SignedIn, settings: Any
) -> None:
    imported(signed_in(world.admin), person("liu.fang", "liu.fang@example.org"))
    usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.notifications.test_post.Closed"
    posted(world.near.unit)
    sending.send_some(5)
    assert Delivery.objects.get().status == "failed"
    settings.EMAIL_BACKEND = usual
    Delivery.objects.update(changed_at=timezone.now() - sending.pause_after(1))
    assert sending.send_some(5) == 1 and Delivery.objects.get().status == "sent"
    assert hand_in(opened(link_in_the_letter())).status_code == 200


# ------------------------------------------------------------------------------------------ the link


def test_the_link_sets_the_password_once_and_leaves_one_entry(world: World, link: str) -> None:
    browser = opened(link)
    page = browser.get("/invitation/")
    assert "liu.fang" in page.content.decode() and "no-store" in page.headers["Cache-Control"]
    assert "密码已设置" in hand_in(browser).content.decode()
    assert not new().must_change_password
    (entry,) = acts("auth.first_password")
    assert (entry.unit, entry.actor) == (world.near.unit, new())
    assert "_auth_user_id" not in browser.session, "the link signs nobody in"
    client = Client()
    assert sign_in(client, "liu.fang", NEW).headers["Location"] == "/home/"
    assert client.get("/password/").status_code == 200
    other = {"new_password1": f"{NEW}另", "new_password2": f"{NEW}另"}
    for again in (hand_in(opened(link), **other), opened(link).get("/invitation/")):
        assert again.status_code == 410 and "已经用过" in again.content.decode()
    assert sign_in(Client(), "liu.fang", NEW).status_code == 302 and len(acts("auth.first_password")) == 1


def test_following_the_link_uses_nothing_up(link: str) -> None:
    for _n in range(3):
        assert opened(link).get("/invitation/").status_code == 200


def test_a_short_password_or_two_that_differ_are_refused_and_the_link_stays_good(link: str) -> None:
    browser = opened(link)
    short = hand_in(browser, new_password1="short", new_password2="short")
    differ = hand_in(browser, new_password2="另一个足够长的密码")
    empty = hand_in(browser, new_password1="", new_password2="")
    for refused in (short, differ, empty):
        assert refused.status_code == 422 and refused.context["form"].errors
    assert "密码太短，至少 10 个字符。" in short.content.decode()
    assert "请填写。" in empty.content.decode() and acts("auth.first_password") == []
    assert hand_in(browser).status_code == 200


def test_a_link_is_over_after_its_days(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = invitations._links._now

    def later(**by: int) -> None:
        monkeypatch.setattr(invitations._links, "_now", lambda: now() + timedelta(**by))

    browser = opened(link)
    later(days=6, hours=23)
    assert browser.get("/invitation/").status_code == 200
    later(days=7, minutes=1)
    for refused in (browser.get("/invitation/"), hand_in(browser)):
        assert refused.status_code == 410 and "7 日内有效" in refused.content.decode()
    assert not new().has_usable_password()


def test_a_page_in_another_browser_asks_for_the_letter_again(link: str) -> None:
    opened(link)
    for refused in (Client().get("/invitation/"), hand_in(Client())):
        assert refused.status_code == 403 and "同一个浏览器" in refused.content.decode()
    assert not new().has_usable_password()


def test_a_forged_link_opens_nothing_and_says_nothing_of_the_account(world: World, link: str) -> None:
    number, token = new().pk, link.rstrip("/").rpartition("/")[2]
    forged = [
        f"/invitation/{number}/{token[:-1]}{'0' if token[-1] != '0' else '1'}/",
        f"/invitation/{world.admin.pk}/{token}/",
        f"/invitation/999999/{token}/",
        invitations.link_for(world.admin),
    ]
    said = {opened(path).get("/invitation/").content.decode() for path in forged}
    assert len({re.sub(r'value="\w{64}"', "", page) for page in said}) == 1 and "已经作废" in said.pop()
    assert Client().get(f"/invitation/{number}/no'token/").status_code == 404


def test_a_new_mailbox_or_a_printed_slip_voids_the_link(world: World, signed_in: SignedIn, link: str) -> None:
    browser = opened(link)
    User.objects.filter(username="liu.fang").update(email="other@example.org")
    assert hand_in(browser).status_code == 410
    User.objects.filter(username="liu.fang").update(email="liu.fang@example.org")
    assert browser.get("/invitation/").status_code == 200
    slips = signed_in(world.admin).post("/people/slips/", {"person": [new().pk]}).context["slips"]
    assert [slip.offices for slip in slips] == [("青溪镇 财政所",)]
    assert hand_in(browser).status_code == 410
    client = Client()
    assert sign_in(client, "liu.fang", slips[0].password).status_code == 302
    assert client.get("/people/").headers["Location"] == "/password/", "a slip's password must be changed"
    assert len(acts("person.reset_password")) == 1 and acts("auth.first_password") == []


def test_a_letter_still_waiting_when_the_slip_is_printed_never_leaves(
    world: World, signed_in: SignedIn
) -> None:
    admin = signed_in(world.admin)
    imported(admin, person("liu.fang", "liu.fang@example.org"))
    posted(world.near.unit)
    admin.post("/people/slips/", {"person": [new().pk]})
    apply(SYSTEM)
    sending.send_some(5)
    letter = Delivery.objects.select_related("recipient").get()
    assert letter.status == "failed" and mail.outbox == [] and "不必再发" in why(letter)


def test_of_two_letters_opened_in_one_browser_a_form_sets_its_own_persons_password_alone(
    world: World, signed_in: SignedIn, link: str
) -> None:
    imported(signed_in(world.admin), person("wu.gang", "wu.gang@example.org", "司法所", name="吴刚"))
    browser = opened(invitations.link_for(User.objects.get(username="wu.gang")), opened(link))
    refused = hand_in(browser)
    assert refused.status_code == 409 and "另一人的链接" in refused.content.decode()
    assert hand_in(browser, username="wu.gang").status_code == 200
    assert not new().has_usable_password()


def test_a_name_locked_at_an_address_is_locked_for_the_link_too(link: str) -> None:
    for _n in range(5):
        sign_in(Client(), "liu.fang", "not-the-password", REMOTE_ADDR="10.0.0.1")
    browser = opened(link)
    locked = browser.post("/invitation/", {"username": "liu.fang", **CHOSEN}, REMOTE_ADDR="10.0.0.1")
    assert locked.status_code == 429 and "暂时不能登录" in locked.content.decode()
    assert not new().has_usable_password()
    assert hand_in(browser).status_code == 200, "another address is not locked"


def test_whoever_is_signed_in_stays_so_and_whoever_must_change_a_password_does_that_first(
    world: World, signed_in: SignedIn, link: str
) -> None:
    clerk = world.near.of("clerk")
    browser = opened(link, signed_in(clerk))
    User.objects.filter(pk=clerk.pk).update(must_change_password=True)
    assert browser.get("/invitation/").headers["Location"] == "/password/"
    User.objects.filter(pk=clerk.pk).update(must_change_password=False)
    done = hand_in(browser)
    assert "请先退出" in done.content.decode()
    assert browser.session["_auth_user_id"] == str(clerk.pk)
    (entry,) = acts("auth.first_password")
    assert entry.actor == new()


def test_the_second_factor_is_asked_for_after_the_link_all_the_same(link: str) -> None:
    TOTPDevice.objects.create(user=new(), name="手机", confirmed=True)
    hand_in(opened(link))
    assert sign_in(Client(), "liu.fang", NEW).headers["Location"] == "/login/code/"


def test_a_deputy_leaves_no_entry_and_an_office_still_to_begin_does(
    world: World, signed_in: SignedIn
) -> None:
    admin, at = signed_in(world.admin), timezone.now()
    coming = f"{timezone.localdate() + timedelta(days=9)}"
    imported(
        admin,
        person("wu.gang", "wu.gang@example.org", "代表", name="吴刚"),
        person("liu.fang", "liu.fang@example.org", since=coming),
    )
    for name in ("wu.gang", "liu.fang"):
        user = User.objects.get(username=name)
        assert hand_in(opened(invitations.link_for(user)), username=name).status_code == 200
    assert [entry.actor.username for entry in acts("auth.first_password") if entry.actor] == ["liu.fang"]
    record_sign(new(), "auth.sign_in", at)
    assert acts("auth.sign_in") == [], "signing in is written at an office held"


# ------------------------------------------------------------------------------------ slips instead


def test_a_slip_instead_is_printed_by_the_clerk_too_also_before_the_office_begins(
    world: World, signed_in: SignedIn
) -> None:
    coming = f"{timezone.localdate() + timedelta(days=9)}"
    imported(signed_in(world.admin), person("liu.fang", "liu.fang@example.org", since=coming))
    assert signed_in(world.far.of("clerk")).post("/people/slips/", {"person": [new().pk]}).status_code == 403
    assert signed_in(world.near.of("chair")).post("/people/slips/", {"person": [new().pk]}).status_code == 403
    assert not new().has_usable_password() and acts("person.reset_password") == []
    page = signed_in(world.near.of("clerk")).post("/people/slips/", {"person": [new().pk]})
    assert page.context["slips"][0].offices == ("青溪镇 财政所",)
    (entry,) = acts("person.reset_password")
    assert entry.actor == world.near.of("clerk")


def test_no_slip_takes_the_place_of_a_password_somebody_has_chosen(
    world: World, signed_in: SignedIn, link: str
) -> None:
    admin, chosen = signed_in(world.admin), {"person": [new().pk, "x"]}
    badge = "已写信，还没有设置密码"
    assert badge in admin.get(f"/people/{new().pk}/").content.decode()
    hand_in(opened(link))
    assert badge not in admin.get(f"/people/{new().pk}/").content.decode()
    refused = admin.post("/people/slips/", chosen, follow=True)
    assert "没有打印登录单" in refused.content.decode() and admin.get("/people/slips/").status_code == 405
    assert "没有打印登录单" in admin.post("/people/slips/", follow=True).content.decode()
    assert sign_in(Client(), "liu.fang", NEW).status_code == 302
    imported(admin, person("wu.gang", "wu.gang@example.org", "司法所", name="吴刚"))
    chosen["person"].append(User.objects.get(username="wu.gang").pk)
    page = admin.post("/people/slips/", chosen)
    assert [slip.user.username for slip in page.context["slips"]] == ["wu.gang"]
    assert "没有打印的：刘芳" in page.content.decode()


# ------------------------------------------------------------------------------------------ the log


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What the site's handler would write."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    keeper = Keeper()
    keeper.addFilter(QuietBallot())
    logger = logging.getLogger("django.request")
    logger.addHandler(keeper)
    yield lines
    logger.removeHandler(keeper)


def test_no_log_names_the_link_not_even_of_a_crash(
    link: str, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Client().post(link).status_code == 405
    monkeypatch.setattr("workflow.administration.sign_in.reverse", lambda _name: 1 / 0)
    assert Client(raise_request_exception=False).get(link).status_code == 500
    assert len(log) == 2 and all("/invitation/" in line for line in log)
    token = link.rstrip("/").rpartition("/")[2]
    assert not any(token in line for line in log)
