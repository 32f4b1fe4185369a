"""A member of staff sets up the second factor in a browser and signs in with it: password, then code, each code once."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Browser, Page, expect

from projects.demo.cast import PASSWORD
from tests.builders import township
from tests.journeys.pages import follow
from workflow.audit.models import Entry
from workflow.people.isolation import SYSTEM, within

STEP = 30
NAME = "clerk@T01"


@pytest.fixture
def page(served, browser: Browser) -> Iterator[Page]:  # type: ignore[no-untyped-def]
    with within(SYSTEM):
        township()
    context = browser.new_context(base_url=served.url, locale="zh-CN", java_script_enabled=False)
    yield context.new_page()
    context.close()


def step_now() -> int:
    return int(time.time()) // STEP


def code_at(key: bytes, step: int) -> str:
    return f"{totp(key, step=STEP, t0=0, digits=6, drift=step - step_now()):06d}"


def sign_in(page: Page) -> None:
    page.goto("/login/")
    page.fill("[name=username]", NAME)
    page.fill("[name=password]", PASSWORD)
    follow(page.locator("main form:has([name=password]) button"))


def hand_in(page: Page, code: str) -> None:
    page.fill("[name=code]", code)
    follow(page.locator("main form:has([name=code]) button"))


def set_up(page: Page) -> tuple[bytes, int]:
    """Type the key the page shows into a telephone, hand in its first code; the key and the step it was good for."""
    page.goto("/second-factor/")
    shown = re.search(r"\b(?:[A-Z2-7]{4} )+[A-Z2-7]{1,4}\b", page.inner_text("main"))
    assert shown, "the page must show the key for those who cannot scan"
    text = shown[0].replace(" ", "")
    key = base64.b32decode(text + "=" * (-len(text) % 8))
    step = step_now()
    hand_in(page, code_at(key, step))
    return key, step


def sign_out(page: Page) -> None:
    page.click("header .menu:has(form[action='/logout/']) summary")
    follow(page.locator("form[action='/logout/'] button"))


def the_device() -> TOTPDevice:
    with within(SYSTEM):
        return TOTPDevice.objects.get()


def changed(**values: Any) -> None:
    with within(SYSTEM):
        TOTPDevice.objects.update(**values)


def let_time_pass() -> None:
    """As if the device had been left alone since its last wrong code."""
    changed(throttling_failure_timestamp=now() - timedelta(days=1))


def sign_ins() -> int:
    with within(SYSTEM):
        return Entry.objects.filter(action="auth.sign_in", actor__username=NAME).count()


def nobody_is_in(page: Page) -> None:
    inside = page.context.new_page()
    inside.goto("/inbox/")
    expect(inside).to_have_url(re.compile("/login/"))
    inside.close()


def test_password_then_code_and_no_code_twice(page: Page) -> None:
    sign_in(page)
    expect(page).not_to_have_url(re.compile("/login"))
    key, used = set_up(page)
    assert the_device().confirmed
    sign_out(page)
    nobody_is_in(page)
    before = sign_ins()

    sign_in(page)
    expect(page).to_have_url(re.compile("/login/code/"))
    nobody_is_in(page)

    wrong = "000000" if code_at(key, step_now()) != "000000" else "111111"
    hand_in(page, wrong)
    expect(page.get_by_text("验证码不对").first).to_be_visible()
    nobody_is_in(page)

    # After a wrong code even the right one waits; the wait doubles with every failure.
    changed(throttling_failure_timestamp=now(), throttling_failure_count=9)
    fresh = max(step_now(), used + 1)
    hand_in(page, code_at(key, fresh))
    expect(page.get_by_text("须稍等再试").first).to_be_visible()
    assert the_device().throttling_failure_count == 9, "a try during the wait costs nothing more"

    let_time_pass()
    hand_in(page, code_at(key, used))
    expect(page.get_by_text("验证码不对").first).to_be_visible()
    nobody_is_in(page)
    assert sign_ins() == before

    let_time_pass()
    fresh = max(step_now(), used + 1)
    hand_in(page, code_at(key, fresh))
    expect(page).not_to_have_url(re.compile("/login"))
    page.goto("/inbox/")
    expect(page).to_have_url(re.compile("/inbox/"))
    assert sign_ins() == before + 1
    assert the_device().throttling_failure_count == 0

    sign_out(page)
    sign_in(page)
    hand_in(page, code_at(key, fresh))
    expect(page.get_by_text("验证码不对").first).to_be_visible()
    nobody_is_in(page)


def test_a_password_that_waited_too_long_for_its_code_is_asked_again(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(page)
    key, used = set_up(page)
    sign_out(page)
    sign_in(page)
    monkeypatch.setattr("workflow.administration.sign_in.PENDING_SECONDS", -1)
    hand_in(page, code_at(key, max(step_now(), used + 1)))
    expect(page).to_have_url(re.compile("/login/$"))
    expect(page.get_by_text("登录已超时").first).to_be_visible()
    nobody_is_in(page)
