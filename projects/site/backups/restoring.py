"""A backup put back into an empty database, and what is missing since said in every trail."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from projects.retention.models import Erasure
from projects.site.backups.making import DUMP, UPLOADS, Backup, live
from projects.site.backups.programs import Access, Unusable, in_one_line
from workflow.audit.checking import OutsideHead, Verdict
from workflow.audit.services import Act, write_down
from workflow.audit.stamping import Stamped, stamped
from workflow.audit.verify import chained_units, forged_heads, one_view, verify
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit

ACTION = "log.restored"
Feed = Mapping[str, Any]
NO_STAMPS = Stamped((), ())
HALF_DONE = "。恢复到一半：请先清空目标数据库和附件目录，再重新恢复。"
STANDING = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
"""


@dataclass(frozen=True)
class Checked:
    """A unit's restored trail. expected: how many entries it had at the backup; newest: the largest outside head known of it.

    compared, own: how many heads it was compared with that were kept outside, and of the system in use; one that reaches
    further than the backup is none of them. stamps: what the time-stamp server stands for of it.
    """

    code: str
    name: str
    verdict: Verdict
    expected: int
    newest: Feed | None
    forged: tuple[str, ...] = ()
    compared: int = 0
    own: int = 0
    stamps: Stamped = NO_STAMPS

    @property
    def whole(self) -> bool:
        agrees = self.verdict.fault is None and self.verdict.size == self.expected
        return agrees and not self.forged and not self.stamps.faults

    @property
    def missing(self) -> int:
        """How many entries are known to have been written after the backup."""
        return max(int(self.newest["size"]) - self.expected, 0) if self.newest else 0


# Putting back


def load(backup: Backup, into: Access) -> None:
    """Put the database's parts into an empty database, as its owner. Unusable: a program refuses."""
    manifest = backup.manifest
    # Rows are read in before triggers and policies stand, which would refuse or change them.
    names_known = manifest["roles"]["app"] == settings.APP_ROLE
    options = ["--no-owner", "--exit-on-error", *([] if names_known else ["--no-privileges"])]
    for section in ("pre-data", "data", "post-data"):
        with (backup.folder / DUMP).open("rb") as dump:
            into.run("pg_restore", f"--section={section}", *options, source=dump)
        if section == "data":
            _copy_in(backup, into)


def _copy_in(backup: Backup, into: Access) -> None:
    with into.connect() as opened, opened.cursor() as cursor:
        for name, part in backup.manifest["parts"].items():
            if "table" not in part:
                continue
            statement = sql.SQL("COPY public.{} ({}) FROM STDIN").format(
                sql.Identifier(part["table"]), sql.SQL(", ").join(map(sql.Identifier, part["columns"]))
            )
            with (backup.folder / name).open("rb") as file, cursor.copy(statement) as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)


def unpack(backup: Backup, root: Path) -> int:
    """Put uploaded files under `root`, readable by nobody else; how many. Unusable: something stands there already."""
    refuse_unless_empty(root)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(backup.folder / UPLOADS) as tar:
        count = 0
        for member in tar:
            # By hand: Python has a filter for what leads out of the folder only since 3.11.4.
            target, stored = (root / member.name).resolve(), tar.extractfile(member)
            if stored is None or not target.is_relative_to(root.resolve()):
                raise Unusable(f"{UPLOADS} 中的“{member.name}”不是上传的文件，备份被改动过。")
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with stored, target.open("xb") as file:
                shutil.copyfileobj(stored, file)
            target.chmod(0o600)
            count += 1
    return count


def refuse_unless_empty(root: Path) -> None:
    """Unusable where a file stands under `root`."""
    if root.exists() and any(path.is_file() for path in root.rglob("*")):
        raise Unusable(f"附件目录 {root} 不是空的，不能恢复。请换一个空的数据目录（PIAOJUE_VAR）。")


def refuse_unless_unused(into: Access) -> None:
    """Unusable where the database holds anything, or cannot be reached."""
    with into.connect() as opened:
        row = opened.execute(STANDING).fetchone()
    if row and row[0]:
        raise Unusable("目标数据库不是空的，不能恢复。请换一个空的数据目录（PIAOJUE_VAR）或空的数据库。")


def refuse_unless_usable(backup: Backup, feeds: Sequence[Feed]) -> None:
    """Unusable where the backup is damaged, renamed, newer than this program, or not what the heads kept outside are of."""
    if backup.manifest.get("name") != backup.name:
        told = backup.manifest.get("name")
        raise Unusable(f"备份的目录名 {backup.name} 与清单所载名称 {told} 不一致，不能当作这一份备份使用。")
    known_units = {str(told["unit"]) for told in backup.manifest["units"]}
    if strangers := sorted({str(feed["unit"]) for feed in feeds} - known_units):
        raise Unusable(f"备份 {backup.name} 里没有校验值文件所属的单位：{'、'.join(strangers)}。")
    if damaged := backup.damaged():
        raise Unusable(f"备份 {backup.name} 已损坏，与清单不符：{'、'.join(damaged)}。")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := sorted(set(backup.manifest["migrations"]) - known):
        raise Unusable(f"备份来自更新的版本（{unknown[-1]} 等），请先升级程序。")


