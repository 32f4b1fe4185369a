"""One backup: the database at one instant, uploaded files, and a manifest that says what must be found in it again.

It is a folder that appears whole or not at all, readable by nobody else. Of votes still open the sealed ballots are left
out: what differs between two backups would pair a mark on the roll with a ballot, and a vote put back without the
ballots cast later must not look as if it could be counted. Roll and box are copied in the order of their keys, because
the order in which rows lie is the order of casting (integrity.md §2). Of votes on paper and another way that are not signed
yet the keyings come without their figures: signing forgets them here, and could not in a backup. They are keyed again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.timezone import localdate
from psycopg import sql

from projects.ballots.models import Box, Keying, RollEntry, Vote, VoteState
from projects.ballots.selectors import kept_from_backups
from projects.site.backups.programs import Access, Unusable, in_one_line
from projects.site.backups.rotation import Keep
from workflow.audit.chain import stamp
from workflow.audit.heads import head_told, keys_told, last_head
from workflow.audit.models import Head
from workflow.audit.services import Act, write_down
from workflow.audit.verify import one_view
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

ACTION, FORMAT = "backup.make", "piaojue-backup/1"
MANIFEST, DUMP, UPLOADS = "manifest.json", "database.dump", "uploads.tar"
NAME = re.compile(r"piaojue-(\d{8}T\d{6}Z)")
UNFINISHED = ".unfinished-"
NOT_KEPT = "exports"  # made again by whoever still wants them; gone within a week
OPEN_VOTES = sql.SQL("SELECT id FROM {} WHERE state = {}").format(
    sql.Identifier(Vote._meta.db_table), VoteState.OPEN.value
)
# Copied apart from the dump: table, which of its rows, in which order.
APART = {
    RollEntry._meta.db_table: sql.SQL("TRUE ORDER BY id"),
    Box._meta.db_table: sql.SQL("vote_number NOT IN ({}) ORDER BY key").format(OPEN_VOTES),
    Keying._meta.db_table: sql.SQL("TRUE ORDER BY id"),
}


@dataclass(frozen=True)
class Backup:
    """One that stands. Unusable where its manifest cannot be read."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def made_at(self) -> datetime:
        """By its name."""
        found = NAME.fullmatch(self.name)
        if not found:
            raise Unusable(f"{self.name} 不是备份的名称。")
        return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            if found["format"] != FORMAT:
                raise ValueError(found["format"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unusable(f"{self.folder} 不是备份：清单 {MANIFEST} 无法读取。") from error
        return dict(found)

    @property
    def digest(self) -> str:
        """The manifest's own, which stands in the trail."""
        return digest_of(self.folder / MANIFEST)

    @property
    def size(self) -> int:
        return sum(part["bytes"] for part in self.manifest["parts"].values())

    def damaged(self) -> list[str]:
        """The parts that are not what the manifest says; empty means whole."""
        return [
            name
            for name, part in self.manifest["parts"].items()
            if not (self.folder / name).is_file() or digest_of(self.folder / name) != part["sha256"]
        ]


class Afterwards(Exception):
    """The backup stands; what had to follow could not be done, which the message says in one line."""

    def __init__(self, made: Backup, why: str) -> None:
        super().__init__(f"备份 {made.name} 已做成，但{why}")
        self.made = made


def digest_of(path: Path) -> str:
    """SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def backups_in(folder: Path) -> list[Backup]:
    """Those that are finished, oldest first."""
    found = sorted(path for path in folder.glob("piaojue-*") if NAME.fullmatch(path.name) and path.is_dir())
    return [Backup(path) for path in found]


def live() -> Access:
    """The database this system runs on."""
    return Access(connection.settings_dict, settings.CLUSTER)


def subject_of(unit: Unit) -> str:
    """What entries about backups are on: found by its index, however long the trail."""
    return f"backup:{unit.pk}"


def back_up(
    folder: Path, keep: Keep, *, at: datetime, office: str = "system", with_keys: bool = False
) -> tuple[Backup, list[str]]:
    """Make a backup, write it down in the trail of every root, and remove those past their term, which are named.

    Unusable: another one is being made, a program is missing, the disk is full … Afterwards: it was made all the same.
    """
    with alone(folder, _sweep, "另一次备份正在进行，请稍后再试。"):
        name = f"piaojue-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        made = Backup(folder / name)
        if made.folder.exists():
            raise Unusable(f"备份 {name} 已经存在。")
        with in_one_line():
            _make(folder / f"{UNFINISHED}{name}", name, at, with_keys=with_keys)
            (folder / f"{UNFINISHED}{name}").rename(made.folder)
            _sync(folder)
        try:
            with in_one_line():
                _write_down(made, at, office)
        except Unusable as error:
            raise Afterwards(made, f"没有记入办理记录：{error}") from error
        try:
            with in_one_line():
                return made, _rotate(folder, keep)
        except Unusable as error:
            raise Afterwards(made, f"过期的备份没有删完：{error}") from error


@contextmanager
def alone(folder: Path, sweep: Callable[[Path], None], held: str) -> Iterator[None]:
    """Be the only one at work in a folder, what a killed one left there swept. Unusable, in the words of `held`: one is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise Unusable(f"无法写入 {folder}：{error.strerror or error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unusable(held) from error
        with in_one_line():
            sweep(folder)
        yield


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left)


def _make(folder: Path, name: str, at: datetime, *, with_keys: bool) -> None:
    folder.mkdir(mode=0o700)
    try:
        parts: dict[str, dict[str, Any]] = {}
        with one_view():
            facts = _facts(name, at)
            for table, rows in APART.items():
                parts[f"{table}.copy"] = {
                    "table": table,
                    "columns": _copy(folder / f"{table}.copy", table, rows),
                }
            _dump(folder / DUMP)
        # After the database: a file that one of its rows names is there, unless it was deleted meanwhile.
        facts["files"] = _pack(folder / UPLOADS)
        keys = _keys(folder) if with_keys else []
        for part in (DUMP, UPLOADS, *parts, *keys):
            path = folder / part
            parts[part] = parts.get(part, {}) | {"bytes": path.stat().st_size, "sha256": digest_of(path)}
            _sync(path)
        with _private(folder / MANIFEST) as file:
            file.write(json.dumps(facts | {"parts": parts}, ensure_ascii=False, indent=1).encode())
        _sync(folder / MANIFEST)
        _sync(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _facts(name: str, at: datetime) -> dict[str, Any]:
    """What must be found again, as of this transaction's instant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2")
        migrations = [f"{app}.{migration}" for app, migration in cursor.fetchall()]
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    return {
        "format": FORMAT,
        "name": name,
        "made_at": stamp(at),
        "versions": {
            "piaojue": _version(),
            "python": platform.python_version(),
            "postgresql": server,
        },
        "roles": {"owner": settings.OWNER_ROLE, "app": settings.APP_ROLE},
        "migrations": migrations,
        "keys": keys_told(),
        "units": [_unit_told(head) for head in Head.objects.select_related("unit").order_by("unit_id")],
        "open_votes": list(
            Vote.objects.filter(state=VoteState.OPEN).order_by("pk").values_list("pk", flat=True)
        ),
        "votes_without_keyings": [vote.pk for vote in kept_from_backups()],
        "rows": rows_by_table(),
    }


def _version() -> str:
    try:
        return metadata.version("piaojue")
    except metadata.PackageNotFoundError:  # run from its folder
        return ""


def _unit_told(head: Head) -> dict[str, Any]:
    """How long a unit's trail is, and its last signed head, which may be some entries behind."""
    signed = last_head(head.unit_id)
    return {
        "unit": head.unit.code,
        "unit_id": head.unit_id,
        "size": head.size,
        "hash": bytes(head.hash).hex(),
        "head": head_told(signed, head.unit) if signed else None,
    }


def rows_by_table() -> dict[str, int]:
    """How many rows each table has; of sealed ballots those that a backup holds. Needs the system's context."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [row[0] for row in cursor.fetchall()]
        return {table: _count(cursor, table) for table in tables}


def _count(cursor: Any, table: str) -> int:
    held = sql.SQL("SELECT 1 FROM {} WHERE {}").format(
        sql.Identifier(table), APART.get(table, sql.SQL("TRUE"))
    )
    cursor.execute(sql.SQL("SELECT count(*) FROM ({}) held").format(held))
    return int(cursor.fetchone()[0])


def _copy(path: Path, table: str, rows: sql.Composable) -> list[str]:
    """Write a table's rows as COPY gives them; the columns in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
        values = sql.SQL(", ").join(_as_copied(table, column) for column in columns)
        chosen = sql.SQL("SELECT {} FROM {} WHERE {}").format(values, sql.Identifier(table), rows)
        with _private(path) as file, cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(chosen)) as copy:
            for piece in copy:
                file.write(piece)
    return columns


def _as_copied(table: str, column: str) -> sql.Composable:
    """A column's value as a backup holds it: of some keyings no figure."""
    if (table, column) != (Keying._meta.db_table, "figures"):
        return sql.Identifier(column)
    votes = sql.Literal([vote.pk for vote in kept_from_backups()])
    return sql.SQL("CASE WHEN vote_id = ANY({}) THEN '{{}}'::jsonb ELSE figures END").format(votes)


def _dump(path: Path) -> None:
    """Everything else, by the database's own program, as of this transaction's instant."""
    with connection.cursor() as cursor:
        # The transaction waits for the program, which may take longer than a request ever does.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
    apart = (f"--exclude-table-data=public.{table}" for table in APART)
    with _private(path) as file:
        live().run(
            "pg_dump",
            "--format=custom",
            f"--snapshot={snapshot}",
            "--enable-row-security",
            *apart,
            target=file,
        )


def _pack(path: Path) -> int:
    """Uploaded files under their names; how many."""
    root, count = Path(settings.MEDIA_ROOT), 0
    with _private(path) as file, tarfile.open(fileobj=file, mode="w") as tar:
        for one in sorted(root.rglob("*")):
            inside = one.relative_to(root)
            if one.is_symlink() or not one.is_file() or inside.parts[0] == NOT_KEPT:
                continue
            try:
                tar.add(one, str(inside), recursive=False, filter=_anonymous)
            except FileNotFoundError:  # thrown away since
                continue
            count += 1
    return count


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _keys(folder: Path) -> list[str]:
    """The signing keys' files, where the operator asked for them."""
    found = []
    for name, text in (("trail-key", settings.TRAIL_KEY_FILE), ("county-key", settings.COUNTY_KEY_FILE)):
        if text and Path(text).is_file():
            with _private(folder / name) as file:
                file.write(Path(text).read_bytes())
            found.append(name)
    return found


def _write_down(made: Backup, at: datetime, office: str) -> None:
    manifest = made.manifest
    said = {
        "name": made.name,
        "manifest": made.digest,
        "bytes": made.size,
        "entries": sum(unit["size"] for unit in manifest["units"]),
        "files": manifest["files"],
    }
    if "trail-key" in manifest["parts"] or "county-key" in manifest["parts"]:
        said["with_keys"] = True
    with within(SYSTEM):
        for unit in Unit.objects.filter(parent=None).order_by("pk"):
            write_down(Act(None, office, unit, at), "backup.make", subject_of(unit), after=said)


def _rotate(folder: Path, keep: Keep) -> list[str]:
    standing = backups_in(folder)
    kept = keep.of((one.name, day_of(one)) for one in standing)
    gone = [one for one in standing if one.name not in kept]
    for one in gone:
        shutil.rmtree(one.folder)
    return [one.name for one in gone]


def day_of(backup: Backup) -> date:
    """The local day it was made on."""
    return localdate(backup.made_at)
