"""A dossier made by a worker: it says how far it is, stops where it is cancelled, and holds what its entry says."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from projects.cycles.models import Cycle
from projects.cycles.papers import make_paper
from projects.evaluation.dossier import build_archive, write_dossier
from tests.addresses import signed_in
from tests.builders import at, every_office, open_task, township
from tests.projects.evaluation.conftest import year_under_supervision
from workflow.administration import exporting
from workflow.administration.models import ExportState, TrailExport
from workflow.administration.tasks import make_export
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.models import Comment, CommentFile
from workflow.people.isolation import SYSTEM, within
from workflow.roles.models import RoleGrant


def inside(file: io.IOBase | io.BytesIO, name: str) -> bytes:
    return zipfile.ZipFile(file).read(name)  # type: ignore[arg-type]


def said_of_export() -> dict[str, Any]:
    return dict(json.loads(Entry.objects.get(action="trail.export").body)["after"])


# ------------------------------------------------------------------------------- by the command


def test_the_command_writes_a_dossier_that_verifies_and_holds_as_many_entries_as_it_says(cycle, tmp_path):
    write_down(Act(None, "clerk", cycle.unit, at("2026-03-01")), "test.act", "thing:1")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    path = tmp_path / "dossier.zip"
    call_command("export_trail", unit="T01", year=2027, form="dossier", output=str(path), reason="检查")
    with zipfile.ZipFile(path) as file:
        lines = file.read("办理记录/trail.jsonl").splitlines()
        assert {"归档目录.csv", "备考表.txt", "程序规范检查表.csv", "SHA256SUMS"} <= set(file.namelist())
        assert f"共 {len(lines)} 条" in file.read("备考表.txt").decode("utf-8-sig")
        file.extractall(tmp_path)
    # The unit's whole trail goes with the year's file, other years' entries too.
    years = {json.loads(line)["at"][:4] for line in lines}
    assert said_of_export()["entries"] == len(lines) and len(years) > 1
    folder = tmp_path / "办理记录"
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), "trail.jsonl", "heads.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def verified(folder: Path, name: str = ".") -> tuple[int, str]:
    """What the verifier inside of an unpacked dossier says of it, on a machine with Python alone."""
    command = [sys.executable, "-I", "-S", str(folder / "办理记录" / "verify.py"), "dossier", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_an_unpacked_dossier_is_checked_file_by_file_with_python_alone(cycle, tmp_path):
    act = Act(None, "clerk", cycle.unit, at("2026-03-01"))
    make_paper(act, cycle, "resolution", "关于项目的决议\u2028（正本）", body="通过。", step=4)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (tmp_path / "dossier.zip").open("wb+") as out:
        entered = write_dossier(out, cycle, at=at("2028-02-20"))
        count = len(zipfile.ZipFile(out).namelist()) - 1

    def unpacked(name: str) -> Path:
        with zipfile.ZipFile(tmp_path / "dossier.zip") as file:
            file.extractall(tmp_path / name)
        return tmp_path / name

    code, said = verified(unpacked("whole"))
    assert (code, f"清单所列{count}个文件，逐个相符" in said) == (0, True), said
    assert "有问题" not in said
    (tmp_path / "whole" / "Thumbs.db").write_bytes(b"what Windows leaves in every folder")
    assert verified(tmp_path / "whole")[0] == 0

    paper = next(one.file for one in entered if one.made == "resolution")
    for name, fault in (
        ("altered", "内容与清单的校验值不符"),
        ("lost", "缺少文件"),
        ("added", "清单以外的文件"),
    ):
        folder = unpacked(name)
        if name == "altered":
            (folder / paper).write_bytes((folder / paper).read_bytes() + b" ")
        elif name == "lost":
            (folder / paper).unlink()
        else:
            (folder / paper).with_name("另附.html").write_bytes(b"added")
        code, said = verified(folder)
        assert code == 1 and fault in said and "逐个相符" not in said, said
        assert said.splitlines()[-1] == "有问题。", (
            "one verdict on the whole dossier, though its trail agrees"
        )

    # Whoever fits the list to an altered trail is found by the chain.
    folder = unpacked("fitted")
    trail, sums = folder / "办理记录" / "trail.jsonl", folder / "SHA256SUMS"
    before = hashlib.sha256(trail.read_bytes()).hexdigest()
    trail.write_bytes(trail.read_bytes().replace(b'"office":"clerk"', b'"office":"mayor"', 1))
    after = hashlib.sha256(trail.read_bytes()).hexdigest()
    sums.write_text(sums.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    code, said = verified(folder)
    assert code == 1 and "逐个相符" in said and "内容与校验值不符" in said
    assert verified(folder, "nowhere")[0] == 2
    for wrong in ("", "不是清单\n", f"{'0' * 64}  ../../etc/passwd\n"):
        sums.write_text(wrong, encoding="utf-8")
        assert verified(folder)[0] == 2


# ------------------------------------------------------------------------------- by a worker


@pytest.fixture
def county(fresh_database: str, settings: Any, tmp_path: Path) -> Iterator[RoleGrant]:
    """The county of a township with a year; commits are real, as for a worker."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    with within(SYSTEM):
        town = township()
        year_under_supervision(town, ["村道硬化"])
        grant = every_office(town)["county"]
    yield grant