@contextmanager
def pointed_at(access: Access) -> Iterator[None]:
    """Have everything below speak to another database; afterwards to the same one as before."""
    if connection.in_atomic_block:
        raise RuntimeError("a transaction is under way")
    connection.close()
    kept = dict(connection.settings_dict)
    connection.settings_dict.update({"OPTIONS": {}, **access.database})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)


# What was put back


def check_chains(backup: Backup, feeds: Sequence[Feed], own: Sequence[Feed] = ()) -> list[Checked]:
    """Recompute every trail against the manifest, against heads kept outside and against the time stamps put back with it,
    as far as the backup reaches.

    feeds: files of heads as the feed gives them. One that reaches further is no fault of a backup: what it says is
    missing is counted. own: the same out of the system in use, which is nowhere outside.
    """
    units = {unit["unit_id"]: unit for unit in backup.manifest["units"]}
    kept, known = _by_code(feeds), _by_code(own)
    found = []
    with one_view():
        codes = dict(Unit.objects.values_list("pk", "code"))
        for pk in sorted({*units, *chained_units()}):
            told = units.get(pk, {"unit": codes.get(pk, str(pk)), "size": 0, "hash": "", "head": None})
            found.append(_check(pk, told, kept.get(told["unit"], []), known.get(told["unit"], [])))
    return found


def _by_code(feeds: Sequence[Feed]) -> dict[str, list[Feed]]:
    found: dict[str, list[Feed]] = {}
    for feed in feeds:
        found.setdefault(str(feed["unit"]), []).append(feed)
    return found


def _check(pk: int, told: Feed, kept: Sequence[Feed], known: Sequence[Feed]) -> Checked:
    feeds, size = [*kept, *known], int(told["size"])
    heads = [head for feed in feeds for head in feed["heads"]] + ([told["head"]] if told["head"] else [])
    unit = Unit.objects.filter(pk=pk).first()
    stamps = stamped(unit) if unit else NO_STAMPS
    outside = [OutsideHead(one["size"], one["hash"], one["root"]) for one in heads if one["size"] <= size]
    outside += [one for one in stamps.outside if one.size <= size]
    outside += [OutsideHead(size, told["hash"])] if size else []
    compared, own = (
        sum(head["size"] <= size for feed in some for head in feed["heads"]) for some in (kept, known)
    )
    return Checked(
        code=str(told["unit"]),
        name=unit.name if unit else "",
        verdict=verify(pk, outside=outside),
        expected=size,
        newest=max(heads, key=lambda head: int(head["size"]), default=None),
        forged=tuple(line for feed in feeds for line in forged_heads(dict(feed))),
        compared=compared,
        own=own,
        stamps=stamps,
    )


# The real thing


def restore(
    backup: Backup, feeds: Sequence[Feed], *, at: datetime, office: str, reason: str
) -> list[Checked]:
    """Put a backup in place of what was lost, bring it up to this program, check it, and say so in every trail.

    Runs as the owner, on an empty database and an empty folder of files. Unusable otherwise, and where it breaks off:
    then the message says that both have to be emptied.
    """
    with in_one_line():
        refuse_unless_usable(backup, feeds)
        roles = {"owner": settings.OWNER_ROLE, "app": settings.APP_ROLE}
        if backup.manifest["roles"] != roles:
            said = "、".join(backup.manifest["roles"].values())
            raise Unusable(f"备份的数据库角色是 {said}，请先在目标服务器上建立同名角色并写入两个数据库地址。")
        refuse_unless_empty(Path(settings.MEDIA_ROOT))
        connection.close()
        refuse_unless_unused(live())
    with in_one_line(HALF_DONE):
        load(backup, live())
        unpack(backup, Path(settings.MEDIA_ROOT))
        checked = check_chains(backup, feeds)
        call_command("migrate", interactive=False, verbosity=0)
        with within(SYSTEM):
            for one in checked:
                _write_down(one, backup, Act(None, office, Unit.objects.get(code=one.code), at), reason)
    return checked


def last_certificate(unit: Unit) -> str:
    """The number of the last certificate of erasure a unit has; empty for none."""
    issued = Erasure.objects.filter(unit=unit).exclude(number="").order_by("-done_on", "-pk")
    return issued.values_list("number", flat=True).first() or ""


def _write_down(one: Checked, backup: Backup, act: Act, reason: str) -> None:
    """Said in the trail itself: from which state it goes on, and what of it is known to be lost."""
    said: dict[str, Any] = {
        "backup": backup.name,
        "manifest": backup.digest,
        "made_at": backup.manifest["made_at"],
        "entries": one.expected,
        "hash": one.verdict.hash,
        "whole": one.whole,
        # What was erased under a later one stands here again.
        "last_certificate": last_certificate(act.unit),
    }
    if one.newest and one.missing:
        named = {name: one.newest[name] for name in ("size", "root", "hash", "at", "key")}
        said |= {"missing": one.missing, "outside": named}
    write_down(act, ACTION, f"unit:{act.unit.pk}", after=said, reason=reason)
