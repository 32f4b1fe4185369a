"""Files between two pages: sent, checked, confirmed; corrected, saved, expired."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from projects.cycles.models import Attachment
from projects.supervision.duties import open_due_reports
from tests.builders import at, open_task
from tests.files import PDF, pdf, picture, word
from workflow.audit.models import Entry
from workflow.flows import holding
from workflow.flows.models import PendingFile
from workflow.people.isolation import SYSTEM, apply

pytestmark = pytest.mark.django_db

REPORT = {
    "late_reason": "报告经村级核对后移交。",
    "body": "项目资金使用基本合规。",
    "issues": "",
}


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def received(year, number: int) -> int:
    """An audit report on a project that waits to be registered; returns its task."""
    report = {"received_on": "2026-11-20", "number": f"审投报〔2027〕{number}号", "title": "审计报告"}
    project, clerk = year.project(number), year.town.of("gov_clerk")
    year.event("receive_audit", clerk, "2026-11-20", project, **report)
    return open_task("supervision.audit", subject=project.audits.get().reference).task_id


@pytest.fixture
def finance(client, year):
    year.building()
    client.force_login(year.town.of("finance"))
    return client


@pytest.fixture
def address(year) -> str:
    return f"/tasks/{received(year, 1)}/"


def waiting() -> list[PendingFile]:
    apply(SYSTEM)
    return list(PendingFile.objects.order_by("pk"))


def on_disk(media: Path, folder: str = "pending") -> list[str]:
    return sorted(p.name for p in (media / folder).glob("*"))


def held_on(page) -> list[str]:
    return re.findall(r'name="held" value="(\d+)"', page.content.decode())


def kept(year) -> list[Attachment]:
    apply(SYSTEM)
    return list(Attachment.objects.filter(name="审计报告.pdf"))


def test_an_irreversible_act_with_a_file_is_checked_first_and_completes_with_the_file(finance, year, address):
    check = finance.post(address, {"op": "submit", **REPORT, "files": [pdf()]})
    text = check.content.decode()
    assert "请核对后确认" in text and "审计报告.pdf（" in text and "字节" in text
    assert not kept(year)
    data = {"op": "confirm", **REPORT, "held": held_on(check)}
    done = finance.post(address, data, follow=True)
    assert "已办结" in done.content.decode()
    (attachment,) = kept(year)
    with attachment.file.open() as file:
        assert file.read() == PDF
    after = json.loads(Entry.objects.get(action="supervision.audit").body)["after"]
    assert after["files"] == [{"file": "审计报告.pdf", "sha256": attachment.sha256}]


def test_nothing_waits_any_longer_once_the_act_is_done(
    finance, year, address, media, django_capture_on_commit_callbacks
):
    check = finance.post(address, {"op": "submit", **REPORT, "files": [pdf()]})
    assert len(waiting()) == len(on_disk(media)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        finance.post(address, {"op": "confirm", **REPORT, "held": held_on(check)})
    assert waiting() == on_disk(media) == []


def test_a_file_that_waits_is_its_senders_and_this_matters_alone(finance, year, address, client):
    check = finance.post(address, {"op": "submit", **REPORT, "files": [pdf()]})
    held = held_on(check)
    assert len(held) == 1
    apply(SYSTEM)
    other = f"/tasks/{received(year, 2)}/"
    refused = finance.post(other, {"op": "confirm", **REPORT, "held": held})
    assert refused.status_code == 409 and "请重新选择文件" in refused.content.decode()
    apply(SYSTEM)
    with pytest.raises(holding.Refused, match="请重新选择文件"):
        key = holding.key_of_task(int(address.split("/")[2]))
        holding.take(year.town.of("legal"), key, held, timezone.now())
    assert not kept(year)


def test_a_file_that_waited_too_long_is_asked_for_again_and_what_was_typed_stays(finance, year, address):
    check = finance.post(address, {"op": "submit", **REPORT, "files": [pdf()]})
    apply(SYSTEM)
    PendingFile.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    late = finance.post(address, {"op": "confirm", **REPORT, "held": held_on(check)})
    assert late.status_code == 409
    text = late.content.decode()
    assert "请重新选择文件" in text and "资金使用基本合规" in text
    apply(SYSTEM)
    assert not Entry.objects.filter(action="supervision.audit").exists()


def test_a_file_changed_on_the_disk_is_not_taken(finance, year, address, media):
    check = finance.post(address, {"op": "submit", **REPORT, "files": [pdf()]})
    (stored,) = (media / "pending").glob("*")
    stored.write_bytes(PDF.replace(b"1.4", b"1.5"))
    assert finance.post(address, {"op": "confirm", **REPORT, "held": held_on(check)}).status_code == 409
    assert not kept(year)


def test_a_refused_form_keeps_the_file_that_passed_and_names_the_one_that_did_not(finance, year, address):
    wrong = REPORT | {"body": ""}
    page = finance.post(address, {"op": "submit", **wrong, "files": [pdf()]})
    assert page.status_code == 422 and "已上传、尚未提交的文件" in page.content.decode()
    bad = finance.post(address, {"op": "submit", **REPORT, "files": [word("审计报告.pdf")]})
    assert bad.status_code == 422
    assert "审计报告：“审计报告.pdf”的内容不是 PDF 文件" in bad.content.decode()


def test_another_file_joins_the_one_that_waits_unless_that_is_unticked(finance, year, address):
    first = finance.post(address, {"op": "submit", **REPORT, "files": [pdf()]})
    both = finance.post(
        address, {"op": "submit", **REPORT, "held": held_on(first), "files": [word("附表.docx")]}
    )
    assert [row.name for row in waiting()] == ["审计报告.pdf", "附表.docx"]
    second = held_on(both)[1]
    finance.post(address, {"op": "submit", **REPORT, "held": [second]})
    assert [row.name for row in waiting()] == ["附表.docx"]


def test_a_task_is_checked_with_its_file_too_and_a_draft_keeps_it(client, year, monkeypatch):
    year.building()
    open_due_reports(at("2027-04-02", 7))
    task = year.task("progress")
    monkeypatch.setattr(task.task.flow_task, "irreversible", True)
    address, data = f"/tasks/{task.pk}/", {"percent": "4", "invested_fen": "10", "funded_fen": "20"}
    client.force_login(year.clerk_of(year.project()))
    saved = client.post(address, {"op": "save", **data, "photos": [picture(), pdf()]}, follow=True)
    assert "草稿已保存" in saved.content.decode() and "格式不收" in saved.content.decode()
    assert not waiting()  # a field with one bad file keeps none of them
    saved = client.post(address, {"op": "save", **data, "photos": [picture()]}, follow=True)
    assert "现场.jpg" in saved.content.decode()
    check = client.post(address, {"op": "submit", **data, "held": held_on(saved)})
    assert "请核对后确认" in check.content.decode() and "现场.jpg（" in check.content.decode()
    confirmed = {"op": "confirm", **data, "held": held_on(check)}
    assert "已办结" in client.post(address, confirmed, follow=True).content.decode()
    again = client.post(address, confirmed)
    assert again.status_code == 409 and "无须再办" in again.content.decode()
    apply(SYSTEM)
    assert Attachment.objects.filter(name="现场.jpg", subject=year.project().reference).count() == 1


def test_the_sweep_throws_away_what_expired_and_files_no_row_knows(
    finance, year, address, media, django_capture_on_commit_callbacks
):
    finance.post(address, {"op": "submit", **REPORT, "files": [pdf(), picture()]})
    apply(SYSTEM)
    PendingFile.objects.filter(name="现场.jpg").update(expires_at=timezone.now() - timedelta(hours=1))
    (media / "pending" / "young").write_bytes(b"x")
    with django_capture_on_commit_callbacks(execute=True):
        assert holding.sweep(timezone.now()) == 1
    assert len(on_disk(media)) == 2  # the file that still waits, and the young one
    later = timezone.now() + holding.KEPT_FOR + timedelta(minutes=1)
    with django_capture_on_commit_callbacks(execute=True):
        assert holding.sweep(later) >= 2
    assert on_disk(media) == [] and waiting() == []


def test_nothing_that_waits_is_readable_by_others_on_the_machine(finance, address, media):
    finance.post(address, {"op": "submit", **REPORT, "files": [pdf()]})
    (stored,) = (media / "pending").glob("*")
    assert stored.stat().st_mode & 0o777 == settings.FILE_UPLOAD_PERMISSIONS
    assert "审计" not in stored.name