@pytest.fixture(autouse=True)
def _system() -> None:
    """In place of the room's: each test here opens the contexts it needs."""


@pytest.fixture
def cycle(db: None) -> Iterator[Cycle]:
    with within(SYSTEM):
        yield year_under_supervision(township(), ["村道硬化"])


def asked(grant: RoleGrant) -> TrailExport:
    with within(SYSTEM):
        return exporting.ask(
            grant, Cycle.objects.get().unit, form="dossier", year=2027, subject="", reason="县档案馆检查", at=timezone.now()
        )  # fmt: skip


def now_is(export: TrailExport) -> TrailExport:
    with within(SYSTEM):
        return TrailExport.objects.get(pk=export.pk)


def at_each_beat(monkeypatch: pytest.MonkeyPatch, look: Callable[[int], None]) -> None:
    """What somebody else does each time the worker has said that it goes on."""
    real = exporting._beat

    def beat(export_id: int) -> Callable[[int], None]:
        told, number = real(export_id), 0

        def tick(read: int) -> None:
            nonlocal number
            told(read)
            number += 1
            look(number)

        return tick

    monkeypatch.setattr(exporting, "_beat", beat)


def test_the_worker_says_after_each_piece_that_it_goes_on(county, monkeypatch):
    export, beats = asked(county), []

    def look(_number: int) -> None:
        assert not connection.in_atomic_block, "what was said must be seen by others, and hold nobody up"
        beats.append(now_is(export).done)

    at_each_beat(monkeypatch, look)
    assert make_export(export.pk)
    done = now_is(export)
    assert (done.state, done.done) == (ExportState.DONE, done.total) and done.sha256
    assert len(beats) > 10 and beats == sorted(beats) and beats[-1] == done.total
    with done.file.open("rb") as file:
        lines = inside(file, "办理记录/trail.jsonl").splitlines()
    with within(SYSTEM):
        assert said_of_export()["entries"] == len(lines) == done.total


def test_a_dossier_cancelled_while_it_is_written_stops_at_the_next_piece(county, monkeypatch):
    export, beats, client = asked(county), [], signed_in(county)

    def look(number: int) -> None:
        beats.append(number)
        if number == 3:
            assert client.post(f"/trail/exports/{export.pk}/cancel/").status_code == 302

    at_each_beat(monkeypatch, look)
    assert not make_export(export.pk)
    stopped = now_is(export)
    assert (beats, stopped.state, stopped.file.name) == ([1, 2, 3], ExportState.CANCELLED, "")


# ------------------------------------------------------------------------------- files on notes


def noted(cycle: Cycle, name: str, body: bytes, *, sha256: str = "") -> CommentFile:
    """A file that goes with a note on the year's open task."""
    deadline = open_task("evaluation.completion_report")
    stored = default_storage.save(f"comments/{name}", ContentFile(body))
    author = RoleGrant.objects.filter(office="clerk", tenant=cycle.unit)[0].user
    note = Comment.objects.create(
        task=deadline.task, unit=cycle.unit, user=author, at=at("2027-12-01"), words="见附件。"
    )
    return CommentFile.objects.create(
        comment=note, unit=cycle.unit, file=stored, name=name, media_type="application/pdf", size=len(body),
        sha256=sha256 or hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


def test_files_of_notes_are_in_the_dossier_under_their_task_and_a_lost_one_is_named(
    cycle, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    whole, altered = (
        noted(cycle, "核算表.pdf", b"%PDF whole"),
        noted(cycle, "照片.pdf", b"%PDF", sha256="0" * 64),
    )
    lost = noted(cycle, "清单.pdf", b"%PDF lost")
    lost.file.storage.delete(lost.file.name)
    out = io.BytesIO()
    entered = {one.title: one for one in write_dossier(out, cycle, at=at("2028-02-20"))}
    assert inside(out, entered["核算表"].file) == b"%PDF whole"
    line = entered["核算表"]
    assert (line.step, line.reference) == (6, f"comment_file:{whole.pk}")
    assert line.kind == "附注文件（报告完成情况）" and line.author == whole.comment.user.name
    assert (entered["清单"].fault, entered["照片"].fault) == ("原件缺失", "与入库时的校验值不符")
    assert altered.sha256 != entered["照片"].sha256


def test_the_archived_dossier_holds_them_too(cycle, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    kept = noted(cycle, "核算表.pdf", b"%PDF whole")
    clerk = RoleGrant.objects.select_related("user").filter(office="clerk", tenant=cycle.unit)[0]
    archive = build_archive(clerk.act(cycle.unit, at("2028-06-01")), cycle)
    assert f"comment_file:{kept.pk}" in {line["reference"] for line in archive.manifest}
