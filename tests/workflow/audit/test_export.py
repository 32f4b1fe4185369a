"""The trail as files: what is hashed stands there byte for byte, what a spreadsheet could run does not."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from projects.demo.cast import Casting
from tests.builders import at, township
from workflow.administration.conf import operating_user
from workflow.audit.models import Entry, Head
from workflow.audit.services import Act, write_down
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit

OUTSIDE_BODY = ("hash", "id", "index", "prev", "recorded_at", "unit_id")


def chained() -> None:
    """Let the deferred trigger write the leaves now, as a commit would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def unit(db: None) -> Unit:
    apply(SYSTEM)
    county = create_unit(code="C1", name="示范县", kind=UnitKind.COUNTY)
    made = create_unit(code="T01", name="青溪镇", kind=UnitKind.TOWNSHIP, parent=county)
    user = User.objects.create(username="clerk@T01", name="王伟")
    for number, day in enumerate(("2025-06-01", "2025-12-31", "2026-01-01", "2026-03-01"), 1):
        write_down(
            Act(user, "clerk", made, at(day, 3)),
            "test.act",
            f"thing:{number}",
            step=number,
            after={"sum": number, "text": '=1+1，"引号"\n'},
            reason="=cmd|'/c calc'!A0",
            label="@标签",
        )
    chained()
    return made


def exported(tmp_path: Path, *arguments: str, form: str = "jsonl") -> bytes:
    file = tmp_path / f"trail.{form}"
    call_command("export_trail", "--unit", "T01", "--format", form, "--output", str(file), *arguments)
    apply(SYSTEM)
    return file.read_bytes()


def test_every_line_gives_its_own_hash_and_the_one_before(unit: Unit, tmp_path: Path) -> None:
    prev = bytes(32)
    lines = exported(tmp_path).decode().splitlines()
    assert len(lines) == 4
    for line in lines:
        envelope = json.loads(line)
        body = rfc8785.dumps({k: v for k, v in envelope.items() if k not in OUTSIDE_BODY})
        assert line.encode().endswith(body[1:]), "the body must stand in the line as hashed"
        leaf = "piaojue-leaf-v1\n{unit_id}\n{index}\n{id}\n{recorded_at}\n".format(**envelope).encode() + body
        assert envelope["prev"] == prev.hex()
        prev = hashlib.sha256(prev + leaf).digest()
        assert envelope["hash"] == prev.hex()


def test_every_field_of_the_envelope_is_there(unit: Unit, tmp_path: Path) -> None:
    envelope = json.loads(exported(tmp_path).splitlines()[0])
    asked = "unit index id at recorded_at action step actor office subject before after reason hash prev"
    assert set(asked.split()) <= envelope.keys()
    assert (envelope["unit"], envelope["index"], envelope["actor"]) == ("T01", 1, "clerk@T01")


def test_a_year_is_the_local_calendar_year_and_its_gaps_show(unit: Unit, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in exported(tmp_path, "--year", "2026").splitlines()]
    assert [line["index"] for line in lines] == [3, 4], "1 January 03:00 in Shanghai is still 2025 in UTC"
    assert lines[0]["prev"] != "00" * 32


def test_the_table_opens_in_a_spreadsheet_and_runs_nothing(unit: Unit, tmp_path: Path) -> None:
    raw = exported(tmp_path, form="csv")
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\r\n") == 5
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[0]["reason"] == "'=cmd|'/c calc'!A0" and rows[0]["label"] == "'@标签"
    assert (rows[0]["index"], rows[3]["step"]) == ("1", "4")
    assert json.loads(rows[0]["after"])["sum"] == 1


