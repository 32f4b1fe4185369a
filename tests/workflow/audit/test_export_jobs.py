"""Exports in the background: progress, cancelling, expiry, downloading again, and what of it stands in the trail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from projects.demo.cast import Casting
from tests.builders import at
from workflow.administration import exporting
from workflow.administration.models import ExportState, TrailExport
from workflow.administration.tasks import make_export, sweep_exports
from workflow.audit.exporters import FORMATS, Format, extract
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.models import RoleGrant
from workflow.roles.services import revoke

LINES = 9


@pytest.fixture
def county(
    fresh_database: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RoleGrant]:
    """A county official above one township whose trail has nine entries; commits are real, as for a worker."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    monkeypatch.setattr(extract, "CHUNK", 4)
    with within(SYSTEM):
        above = create_unit(code="C1", name="示范县", kind=UnitKind.COUNTY)
        town = create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=above)
        casting = Casting(Act(None, "operator", above, at("2020-01-01")), date(2020, 1, 1))
        casting.appoint(casting.person("county", "冯玉兰"), "county", above)
        for number in range(LINES):
            write_down(
                Act(None, "clerk", town, at("2026-03-01")), "test.act", f"thing:{number}", step=number % 6 + 1
            )
        grant = RoleGrant.objects.select_related("user", "tenant").get(office="county")
    yield grant


def ask(grant: RoleGrant, form: str = "jsonl", **more: Any) -> TrailExport:
    given = {"year": None, "subject": "", "reason": "县档案馆检查", "at": timezone.now()} | more
    with within(SYSTEM):
        return exporting.ask(grant, Unit.objects.get(code="T01"), form=form, **given)


def now_is(export: TrailExport) -> TrailExport:
    with within(SYSTEM):
        return TrailExport.objects.select_related("unit").get(pk=export.pk)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_export_is_asked_for_on_a_page_made_by_a_worker_and_downloaded_twice(county: RoleGrant) -> None:
    client = client_of(county.user)
    sent = {"unit": "T01", "form": "jsonl", "year": "", "subject": "", "reason": "县档案馆检查"}
    assert client.post("/trail/exports/", sent).status_code == 302
    with within(SYSTEM):
        asked = TrailExport.objects.get()
    assert (asked.state, asked.total) == (ExportState.WAITING, LINES)
    assert "hx-get" in client.get("/trail/exports/").content.decode()
    assert make_export(asked.pk)
    done = now_is(asked)
    assert (done.state, done.done) == (ExportState.DONE, LINES)
    assert "县档案馆检查" in client.get("/trail/exports/list/").content.decode()
    for _ in range(2):
        answer = client.post(f"/trail/exports/{asked.pk}/download/")
        assert len(b"".join(answer.streaming_content).splitlines()) == LINES  # type: ignore[attr-defined]
    with within(SYSTEM):
        entries = Entry.objects.filter(action__startswith="trail.").order_by("pk").select_related("actor")
        said = [(entry.action, entry.actor, json.loads(entry.body)["reason"]) for entry in entries]
    assert said == [
        ("trail.export", county.user, "县档案馆检查"),
        ("trail.download", county.user, "县档案馆检查"),
        ("trail.download", county.user, "县档案馆检查"),
    ]


def test_what_has_no_room_in_the_file_is_fetched_beside_it_by_whoever_exported_it(county: RoleGrant) -> None:
    client, asked = client_of(county.user), ask(county)
    assert make_export(asked.pk)
    done = now_is(asked)
    assert f"/trail/exported/{asked.entry_id}/" in client.get("/trail/exports/list/").content.decode()
    told = client.get(f"/trail/exported/{asked.entry_id}/").json()
    assert (told["file"], told["sha256"], told["reason"]) == ("trail-T01.jsonl", done.sha256, "县档案馆检查")
    assert (told["entries"], told["size"], told["outside"], told["after_head"]) == (LINES, LINES, 0, LINES)
    streamed = client.post("/trail/T01/export/?format=csv&reason=核对")
    lines = len(b"".join(streamed.streaming_content).splitlines()) - 1  # type: ignore[attr-defined]  # the heads
    beside = streamed["Link"].partition(">")[0].removeprefix("<")
    page = client.get("/trail/exports/").content.decode()
    assert page.count("随附说明</a>") == 2, "one of each export: the page names what the header does"
    assert f'href="{beside}"' in page
    told = client.get(beside).json()
    assert (told["file"], told["sha256"], told["reason"]) == ("trail-T01.csv", "", "核对")
    assert told["after_head"] == told["size"] == LINES + 1, "the first export is an entry of its own"
    assert told["entries"] == lines, "what is told of a file is what stands in it"


