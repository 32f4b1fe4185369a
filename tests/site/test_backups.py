"""Backups: what is in one and what is not, which are kept, and that one can be relied on before it is needed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from tarfile import TarError
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from projects.ballots import services
from projects.ballots.keys import Opening
from projects.ballots.models import Box, Keying, RollEntry
from projects.ballots.selectors import kept_from_backups
from projects.demo.play.voting import Sheet, keyed
from projects.retention.models import Erasure
from projects.site.backups import drilling, making, programs, restoring
from projects.site.backups.drilling import Drill, Known
from projects.site.backups.making import Backup, back_up, backups_in
from projects.site.backups.programs import Access, Unusable
from projects.site.backups.rotation import Keep
from projects.site.management.commands.restore_drill import report
from projects.site.tasks import make_backup
from projects.voting.desk import DESK
from tests.builders import at, do, open_task, township
from tests.databases import Server
from tests.notifications.conftest import administrator
from tests.projects.ballots.conftest import PASSPHRASES
from tests.projects.voting.conftest import DAY, Hall, page_of, settled
from tests.projects.voting.test_device_flow import close, open_box, opened, vote_all
from tests.projects.voting.test_device_flow import made as on_the_day
from tests.projects.voting.test_keypad_and_paper import collected, keyed_twice
from tests.projects.voting.test_keypad_and_paper import keyed as keyed_with_presses
from tests.projects.voting.test_keypad_and_paper import made as pressing
from tests.workflow.audit.test_signed_heads import act, keys, made  # noqa: F401  the keys heads are signed with
from workflow.audit import heads
from workflow.audit.models import Entry, Head
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.inbox.pages import next_steps
from workflow.people.isolation import SYSTEM, apply, within
from workflow.people.models import Unit

KEEP = Keep(7, 4, 12)
NOW = timezone.now()


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT, settings.BACKUPS_DIR = str(tmp_path / "uploads"), tmp_path / "backups"
    settings.VAR_DIR = tmp_path
    return tmp_path


def seen(command: str, *arguments: str) -> tuple[int, str]:
    """A command's status and what it said."""
    out, status = StringIO(), 0
    try:
        call_command(command, *arguments, stdout=out)
    except SystemExit as left:
        status = int(str(left.code))
    except CommandError as refused:
        return refused.returncode, str(refused)
    return status, out.getvalue()


# Which are kept


@given(st.sets(st.integers(0, 900), min_size=1), st.integers(1, 9), st.integers(0, 6), st.integers(0, 14))
def test_what_is_kept_has_the_last_of_each_day_and_nothing_past_its_term(
    ages: set[int], days: int, weeks: int, months: int
) -> None:
    newest = date(2027, 3, 14)
    stood = {f"{1000 - age:04d}": newest - timedelta(age - min(ages)) for age in ages}
    kept = Keep(days, weeks, months).of(stood.items())
    assert max(stood) in kept and len(kept) <= days + weeks + months
    assert {name for name, day in stood.items() if (newest - day).days < days} <= kept
    term = max(days, 7 * weeks, 31 * months)
    assert all((newest - stood[name]).days < term for name in kept)


def test_a_years_nightly_backups_leave_days_weeks_and_months() -> None:
    newest = date(2027, 12, 31)
    stood = {(newest - timedelta(n)).isoformat(): newest - timedelta(n) for n in range(500)}
    kept = sorted(KEEP.of(stood.items()), reverse=True)
    assert kept[:7] == [(newest - timedelta(n)).isoformat() for n in range(7)]
    assert kept[7:] == [
        "2027-12-19", "2027-12-12", "2027-11-30", "2027-10-31", "2027-09-30", "2027-08-31", "2027-07-31",
        "2027-06-30", "2027-05-31", "2027-04-30", "2027-03-31", "2027-02-28", "2027-01-31",
    ]  # fmt: skip


def test_nothing_is_kept_of_nothing() -> None:
    assert KEEP.of([]) == set()


# What is in one