def test_an_export_is_an_entry_of_its_own(
    unit: Unit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported(tmp_path, "--year", "2026")
    (entry,) = Entry.objects.filter(action="trail.export")
    body = json.loads(entry.body)
    assert (body["office"], body["actor"], body["unit"]) == ("operator", "", "T01")
    assert body["after"] == {
        "after_head": 4,
        "outside": 0,
        "entries": 2,
        "format": "jsonl",
        "size": 4,
        "year": 2026,
        "user": operating_user(),
    }
    assert "没有用 --reason 写明导出的用途" in capsys.readouterr().err
    exported(tmp_path, "--reason", "县档案馆检查", "--subject", "thing:2")
    body = json.loads(Entry.objects.filter(action="trail.export").order_by("-pk")[0].body)
    assert (body["reason"], body["after"]["subject"]) == ("县档案馆检查", "thing:2")
    assert "没有用 --reason" not in capsys.readouterr().err
    for short in ("查", "  ", " 查 "):
        with pytest.raises(CommandError, match="至少写 2 个字") as refused:
            exported(tmp_path, "--reason", short)
        assert refused.value.returncode == 2
    assert Entry.objects.filter(action="trail.export").count() == 2


@pytest.mark.parametrize("code", ["T99", "T01-D1"])
def test_a_unit_without_a_trail_of_its_own_is_not_usable(unit: Unit, tmp_path: Path, code: str) -> None:
    create_unit(code="T01-D1", name="经济办", kind=UnitKind.DEPARTMENT, parent=unit)
    with pytest.raises(CommandError) as refused:
        call_command("export_trail", "--unit", code, "--output", str(tmp_path / "x"))
    assert refused.value.returncode == 2
    assert not (tmp_path / "x").exists()


def test_a_file_that_cannot_be_written_is_said(unit: Unit, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("export_trail", "--unit", "T01", "--output", str(tmp_path / "no" / "such" / "x"))
    assert refused.value.returncode == 2
    apply(SYSTEM)
    (asked,), (unmade,) = (
        Entry.objects.filter(action=action) for action in ("trail.export", "trail.export_failed")
    )
    assert json.loads(unmade.body)["after"] == {"entry": asked.pk, "format": "jsonl"}


@pytest.fixture
def onlookers(db: None) -> dict[str, User]:
    """A county official, an auditor and a clerk; two counties, so that one is foreign."""
    apply(SYSTEM)
    town = township("T01", deputies=14)
    township("T02", deputies=14, name="白石镇")
    casting = Casting(Act(None, "operator", town.unit, at("2020-01-01")), date(2020, 1, 1))
    county = Unit.objects.get(code="T01-C")
    people = {
        "county": casting.appoint(casting.person("county", "冯玉兰"), "county", county),
        "auditor": casting.appoint(
            casting.person("auditor", "陈明"),
            "auditor",
            town.unit,
            document="审通〔2026〕3号",
            until=date(2030, 1, 1),
        ),
        "admin": casting.appoint(casting.person("the-admin", "韩立新"), "admin", county),
        "clerk": town.of("clerk"),
        "chair": town.of("chair"),
    }
    chained()
    return people


def post(user: User, path: str) -> Any:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.post(path)


def test_the_county_downloads_the_trail_and_it_is_on_record(onlookers: dict[str, User]) -> None:
    answer = post(onlookers["county"], "/trail/T01/export/?format=jsonl&reason=核对")
    lines = b"".join(answer.streaming_content).splitlines()
    apply(SYSTEM)
    (entry,) = Entry.objects.filter(action="trail.export").select_related("unit", "actor")
    assert (entry.actor, entry.unit.code) == (onlookers["county"], "T01")
    assert len(lines) == Head.objects.get(unit__code="T01").size == 3
    assert answer.headers["Content-Disposition"].endswith('"trail-T01.jsonl"')


def test_an_export_says_what_it_is_for(onlookers: dict[str, User]) -> None:
    for short in ("", "&reason=查", "&reason=%20%20"):
        answer = post(onlookers["county"], f"/trail/T01/export/?format=jsonl{short}")
        assert (answer.status_code, answer.url) == (302, "/trail/exports/?unit=T01")
    apply(SYSTEM)
    assert not Entry.objects.filter(action="trail.export").exists()
    post(onlookers["county"], "/trail/T01/export/?format=jsonl&reason=核对")
    apply(SYSTEM)
    assert json.loads(Entry.objects.get(action="trail.export").body)["reason"] == "核对"


def test_a_link_followed_writes_nothing(onlookers: dict[str, User]) -> None:
    client = Client()
    client.force_login(onlookers["county"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/trail/T01/export/?format=jsonl&reason=核对").status_code == 405
    apply(SYSTEM)
    assert not Entry.objects.filter(action="trail.export").exists()


def test_a_townships_own_office_may_not_download_it(onlookers: dict[str, User]) -> None:
    assert post(onlookers["auditor"], "/trail/T01/export/?reason=审计").status_code == 200
    apply(SYSTEM)
    Entry.objects.get(action="trail.export")
    assert post(onlookers["clerk"], "/trail/T01/export/?reason=审计").status_code == 403
    apply(SYSTEM)
    assert Entry.objects.filter(action="trail.export").count() == 1


@pytest.mark.parametrize("path", ["/trail/exports/", "/trail/exports/list/"])
def test_the_page_of_exports_is_for_those_who_look_on_and_whoever_hands_the_dossier_over(
    onlookers: dict[str, User], path: str
) -> None:
    client = Client()
    for name, status in {"county": 200, "auditor": 200, "admin": 200, "clerk": 200, "chair": 403}.items():
        client.force_login(onlookers[name], backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(path).status_code == status, name


def test_nobody_may_stream_what_needs_a_worker(onlookers: dict[str, User]) -> None:
    assert post(onlookers["county"], "/trail/T01/export/?format=xlsx&reason=核对").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/trail/T02/export/",
        "/trail/T99/export/",
        "/trail/T01/export/?format=exe",
        "/trail/T01/export/?year=x",
        "/trail/T01/export/?year=²",
    ],
)
def test_a_foreign_unit_or_an_unknown_format_is_not_found(onlookers: dict[str, User], path: str) -> None:
    assert post(onlookers["county"], path).status_code == 404


def test_nobody_downloads_it_without_signing_in(db: None) -> None:
    assert Client().post("/trail/T01/export/").status_code == 401
