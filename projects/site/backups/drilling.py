"""A backup tried out: put back into a server made for it and thrown away, checked, and the result written down."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from projects.site.backups.making import ACTION as MADE
from projects.site.backups.making import Backup, alone, rows_by_table, subject_of
from projects.site.backups.programs import Access, in_one_line
from projects.site.backups.restoring import ACTION as RESTORED
from projects.site.backups.restoring import (
    Checked,
    Feed,
    check_chains,
    load,
    pointed_at,
    refuse_unless_usable,
    unpack,
)
from projects.site.env import database_settings
from projects.site.postgres import Cluster
from workflow.audit.heads import feed_of
from workflow.audit.models import Entry, Head, TreeHead
from workflow.audit.services import Act, write_down
from workflow.audit.verify import WORDS, one_view
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

ACTION = "backup.drill"
WHOLE, FAULTY = "whole", "faulty"


@dataclass(frozen=True)
class Known:
    """What the system in use knows of a backup. None of it where there is no system in use (`reachable` False), or no unit.

    registered: the manifest's digest in the trail, empty for none; sizes: how long each trail is by now, by unit code.
    """

    reachable: bool = False
    registered: str = ""
    feeds: tuple[Feed, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Drill:
    """What a drill found. faults: a sentence each, none means reliable.

    heads: with how many heads kept outside it was compared, and own: of the system in use, which whoever can change the
    backup may reach as well; stamps: how many time stamps hold, untold: of how many that cannot be told.
    """

    backup: Backup
    chains: tuple[Checked, ...]
    tables: int
    rows: int
    files: int
    heads: int
    own: int
    stamps: int
    untold: int
    faults: tuple[str, ...]
    known: Known
    seconds: float

    @property
    def verdict(self) -> str:
        return FAULTY if self.faults else WHOLE

    @property
    def entries(self) -> int:
        return sum(one.verdict.size for one in self.chains)

    @property
    def since(self) -> int:
        """How many entries were written after the backup, as far as is known."""
        grown = {
            one.code: max(one.missing, self.known.sizes.get(one.code, 0) - one.expected)
            for one in self.chains
        }
        return sum(grown.values())


def known_of(backup: Backup) -> Known:
    """Ask the system in use: its heads, co-signed ones among them, and what it wrote down about the backup."""
    try:
        with one_view():
            roots = list(Unit.objects.filter(parent=None))
            if not roots:
                return Known()
            return Known(
                True,
                _registered(backup, roots),
                tuple(_last_heads(backup)),
                dict(Head.objects.values_list("unit__code", "size")),
            )
    except DatabaseError:  # nothing stands there: a machine that only tries out
        return Known()


def _last_heads(backup: Backup) -> Iterator[Feed]:
    """Of each trail the last head the backup reaches: it stands for every entry before it."""
    units = Unit.objects.in_bulk([told["unit_id"] for told in backup.manifest["units"]])
    for told in backup.manifest["units"]:
        heads = TreeHead.objects.filter(unit=told["unit_id"], size__lte=told["size"])
        if head := heads.order_by("-size", "-at").first():
            yield feed_of(units[head.unit_id], after=head.size - 1, limit=1)


def _registered(backup: Backup, roots: Sequence[Unit]) -> str:
    """By the entry about its making; where the system was restored from it, which lost that entry, by the one saying so."""
    for action, subjects, name in (
        (MADE, [subject_of(unit) for unit in roots], "name"),
        (RESTORED, [f"unit:{unit.pk}" for unit in roots], "backup"),
    ):
        told = Entry.objects.filter(action=action, subject__in=subjects)
        if entry := told.filter(body__contains=f'"{name}":"{backup.name}"').order_by("-pk").first():
            return str(json.loads(entry.body)["after"]["manifest"])
    return ""


@contextmanager
def _a_place() -> Iterator[Path]:
    """A folder for a drill, gone afterwards: a restored database and its files are what they were made from."""
    place = Path(settings.VAR_DIR) / "drills"
    place.mkdir(mode=0o711, parents=True, exist_ok=True)
    with alone(place, _sweep, "另一次恢复演练正在进行，请稍后再试。"):
        folder = Path(tempfile.mkdtemp(dir=place))
        folder.chmod(0o711)  # the server's own account has to pass; what it may read is in folders of its own
        try:
            yield folder
        finally:
            _clear(folder)


def _sweep(place: Path) -> None:
    for left in place.iterdir():
        if left.is_dir():
            _clear(left)


def _clear(folder: Path) -> None:
    """Stop the server of a drill, if one still runs, and remove its folders."""
    cluster = Cluster(folder / "pg", durable=False)
    cluster.stop()
    for left in (cluster.folder, cluster.run, folder):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def a_server(folder: Path, owner: str) -> Iterator[Access]:
    """An empty database, as its owner, in a server made for it inside the folder.

    owner: the role the backup's database belonged to. Policies of the trail are said to it, so it is one there too, and
    whoever owns the database now is of it.
    """
    cluster = Cluster(folder / "pg", durable=False)
    try:
        there = Access(database_settings(cluster.ensure().owner), cluster)
        cluster.make_stand_in(owner)
        yield there
    finally:
        cluster.release()


def drill(backup: Backup, feeds: Sequence[Feed]) -> Drill:
    """Try a backup out. Unusable where it is damaged or of a newer program, or no server can be started.

    feeds: heads kept outside; the system's own, where it is in use, are taken too and counted apart. Nothing is written
    to it.
    """
    begun = time.monotonic()
    with in_one_line(), _a_place() as place:
        refuse_unless_usable(backup, feeds)
        known = known_of(backup)
        with a_server(place, backup.manifest["roles"]["owner"]) as there:
            load(backup, there)
            unpacked = unpack(backup, place / "uploads")
            with pointed_at(there):
                chains = check_chains(backup, feeds, known.feeds)
                with within(SYSTEM):
                    rows = rows_by_table()
    faults = [*_faults_of(chains), *_differences(backup, rows, unpacked), *_unregistered(backup, known)]
    return Drill(
        backup, tuple(chains), len(rows), sum(rows.values()), unpacked,
        sum(one.compared for one in chains), sum(one.own for one in chains),
        sum(len(one.stamps.heads) for one in chains), sum(len(one.stamps.untold) for one in chains),
        tuple(faults), known, time.monotonic() - begun,
    )  # fmt: skip


def _faults_of(chains: Sequence[Checked]) -> Iterator[str]:
    for one in chains:
        yield from (f"{one.code}　校验值文件不可信：{line}" for line in one.forged)
        yield from (f"{one.code}　时间戳不成立：{line}" for line in one.stamps.faults)
        if fault := one.verdict.fault:
            yield f"{one.code}　第{fault.index}条（编号{fault.entry_id}）：{WORDS[fault.code]}"
        elif one.verdict.size != one.expected:
            yield f"{one.code}　应有{one.expected}条，实有{one.verdict.size}条"


def _differences(backup: Backup, rows: dict[str, int], files: int) -> Iterator[str]:
    wanted = backup.manifest["rows"]
    for table in sorted({*wanted, *rows}):
        if wanted.get(table) != rows.get(table):
            yield f"表 {table}：清单 {wanted.get(table, '没有')} 行，恢复后 {rows.get(table, '没有')} 行"
    if files != backup.manifest["files"]:
        yield f"附件：清单 {backup.manifest['files']} 个，恢复后 {files} 个"


def _unregistered(backup: Backup, known: Known) -> Iterator[str]:
    if known.registered and known.registered != backup.digest:
        yield "清单与办理记录登记的不一致：备份在做成之后被改动过"
    elif known.reachable and not known.registered:
        yield "现用系统的办理记录里没有登记过这份备份"


def record(done: Drill, *, at: datetime, office: str) -> None:
    """Write the result down in the trail of every root."""
    said: dict[str, Any] = {
        "name": done.backup.name,
        "manifest": done.backup.digest,
        "verdict": done.verdict,
        "entries": done.entries,
        "heads": done.heads,
        "own": done.own,
        "stamps": done.stamps,
        "faults": len(done.faults),
        "seconds": round(done.seconds),
    }
    with within(SYSTEM):
        for unit in Unit.objects.filter(parent=None).order_by("pk"):
            write_down(Act(None, office, unit, at), ACTION, subject_of(unit), after=said)