def test_a_reader_for_the_whole_system_is_shown_every_row(db: None) -> None:
    """A table whose policies let no row through to the system would be missing from every backup, unseen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity ORDER BY 1")
        guarded = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT tablename, qual FROM pg_policies WHERE permissive = 'PERMISSIVE' AND cmd IN ('SELECT', 'ALL')"
        )
        shown = {table for table, qual in cursor.fetchall() if qual == "true" or "'system'" in qual}
    assert len(guarded) > 20 and [table for table in guarded if table not in shown] == []


def lines(folder: Path, table: str) -> list[str]:
    apply(SYSTEM)
    path = folder / f"{table}.{os.urandom(4).hex()}"
    making._copy(path, table, making.APART[table])
    return path.read_text().splitlines()


def test_the_ballots_of_an_open_vote_are_in_no_backup_and_of_a_closed_one_in_the_order_of_their_keys(
    db: None, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(SYSTEM)
    hall: Hall = on_the_day(monkeypatch)
    opened(hall)
    vote_all(hall, most=5)
    assert Box.objects.count() == 5 and lines(folders, "projects_box") == []
    roll = [int(line.split("\t")[0]) for line in lines(folders, "projects_rollentry")]
    assert roll == sorted(RollEntry.objects.values_list("pk", flat=True))
    assert making.rows_by_table()["projects_box"] == 0
    close(hall)
    boxes = [line.split("\t")[0] for line in lines(folders, "projects_box")]
    assert boxes == sorted(Box.objects.values_list("key", flat=True)) and len(boxes) == 5


# A system in use, with its backups


def uploaded(name: str, content: bytes) -> None:
    from django.conf import settings

    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture
def unit(fresh_database: str) -> Unit:
    with within(SYSTEM):
        unit = made()
    heads.seal(unit.pk, "close", NOW)
    uploaded("ab/one.pdf", b"%PDF one")
    uploaded("exports/old", b"made again")
    return unit


@pytest.fixture
def empty(database_server: Server, fresh_database: str) -> Iterator[Access]:
    """An empty database on the tests' own server, as its owner."""
    from django.conf import settings

    name = f"piaojue_test_{os.getpid()}_restored"
    opened = database_server.owner()
    opened.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    given = conninfo_to_dict(database_server.url("owner", name))
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    yield Access({named[key]: str(value) for key, value in given.items() if key in named}, settings.CLUSTER)
    opened.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    opened.close()


def entries(action: str) -> list[dict[str, Any]]:
    with within(SYSTEM):
        return [json.loads(one.body) for one in Entry.objects.filter(action=action).order_by("pk")]


