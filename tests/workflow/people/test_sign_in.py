"""Signing in: the entry it leaves, the lock by name and address, the one-time password, the second factor."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.test import Client
from django.utils.timezone import now
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from projects.demo.cast import PASSWORD
from tests.workflow.people.conftest import World, sign_in
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User

NEW = "一个足够长的新密码2026"


def acts(action: str) -> list[Entry]:
    apply(SYSTEM)
    return list(Entry.objects.filter(action=action).select_related("unit", "actor"))


def wrong(client: Client, username: str, address: str, times: int) -> Any:
    for _n in range(times):
        answer = sign_in(client, username, "not-the-password", REMOTE_ADDR=address)
    return answer


def code_of(device: TOTPDevice, *, later: int = 0, at: float | None = None) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = (time.time() if at is None else at) + later * device.step
    return f"{totp.token():06d}"


def test_signing_in_leaves_an_entry_at_the_tenant_of_the_office(world: World) -> None:
    assert sign_in(Client(), "clerk@T01").status_code == 302
    (entry,) = acts("auth.sign_in")
    assert (entry.unit, entry.actor) == (world.near.unit, world.near.of("clerk"))
    assert world.near.of("clerk").name not in entry.body


def test_signing_out_leaves_an_entry_and_ends_the_session(world: World) -> None:
    client = Client()
    sign_in(client, "clerk@T01")
    client.post("/logout/")
    assert len(acts("auth.sign_out")) == 1
    assert client.get("/people/").status_code == 302


def test_a_deputy_signing_in_leaves_no_entry_that_could_order_the_ballots(world: World) -> None:
    assert sign_in(Client(), "deputy@T01").status_code == 302
    assert acts("auth.sign_in") == []


def test_a_wrong_password_is_refused_in_words_and_leaves_no_entry(world: World) -> None:
    answer = sign_in(Client(), "clerk@T01", "wrong")
    assert "用户名或密码不对" in answer.content.decode()
    assert acts("auth.sign_in") == []


def test_five_wrong_passwords_lock_that_name_at_that_address_only(world: World) -> None:
    client = Client()
    locked = wrong(client, "clerk@T01", "10.0.0.1", 5)
    assert locked.status_code == 429 and "暂时不能登录" in locked.content.decode()
    assert sign_in(client, "clerk@T01", REMOTE_ADDR="10.0.0.1").status_code == 429
    assert sign_in(Client(), "clerk@T01", REMOTE_ADDR="10.0.0.2").status_code == 302
    assert sign_in(Client(), "chair@T01", REMOTE_ADDR="10.0.0.1").status_code == 302


def test_the_administrator_releases_a_lock_and_it_is_on_record(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    wrong(Client(), "clerk@T01", "10.0.0.1", 5)
    admin = signed_in(world.admin)
    page = admin.get("/people/locks/")
    assert "clerk@T01" in page.content.decode()
    (lock, _name) = page.context["rows"][0]
    assert admin.post(f"/people/locks/{lock.pk}/release/").status_code == 302
    assert sign_in(Client(), "clerk@T01", REMOTE_ADDR="10.0.0.1").status_code == 302
    (entry,) = acts("person.unlock")
    assert "10.0.0.1" not in entry.body


def test_a_reset_lifts_the_lock_of_the_forgotten_password(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    client, chair = Client(), world.near.of("chair")
    assert wrong(client, chair.username, "10.0.0.1", 5).status_code == 429
    slip = signed_in(world.near.of("clerk")).post(f"/people/{chair.pk}/reset/").context["slips"][0]
    answer = sign_in(client, chair.username, slip.password, REMOTE_ADDR="10.0.0.1")
    assert answer.status_code == 302


def test_a_lock_that_ran_out_is_no_longer_listed(world: World, signed_in: Callable[[User], Client]) -> None:
    wrong(Client(), "clerk@T01", "10.0.0.1", 5)
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=16))
    assert signed_in(world.admin).get("/people/locks/").context["rows"] == []


def test_a_township_clerk_may_not_release_a_lock(world: World, signed_in: Callable[[User], Client]) -> None:
    wrong(Client(), "clerk@T02", "10.0.0.1", 5)
    clerk = signed_in(world.near.of("clerk"))
    assert clerk.get("/people/locks/").status_code == 403
    assert clerk.post("/people/locks/1/release/").status_code == 403


def test_a_one_time_password_opens_only_the_page_that_changes_it(world: World) -> None:
    User.objects.filter(username="clerk@T01").update(must_change_password=True)
    client = Client()
    sign_in(client, "clerk@T01")
    for path in ("/", "/people/", "/second-factor/"):
        assert client.get(path).headers["Location"] == "/password/", path
    assert "一次性密码" in client.get("/password/").content.decode()


def test_changing_the_one_time_password_opens_the_rest(world: World) -> None:
    User.objects.filter(username="clerk@T01").update(must_change_password=True)
    client = Client()
    sign_in(client, "clerk@T01")
    changed = client.post(
        "/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    )
    assert changed.headers["Location"] == "/password/done/"
    assert client.get("/people/").status_code == 200
    assert sign_in(Client(), "clerk@T01", NEW).status_code == 302
    assert len(acts("auth.password_change")) == 1


def test_a_short_new_password_is_refused_and_the_duty_stays(world: World) -> None:
    User.objects.filter(username="clerk@T01").update(must_change_password=True)
    client = Client()
    sign_in(client, "clerk@T01")
    refused = client.post(
        "/password/", {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    )
    assert refused.status_code == 200 and "密码太短，至少 10 个字符。" in refused.content.decode()
    assert client.get("/people/").headers["Location"] == "/password/"


def second_factor_for(client: Client, user: User) -> TOTPDevice:
    client.get("/second-factor/")
    device = TOTPDevice.objects.get(user=user)
    client.post("/second-factor/", {"code": code_of(device)})
    device.refresh_from_db()
    return device


def test_a_second_factor_is_asked_for_at_the_next_sign_in(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    user = world.near.of("clerk")
    device = second_factor_for(signed_in(user), user)
    assert device.confirmed
    client = Client()
    assert sign_in(client, "clerk@T01").headers["Location"] == "/login/code/"
    assert client.get("/people/").status_code == 302, "the password alone must not open a page"
    TOTPDevice.objects.update(last_t=-1)
    assert client.post("/login/code/", {"code": code_of(device)}).headers["Location"] == "/home/"
    assert client.get("/people/").status_code == 200


def test_a_wrong_or_a_used_code_opens_nothing(world: World, signed_in: Callable[[User], Client]) -> None:
    user = world.near.of("clerk")
    device = second_factor_for(signed_in(user), user)
    client = Client()
    sign_in(client, "clerk@T01")
    for code in (code_of(device, at=device.last_t * device.step), code_of(device, at=0)):
        answer = client.post("/login/code/", {"code": code})
        assert answer.status_code == 200 and "验证码不对" in answer.content.decode()
    assert client.get("/people/").status_code == 302
    assert acts("auth.sign_in") == []


def test_a_code_without_a_password_before_it_is_sent_back_to_sign_in(world: World) -> None:
    assert Client().post("/login/code/", {"code": "123456"}).headers["Location"] == "/login/"


def test_the_code_to_scan_is_an_image_of_our_own_and_gone_once_confirmed(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    user = world.near.of("clerk")
    client = signed_in(user)
    client.get("/second-factor/")
    picture = client.get("/second-factor/qr.svg")
    assert picture.headers["Content-Type"] == "image/svg+xml" and b"<svg" in picture.content
    assert b"style=" not in picture.content
    second_factor_for(client, user)
    assert client.get("/second-factor/qr.svg").status_code == 404


def test_the_administrator_takes_a_lost_second_factor_away_and_the_clerk_may_not(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    user = world.near.of("chair")
    second_factor_for(signed_in(user), user)
    path = f"/people/{user.pk}/second-factor/"
    assert signed_in(world.near.of("clerk")).post(path).status_code == 403
    assert TOTPDevice.objects.filter(user=user).exists()
    admin = signed_in(world.admin)
    assert "请核对是本人提出" in admin.get(path).content.decode(), "asked first"
    assert TOTPDevice.objects.filter(user=user).exists()
    assert admin.post(path).status_code == 302
    assert not TOTPDevice.objects.filter(user=user).exists()
    assert len(acts("person.drop_second_factor")) == 1