def test_nobody_fetches_what_goes_beside_anothers_file_or_a_file_that_says_it_itself(
    county: RoleGrant,
) -> None:
    with within(SYSTEM):
        act = Act(county.user, "operator", county.unit, at("2020-01-01"))
        casting = Casting(act, date(2020, 1, 1))
        other = casting.appoint(casting.person("county2", "李志强"), "county", county.unit)
        (entry,) = Entry.objects.filter(subject="thing:0")
    bare, told = ask(county, "csv"), ask(county, "xlsx")
    paths = [f"/trail/exported/{number}/" for number in (bare.entry_id, told.entry_id, entry.pk)]
    assert [client_of(county.user).get(path).status_code for path in paths] == [200, 404, 404]
    assert [client_of(other).get(path).status_code for path in paths] == [404] * 3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": ""}, "用途"),
        ({"subject": "thing"}, "类别、冒号和数字"),
        ({"form": "exe"}, "格式"),
        ({"unit": "T99"}, "单位"),
        ({"form": "dossier"}, "请填写年份"),
    ],
)
def test_a_form_that_breaks_a_rule_asks_for_nothing(
    county: RoleGrant, changed: dict[str, str], said: str
) -> None:
    client = client_of(county.user)
    sent = {"unit": "T01", "form": "csv", "year": "", "subject": "", "reason": "检查"}
    answer = client.post("/trail/exports/", sent | changed)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert client.post("/trail/exports/", sent).status_code == 302
    with within(SYSTEM):
        assert TrailExport.objects.count() == Entry.objects.filter(action="trail.export").count() == 1


def test_a_cancelled_export_leaves_no_file_and_is_not_made(county: RoleGrant) -> None:
    asked, other = ask(county), ask(county)
    client = client_of(county.user)
    assert client.post(f"/trail/exports/{asked.pk}/cancel/").status_code == 302
    assert not make_export(asked.pk) and now_is(asked).state == ExportState.CANCELLED
    assert make_export(other.pk)
    with within(SYSTEM), pytest.raises(Refused, match="已经结束"):
        exporting.cancel(now_is(other), county, timezone.now())
    with within(SYSTEM):
        (said,) = (json.loads(one.body) for one in Entry.objects.filter(action="trail.cancel_export"))
    assert (said["actor"], said["subject"]) == (county.user.username, asked.unit.reference)
    assert said["after"] == {"entry": asked.entry_id, "format": "jsonl"}
    page = client.get("/trail/?unit=T01&kind=exported").content.decode()
    assert page.count("timeline-item") == 3 and "取消导出办理记录" in page
    assert f"原导出记录编号：{asked.entry_id}" in page.replace("：（空） → ", "：")