def test_a_backup_is_readable_by_nobody_else_and_has_the_key_only_when_asked_for(
    unit: Unit, folders: Path
) -> None:
    assert seen("backup", "--keep", "2")[0] == 0
    (backup,) = backups_in(folders / "backups")
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in backup.folder.iterdir()}
    assert set(files) == {
        "database.dump", "manifest.json", "projects_box.copy", "projects_keying.copy", "projects_rollentry.copy",
        "uploads.tar",
    }  # fmt: skip
    assert set(files.values()) == {0o600} and stat.S_IMODE(backup.folder.stat().st_mode) == 0o700
    assert backup.damaged() == [] and backup.manifest["files"] == 1
    assert backup.manifest["rows"]["workflow_entry"] == 4  # the key's adoption, and three acts
    told = {one["unit"]: one for one in backup.manifest["units"]}
    assert told["T01"]["size"] == 3 and told["T01"]["head"]["why"] == "close"
    (entry,) = entries("backup.make")
    assert entry["after"]["manifest"] == backup.digest and (entry["unit"], entry["office"]) == (
        "C1",
        "operator",
    )
    # The key that signs what the backup would be compared with stays out of it, unless it is asked for.
    assert "trail-key" not in backup.manifest["parts"] and "with_keys" not in entry["after"]
    (folders / "asked").mkdir()
    assert making._keys(folders / "asked") == ["trail-key"]
    key = folders / "asked" / "trail-key"
    assert key.read_text() == (folders / "head").read_text() and stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_nightly_task_rotates_and_a_failure_leaves_nothing_behind(
    unit: Unit,
    folders: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = folders / "backups" / "piaojue-20200101T000000Z"
    old.mkdir(parents=True)
    name = make_backup()
    assert name and [one.name for one in backups_in(folders / "backups")] == [name]

    def full(*args: object, **more: object) -> None:
        raise Unusable("磁盘已满")

    monkeypatch.setattr(programs.Access, "run", full)
    with pytest.raises(Unusable, match="磁盘已满"):
        back_up(folders / "backups", KEEP, at=NOW + timedelta(minutes=1))
    left = {path.name for path in (folders / "backups").iterdir()}
    assert left == {name, ".lock"}
    settings.BACKUPS_DIR = folders / "backups" / name / "manifest.json"
    assert make_backup() == "" and "no backup" in caplog.text


def test_a_missing_program_is_named_in_one_line(
    unit: Unit, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CLUSTER = None
    monkeypatch.setattr(programs.shutil, "which", lambda name: None)
    status, said = seen("backup")
    assert status == 1 and "没有找到 pg_dump" in said and "\n" not in said


def test_a_password_stands_in_no_list_of_processes() -> None:
    there = Access({"NAME": "n", "USER": "u", "PASSWORD": "geheim", "HOST": "h", "PORT": "5432"}, None)
    assert "geheim" not in there.conninfo() and "user=u" in there.conninfo()


# Tried out


def test_a_drill_writes_its_verdict_into_the_system_and_nothing_else(unit: Unit, folders: Path) -> None:
    seen("backup")
    with within(SYSTEM):
        act(unit, 2)
    later = heads.seal(unit.pk, "declare", NOW)
    assert later is not None and later.size == 5
    with within(SYSTEM):
        (folders / "heads.json").write_text(json.dumps(heads.feed_of(unit)))
    left = folders / "drills" / "killed" / "uploads" / "ab"
    left.mkdir(parents=True)
    with within(SYSTEM):
        before = dict(Head.objects.values_list("unit__code", "size"))
    status, said = seen("restore_drill", "latest", "--heads", str(folders / "heads.json"))
    assert status == 0, said
    # Of the file's two heads one reaches further than the backup: compared are the other, and the same as the system has it.
    assert "完好，可以恢复" in said and "清单与办理记录登记的一致" in said
    assert "与现用系统的校验值 1 个比对" in said and "与系统外留存的校验值 1 个比对" in said
    assert "若一并被改" not in said
    # The two acts, and the entry about the backup itself, came later.
    assert "备份之后又有 3 条记录" in said
    assert [left.name for left in (folders / "drills").iterdir()] == [".lock"], "servers and files are gone"
    (entry,) = entries("backup.drill")
    assert (entry["after"]["verdict"], entry["after"]["faults"], entry["after"]["entries"]) == ("whole", 0, 4)
    assert (entry["after"]["heads"], entry["after"]["own"], entry["after"]["stamps"]) == (1, 1, 0)
    with within(SYSTEM):
        after = dict(Head.objects.values_list("unit__code", "size"))
    assert after == before | {"C1": before["C1"] + 1}


@pytest.mark.parametrize(
    ("heads", "own", "stamps", "untold", "said"),
    [
        (
            0,
            3,
            0,
            0,
            ["与现用系统的校验值 3 个比对。", "没有可比的", "备份和现用系统若一并被改，这次演练不能发现。"],
        ),
        (2, 3, 0, 0, ["与现用系统的校验值 3 个比对。", "与系统外留存的校验值 2 个比对。"]),
        (0, 0, 1, 2, ["与时间戳服务器签发的时间戳 1 个比对。", "时间戳 2 个无法核验", "没有可比的"]),
    ],
)
def test_what_the_system_in_use_says_of_itself_is_not_told_as_kept_outside(
    heads: int, own: int, stamps: int, untold: int, said: list[str]
) -> None:
    backup: Any = SimpleNamespace(name="b", digest="", manifest={"made_at": "2027-01-01", "open_votes": []})
    done = Drill(backup, (), 1, 1, 0, heads, own, stamps, untold, (), Known(True), 1.0)
    told = [
        line
        for line in report(done)
        if "比对" in line or "时间戳" in line or "校验值" in line or "若一并" in line
    ]
    assert told[0].endswith("与备份自己的清单比对。") and len(told) == 1 + len(said)
    for line, part in zip(told[1:], said, strict=True):
        assert part in line


def test_a_backup_of_a_trail_that_lost_its_end_is_found_by_a_head_kept_outside(
    unit: Unit, empty: Access, folders: Path, owner_connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner takes the last entry away, with every head over it, and a backup is made of what is left."""
    with within(SYSTEM):
        feed = heads.feed_of(unit)
    file = folders / "heads.json"
    file.write_text(json.dumps(feed))
    run = owner_connection.execute
    tables = [f"workflow_{name}" for name in ("entry", "leaf", "head", "treehead")]
    for table in tables:
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY")
    run("DELETE FROM workflow_treehead WHERE unit_id = %s", [unit.pk])
    run("DELETE FROM workflow_leaf WHERE unit_id = %s AND index = 3", [unit.pk])
    run(
        "UPDATE workflow_head SET size = 2, hash = (SELECT hash FROM workflow_leaf WHERE unit_id = %s AND index = 2)"
        " WHERE unit_id = %s",
        [unit.pk, unit.pk],
    )
    run("DELETE FROM workflow_entry e WHERE NOT EXISTS (SELECT 1 FROM workflow_leaf WHERE entry_id = e.id)")
    for table in tables:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY")
    with within(SYSTEM):
        write_down(Act(None, "clerk", unit, NOW), "test.act", "thing:9")
    assert seen("verify_trail")[0] == 0, "by itself it looks whole"
    seen("backup")
    (backup,) = backups_in(folders / "backups")
    rows = backup.manifest["rows"]["workflow_entry"]
    told = backup.manifest | {"files": 2, "rows": backup.manifest["rows"] | {"workflow_entry": rows + 1}}
    (backup.folder / "manifest.json").write_text(json.dumps(told))
    monkeypatch.setattr(drilling, "a_server", lambda place, owner: nullcontext(empty))
    status, said = seen("restore_drill", "latest", "--heads", str(file))
    assert status == 1 and "T01　第3条" in said and "与留存的校验值不一致" in said
    # Made over into another, it differs besides from what was written down of it, and from what is in it.
    assert "办理记录登记的不一致" in said and "附件：清单 2 个，恢复后 1 个" in said and "不可靠" in said
    assert f"workflow_entry：清单 {rows + 1} 行，恢复后 {rows} 行" in said
    assert entries("backup.drill")[-1]["after"]["verdict"] == "faulty"


def test_what_is_damaged_newer_or_no_backup_is_refused_and_so_is_a_system_in_use(
    unit: Unit, folders: Path
) -> None:
    assert seen("restore_drill", "latest")[0] == 2 and seen("restore_drill", str(folders))[0] == 2
    made, _gone = back_up(folders / "backups", KEEP, at=NOW)
    arguments = ("restore", made.name, "--reason", "误操作")
    status, said = seen(*arguments)
    assert status == 2 and "附件目录" in said
    for file in ("ab/one.pdf", "exports/old"):
        (folders / "uploads" / file).unlink()
    status, said = seen(*arguments)
    assert status == 2 and "数据库不是空的" in said
    manifest = (made.folder / "manifest.json").read_text()
    told = made.manifest | {"migrations": [*made.manifest["migrations"], "workflow.9999_later"]}
    (made.folder / "manifest.json").write_text(json.dumps(told))
    for command in (arguments, ("restore_drill", made.name)):
        status, said = seen(*command)
        assert status == 2 and "更新的版本" in said
    (made.folder / "manifest.json").write_text(manifest)
    parts = ("database.dump", "uploads.tar", "projects_box.copy")
    made_whole = {part: (made.folder / part).read_bytes() for part in parts}
    for part in parts:
        with (made.folder / part).open("ab") as opened:
            opened.write(b"x")
        for command in (arguments, ("restore_drill", made.name)):
            status, said = seen(*command)
            assert status == 2 and part in said
    for part, whole in made_whole.items():
        (made.folder / part).write_bytes(whole)
    # Heads of a unit that is not in it compare nothing, and a copy under another's name stands for nothing.
    feed = folders / "heads.json"
    feed.write_text(json.dumps({"format": heads.FORMAT, "unit": "T99", "heads": []}))
    for command in (arguments, ("restore_drill", made.name)):
        status, said = seen(*command, "--heads", str(feed))
        assert status == 2 and "所属的单位：T99" in said
    other = made.folder.with_name("piaojue-20300101T000000Z")
    made.folder.rename(other)
    for command in (("restore", other.name, "--reason", "误操作"), ("restore_drill", other.name)):
        status, said = seen(*command)
        assert status == 2 and "与清单所载名称" in said
    assert not entries("backup.drill") and not entries("log.restored")


def test_a_backup_the_system_in_use_knows_nothing_of_is_not_relied_on(unit: Unit, folders: Path) -> None:
    made, _gone = back_up(folders / "backups", KEEP, at=NOW)
    known = drilling.known_of(made)
    assert known.reachable and list(drilling._unregistered(made, known)) == []
    elsewhere = Backup(made.folder.with_name("piaojue-20200101T000000Z"))
    made.folder.rename(elsewhere.folder)
    assert list(drilling._unregistered(elsewhere, drilling.known_of(elsewhere))) == [
        "现用系统的办理记录里没有登记过这份备份"
    ]
    # Whoever was restored from it has lost the entry about its making, and says so in another.
    with within(SYSTEM):
        county = Unit.objects.get(code="C1")
        said = {"backup": elsewhere.name, "manifest": "0" * 64}
        write_down(Act(None, "operator", county, NOW), "log.restored", f"unit:{county.pk}", after=said)
    assert drilling.known_of(elsewhere).registered == "0" * 64


def test_a_backup_of_a_database_whose_owner_has_another_name_is_tried_out_like_any(
    unit: Unit, fresh_database: str, folders: Path, settings: Any
) -> None:
    if settings.CLUSTER is None:
        pytest.skip("only the embedded server lets a test make a role")
    other, policies = (
        f"piaojue_test_{os.getpid()}_owner",
        "SELECT tablename, policyname FROM pg_policies WHERE",
    )
    with settings.CLUSTER.superuser(fresh_database) as opened:
        names = sql.Identifier(other), sql.Identifier(settings.OWNER_ROLE)
        opened.execute(sql.SQL("CREATE ROLE {0} NOLOGIN; GRANT {0} TO {1}").format(*names))
        said = opened.execute(f"{policies} %s = ANY (roles)", [settings.OWNER_ROLE]).fetchall()
        assert {table for table, _name in said} == {"workflow_leaf", "workflow_head"}
        for table, name in said:
            to = sql.SQL("ALTER POLICY {} ON {} TO {}").format(*map(sql.Identifier, (name, table, other)))
            opened.execute(to)
    settings.OWNER_ROLE = other
    try:
        seen("backup")
        status, told = seen("restore_drill", "latest")
        assert status == 0 and "完好，可以恢复" in told, told
    finally:
        with settings.CLUSTER.superuser(fresh_database) as opened:
            opened.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(other)))


def test_one_drill_at_a_time_tries_out(folders: Path) -> None:
    with drilling._a_place() as place:
        assert place.is_dir()
        with pytest.raises(Unusable, match="另一次恢复演练"), drilling._a_place():
            pass
    assert not place.exists()


# The real thing


def test_what_breaks_off_says_in_one_line_that_the_target_has_to_be_emptied(
    unit: Unit, empty: Access, folders: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _gone = back_up(folders / "backups", KEEP, at=NOW)
    settings.MEDIA_ROOT = str(folders / "elsewhere")
    arguments = ("restore", made.name, "--reason", "硬盘损坏")
    # A server that does not answer was given nothing yet.
    nowhere = Access({"NAME": "n", "USER": "u", "HOST": str(folders), "PORT": "1"}, None)
    with restoring.pointed_at(nowhere):
        status, said = seen(*arguments)
    assert status == 2 and "数据库出错" in said and "清空" not in said and "\n" not in said
    refusals = iter(
        [psycopg.OperationalError("gone\nmore"), DatabaseError("gone"), TarError("gone"), OSError("gone")]
    )

    def refuse(*args: object) -> None:
        raise next(refusals)

    monkeypatch.setattr(restoring, "load", refuse)
    with restoring.pointed_at(empty):
        for _one in range(4):
            status, said = seen(*arguments)
            assert status == 2 and "gone" in said and "先清空目标数据库" in said and "\n" not in said


def test_what_fails_after_a_backup_does_not_unmake_it(
    unit: Unit, folders: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object) -> None:
        raise OSError("read-only")

    monkeypatch.setattr(making, "_rotate", refuse)
    status, said = seen("backup")
    (backup,) = backups_in(folders / "backups")
    assert status == 2 and backup.name in said and "已做成" in said and "没有删完" in said
    assert [entry["after"]["name"] for entry in entries("backup.make")] == [backup.name]
    monkeypatch.setattr(making, "_write_down", refuse)
    monkeypatch.setattr("projects.site.tasks.timezone.now", lambda: NOW + timedelta(hours=1))
    assert make_backup() == backups_in(folders / "backups")[-1].name and "没有记入办理记录" in caplog.text


def test_what_is_restored_says_so_in_every_trail_and_hides_nothing(
    unit: Unit, empty: Access, folders: Path, settings: Any
) -> None:
    day = date(2026, 6, 1)
    with within(SYSTEM):
        erasure = Erasure(unit=unit, of="contacts", due_on=day, asked_on=day, done_on=day, number="2026-1")
        erasure.save()
    made, _gone = back_up(folders / "backups", KEEP, at=NOW)
    with within(SYSTEM):
        act(unit, 4)
    heads.seal(unit.pk, "declare", NOW)
    with within(SYSTEM):
        (folders / "heads.json").write_text(json.dumps(heads.feed_of(unit)))
    file = str(folders / "heads.json")
    settings.MEDIA_ROOT = str(folders / "elsewhere")
    with restoring.pointed_at(empty):
        status, said = seen("restore", made.name, "--heads", file, "--reason", "硬盘损坏")
        assert status == 0, said
        assert "缺失：T01青溪镇 备份时4条，外部留存的校验值有8条，缺4条。" in said
        assert (folders / "elsewhere" / "ab" / "one.pdf").read_bytes() == b"%PDF one"
        assert {one["unit"] for one in entries("log.restored")} == {"C1", "T01"}
        (told,) = (one for one in entries("log.restored") if one["unit"] == "T01")
        assert told["after"]["missing"] == 4 and told["after"]["outside"]["size"] == 8
        assert told["after"]["manifest"] == made.digest and told["reason"] == "硬盘损坏"
        # Whatever was erased since stands there again.
        assert "重新清除、销毁" in said and told["after"]["last_certificate"] == "2026-1"
        # By itself the trail is whole, and goes on; a newer head kept outside still shows what is gone.
        assert seen("verify_trail")[0] == 0
        status, said = seen("verify_trail", "--heads", file)
        assert status == 1 and "\toutside\t" in said
        with within(SYSTEM):
            act(unit, 5)
        status, said = seen("verify_trail", "--heads", file)
        assert status == 1 and "第4条至第8条之间" in said
        assert seen("verify_trail")[0] == 0
        status, said = seen("restore", made.name, "--reason", "再来一次")
        assert status == 2 and "不是空的" in said
    assert not entries("log.restored"), "the system in use was not touched"


# Votes whose paper is a part of the count, put back before both tellers have signed

THREE_FOR = Sheet({"文化礼堂": 3, "村道硬化": 1})


def by_telephone(monkeypatch: pytest.MonkeyPatch, keyings: int) -> Hall:
    """Five of twenty on paper, closed; so many of its two keyings made."""
    hall: Hall = on_the_day(monkeypatch)
    opened(hall, on_paper=(1, 2, 3, 4, 5))
    vote_all(hall)
    close(hall, returned=5)
    key(hall, keyings)
    return hall


def key(hall: Hall, keyings: int = 2) -> None:
    sheet = keyed(hall.vote, THREE_FOR)
    for turn, counter in (("key_first", 1), ("key_second", 2))[:keyings]:
        do(f"voting.{turn}", hall.town.of("counter", counter), DAY, **sheet)


def sign(hall: Hall) -> dict[str, int]:
    """What the first project has come to once both have signed."""
    do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
    do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
    assert hall.vote.state == "certified"
    return dict(hall.vote.outcome["sums"]["文化礼堂"])


def everything_in(backup: Backup) -> str:
    """All a backup's files say, the dump as the statements it stands for."""
    dump = live_dump(backup)
    copies = [path.read_text() for path in sorted(backup.folder.glob("*.copy"))]
    uploads = (backup.folder / "uploads.tar").read_bytes().decode(errors="replace")
    return "\n".join([dump, *copies, uploads, (backup.folder / "manifest.json").read_text()])


def live_dump(backup: Backup) -> str:
    from django.conf import settings

    with (backup.folder / making.DUMP).open("rb") as dump:
        return str(settings.CLUSTER.tool("pg_restore", "--file=-", source=dump).stdout)


def sums_keyed() -> list[str]:
    """What every keying says of every way to vote, as the database writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT value::text FROM projects_keying, jsonb_each(figures) WHERE key IN ('sums', 'pressed')"
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def put_back(
    fresh_database: str, empty: Access, folders: Path, settings: Any
) -> Callable[..., AbstractContextManager[str]]:
    """Back up what stands, look through all of it, and go on in what was restored; yields what the restorer is told.

    kept: whether the keyings' sums are looked to be in the backup, rather than nowhere in it.
    """

    @contextmanager
    def into_an_empty_one(kept: bool = False) -> Iterator[str]:
        with within(SYSTEM):
            sums = sums_keyed()
        made, _gone = back_up(folders / "backups", KEEP, at=NOW)
        text = everything_in(made)
        assert sums and "村道硬化" in text and {one in text for one in sums} == {kept}
        settings.MEDIA_ROOT = str(folders / "elsewhere")
        with restoring.pointed_at(empty):
            status, said = seen("restore", made.name, "--reason", "硬盘损坏")
            assert status == 0, said
            with within(SYSTEM):
                yield said

    return into_an_empty_one


PutBack = Callable[..., AbstractContextManager[str]]


def test_paper_keyed_beside_sealed_ballots_is_in_no_backup_and_is_keyed_again_before_the_box_is_opened(
    put_back: PutBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with within(SYSTEM):
        hall = by_telephone(monkeypatch, 2)
    with put_back() as said:
        assert "1 项纸质票与电子票（按键）并用的表决正在计票" in said and "重新录入" in said
        client = Client()
        page = page_of("voting.open_box", hall.town.of("chief_teller"), "chief_teller", client)
        assert "先重新录入纸质票，再开箱" in page and "第一人口令" not in page
        assert foretold(hall) == ["第一次录入计票", "第二次录入计票"]
        apply(SYSTEM)
        do("voting.open_box", hall.town.of("chief_teller"), DAY)
        assert hall.vote.state == "closed" and hall.vote.figures == {}
        assert not Entry.objects.filter(action="vote.open_box").exists()
        page = page_of("voting.key_first", hall.town.of("counter", 1), "counter", client)
        assert "系统恢复后没有前一次录入的数字，须重新录入" in page
        apply(SYSTEM)
        key(hall)
        assert foretold(hall) == ["总监票人在计票结果报告单上签字", "监票人在计票结果报告单上签字"]
        open_box(hall)
        assert Box.objects.count() == 15 and sign(hall)["for"] == 18


def test_who_keys_second_after_a_restore_does_not_stand_alone_and_both_key_again(
    put_back: PutBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with within(SYSTEM):
        hall = by_telephone(monkeypatch, 1)
    with put_back():
        do("voting.key_second", hall.town.of("counter", 2), DAY, **keyed(hall.vote, THREE_FOR))
        assert (
            hall.vote.state == "closed"
            and '"lost":true' in Entry.objects.get(action="vote.reject_tally").body
        )
        assert "须重新录入" in DESK.became(hall.cycle, None)["became"][0]
        with pytest.raises(Refused, match="纸质票尚未录入相符"):
            services.open_box(hall.town.act("chief_teller", at(DAY)), hall.vote, *openings())
        key(hall)
        open_box(hall)
        assert sign(hall)["for"] == 18


def foretold(hall: Hall) -> list[str]:
    """What the page of the box says comes after it."""
    task = open_task("voting.open_box").task
    return [one.title for one in next_steps(task.flow_task, hall.cycle, date(2027, 1, 20), task.process)]


def openings() -> list[Opening]:
    return [Opening(office, PASSPHRASES[office], "") for office in ("chief_teller", "teller")]


def test_a_count_that_was_accepted_is_signed_after_a_restore_and_its_keyers_are_known_to_a_recount(
    put_back: PutBack, monkeypatch: pytest.MonkeyPatch, folders: Path
) -> None:
    with within(SYSTEM):
        hall = by_telephone(monkeypatch, 2)
        open_box(hall)
        keyers = set(hall.vote.keyings.values_list("by_id", flat=True))
    with put_back():
        assert hall.vote.state == "keyed" and {one.by_id for one in Keying.objects.all()} == keyers
        assert sign(hall)["for"] == 18
    status, said = seen("restore_drill", "latest")
    assert status == 0 and "纸质票的录入数字不在备份内" in said and "完好，可以恢复" in said


def test_paper_keyed_beside_a_halls_device_is_in_no_backup_and_a_second_keying_begins_anew(
    put_back: PutBack,
) -> None:
    with within(SYSTEM):
        hall = pressing()
        collected(hall)
        do("voting.key_first", hall.town.of("counter", 1), DAY, **keyed_with_presses(hall))
    with put_back():
        do("voting.key_second", hall.town.of("counter", 2), DAY, **keyed_with_presses(hall))
        assert hall.vote.state == "closed"
        keyed_twice(hall, keyed_with_presses(hall), keyed_with_presses(hall))
        do("voting.certify_chief", hall.town.of("chief_teller"), DAY, confirmed=True)
        do("voting.certify_teller", hall.town.of("teller"), DAY, confirmed=True)
        assert hall.vote.outcome["sums"]["水厂改造"]["for"] == 11


def test_a_vote_on_paper_alone_keeps_its_keyings_in_a_backup_and_goes_on_where_it_stood(
    put_back: PutBack,
) -> None:
    with within(SYSTEM):
        hall = settled(["文化礼堂", "村道硬化"], seats=1, in_office=20)
        do("voting.attendance", hall.town.of("clerk"), DAY, present=20, on_leave=0)
        do("voting.open", hall.town.of("chair"), DAY, issued=20)
        do("voting.open_confirm", hall.town.of("chief_teller"), DAY, confirmed=True)
        close(hall, returned=20)
        do("voting.key_first", hall.town.of("counter", 1), DAY, **keyed(hall.vote, THREE_FOR))
        assert kept_from_backups() == []
    with put_back(kept=True) as said:
        assert "重新录入" not in said
        do("voting.key_second", hall.town.of("counter", 2), DAY, **keyed(hall.vote, THREE_FOR))
        assert sign(hall)["for"] == 3


def test_what_a_recount_has_made_forgotten_stands_in_a_backup_as_it_stands(
    db: None, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(SYSTEM)
    hall = by_telephone(monkeypatch, 2)
    assert ["{}" in line.split("\t") for line in lines(folders, "projects_keying")] == [True, True]
    services.recount(hall.town.act("chief_teller", at(DAY)), hall.vote, reason="复票")
    committed = lines(folders, "projects_keying")
    assert kept_from_backups() == [] and all("hmac-sha256" in line for line in committed)


# The page


def test_the_administrator_is_warned_until_backup_and_drill_are_recent(db: None) -> None:
    apply(SYSTEM)
    town = township()
    admin, county = administrator(town), town.unit.parent
    client = Client()
    client.force_login(admin)
    page = client.get("/backups/").content.decode()
    assert page.count("banner-warning") == 2 and "还没有备份" in page and "count-alert" in page
    said = {
        "name": "piaojue-20270101T000000Z",
        "entries": 12,
        "files": 3,
        "bytes": 2048,
        "manifest": "0" * 64,
    }
    for action, more in (
        ("backup.make", {}),
        ("backup.drill", {"verdict": "whole", "faults": 0, "seconds": 9}),
    ):
        apply(SYSTEM)
        write_down(Act(None, "system", county, NOW), action, making.subject_of(county), after=said | more)
    page = client.get("/backups/").content.decode()
    assert "banner-warning" not in page and "count-alert" not in page and "完好" in page
    apply(SYSTEM)
    faulty = said | {"verdict": "faulty", "faults": 2, "seconds": 9}
    write_down(Act(None, "operator", county, NOW), "backup.drill", making.subject_of(county), after=faulty)
    page = client.get("/backups/").content.decode()
    assert "最近一次恢复演练发现问题" in page and "2 处问题" in page


def test_backups_are_the_administrators_alone(db: None) -> None:
    apply(SYSTEM)
    town = township()
    client = Client()
    client.force_login(town.of("clerk"))
    assert client.get("/backups/").status_code == 403
    client.force_login(administrator(town))
    assert client.get("/backups/").status_code == 200
    assert Client().get("/backups/").status_code == 302


def test_old_backups_warn_again(db: None) -> None:
    apply(SYSTEM)
    town = township()
    old = at("2020-01-01")
    write_down(
        Act(None, "system", town.unit.parent, old),
        "backup.make",
        making.subject_of(town.unit.parent),
        after={"name": "x"},
    )
    client = Client()
    client.force_login(administrator(town))
    assert "没有做成备份" in client.get("/backups/").content.decode()
