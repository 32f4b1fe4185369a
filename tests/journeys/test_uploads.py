"""A file sent with an irreversible act, in a browser without scripts: shown on the check page, kept with the act."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from projects.cycles.models import Attachment
from tests.builders import open_task, township
from tests.files import PDF
from tests.projects.supervision.conftest import year_of
from workflow.flows.models import PendingFile
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import User


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return tmp_path


def signed_in(user: User) -> dict[str, Any]:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": site_settings.SESSION_COOKIE_NAME, "value": str(session.session_key)}


def test_a_file_survives_a_refused_form_and_the_check_page(
    media: Path, served: LiveServer, browser: Browser
) -> None:
    report = media / "审计报告.pdf"
    report.write_bytes(PDF)
    with within(SYSTEM):
        year = year_of(township())
        year.building()
        received = {
            "received_on": "2027-09-01",
            "number": "审投报〔2027〕3号",
            "title": "村道硬化项目审计报告",
        }
        year.event("receive_audit", year.town.of("gov_clerk"), "2027-09-01", **received)
        number, cookie = open_task("supervision.audit").task_id, signed_in(year.town.of("finance"))
    with browser.new_context(
        base_url=served.url, locale="zh-CN", viewport={"width": 390, "height": 800}, java_script_enabled=False
    ) as context:
        context.add_cookies([cookie | {"url": served.url}])
        page = context.new_page()
        page.goto(f"/tasks/{number}/")
        page.fill("[name=late_reason]", "等待报告原件。")
        page.set_input_files("[name=files]", report)
        page.click("button[value=submit]")
        expect(page.locator(".error-summary")).to_contain_text("审计意见摘要：请填写。")
        expect(page.locator("[name=held]")).to_be_checked()
        page.fill("[name=body]", "项目资金使用基本合规。")
        page.click("button[value=submit]")
        expect(page.locator("h1")).to_contain_text("请核对后确认")
        expect(page.locator(".summary-list")).to_contain_text(f"审计报告.pdf（{len(PDF)}")
        page.click("button[value=confirm]")
        expect(page.locator("h1")).to_contain_text("已办结")
    with within(SYSTEM):
        kept = Attachment.objects.get(name="审计报告.pdf")
        with kept.file.open() as file:
            assert file.read() == PDF
        assert not PendingFile.objects.exists()
    assert list((media / "uploads" / "pending").iterdir()) == []