def test_an_export_cancelled_while_it_is_written_stops_at_the_next_chunk(
    county: RoleGrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, seen = ask(county), []

    def write(taken: extract.Extract) -> Iterator[bytes]:
        for number, line in enumerate(taken.lines()):
            if number == 4:
                seen.append(now_is(asked).done)
                with within(SYSTEM):
                    exporting.cancel(now_is(asked), county, timezone.now())
            yield line.body.encode()

    monkeypatch.setitem(FORMATS, "jsonl", Format("x", "x", "text/plain", write))
    assert not make_export(asked.pk)
    assert (seen, now_is(asked).state, now_is(asked).file.name) == ([4], ExportState.CANCELLED, "")


def test_what_expired_is_deleted_and_refused(county: RoleGrant) -> None:
    asked = ask(county)
    make_export(asked.pk)
    name = str(now_is(asked).file.name)
    assert default_storage.exists(name) and sweep_exports() == 0 and default_storage.exists(name)
    exporting.sweep(timezone.now() + exporting.KEPT + timedelta(seconds=1))
    assert not default_storage.exists(name) and now_is(asked).state == ExportState.EXPIRED
    assert client_of(county.user).post(f"/trail/exports/{asked.pk}/download/").status_code == 302
    with within(SYSTEM):
        assert not Entry.objects.filter(action="trail.download").exists()


def test_a_dead_workers_export_is_made_by_another(county: RoleGrant) -> None:
    asked = ask(county)
    with within(SYSTEM):
        long_ago = timezone.now() - exporting.SILENT - timedelta(seconds=1)
        TrailExport.objects.update(state=ExportState.RUNNING, beat_at=timezone.now())
        assert exporting.sweep(timezone.now()) == []
        TrailExport.objects.update(beat_at=long_ago)
    assert exporting.sweep(timezone.now()) == [asked.pk]
    assert make_export(asked.pk)


def test_who_lost_the_office_gets_nothing_more(county: RoleGrant) -> None:
    asked = ask(county)
    with within(SYSTEM):
        revoke(grant=county, act=Act(None, "operator", county.tenant, timezone.now()), reason="调离")
    assert not make_export(asked.pk)
    assert (now_is(asked).state, "职务" in now_is(asked).failure) == (ExportState.FAILED, True)
    with within(SYSTEM):
        (said,) = (json.loads(one.body) for one in Entry.objects.filter(action="trail.export_failed"))
    assert (said["office"], said["after"]["entry"], "职务" in said["reason"]) == (
        "system",
        asked.entry_id,
        True,
    )


def test_nobody_sees_or_takes_anothers_export(county: RoleGrant) -> None:
    asked = ask(county)
    make_export(asked.pk)
    with within(SYSTEM):
        casting = Casting(Act(None, "operator", county.tenant, at("2020-01-01")), date(2020, 1, 1))
        other = casting.appoint(casting.person("county2", "李明"), "county", county.tenant)
    client = client_of(other)
    assert "县档案馆检查" not in client.get("/trail/exports/list/").content.decode()
    for act in ("download", "cancel"):
        assert client.post(f"/trail/exports/{asked.pk}/{act}/").status_code == 404


def test_more_than_five_at_once_wait(county: RoleGrant) -> None:
    for _ in range(exporting.WAITING_AT_MOST):
        ask(county)
    with pytest.raises(Refused, match="已有5项"):
        ask(county)


def test_a_format_that_fails_says_so_and_keeps_nothing(
    county: RoleGrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_taken: extract.Extract) -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("disk")

    asked = ask(county)
    monkeypatch.setitem(FORMATS, "jsonl", Format("x", "x", "text/plain", write))
    assert not make_export(asked.pk)
    assert (now_is(asked).state, now_is(asked).file.name) == (ExportState.FAILED, "")
    assert "disk" not in now_is(asked).failure
    with within(SYSTEM):
        assert Entry.objects.filter(action="trail.export_failed").count() == 1
    assert not make_export(asked.pk)
    with within(SYSTEM):
        assert Entry.objects.filter(action="trail.export_failed").count() == 1, (
            "once for each that was asked for"
        )


def test_an_auditors_export_holds_the_notices_part_alone_and_no_dossier(county: RoleGrant) -> None:
    with within(SYSTEM):
        town = Unit.objects.get(code="T01")
        casting = Casting(Act(None, "operator", town, at("2020-01-01")), date(2020, 1, 1))
        notice = {"document": "审通〔2026〕3号", "until": date(2030, 1, 1)}
        casting.appoint(casting.person("auditor", "陈明"), "auditor", town, **notice)
        auditor = RoleGrant.objects.select_related("user", "tenant").get(office="auditor")
    asked = ask(auditor)
    assert make_export(asked.pk)
    lines = [json.loads(line) for line in now_is(asked).file.read().splitlines()]
    assert [line["step"] for line in lines if line["action"] == "test.act"] == [5, 6]
    with pytest.raises(Refused, match="查阅范围"):
        ask(auditor, "dossier", year=2026)
