"""Exports of a trail made in the background: asked for, made by a worker, cancelled, kept for a week, downloaded.

Who asks reads it within the limits of the office acted in, also where the worker does the reading; asking and every
download are entries of their own, with who and what for.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from workflow.administration.models import ExportState, TrailExport
from workflow.audit.exporters import FORMATS, Format, NotExported, count_in, record_export, record_unmade
from workflow.audit.exporters.extract import Extract, extract_of
from workflow.audit.heads import standing_of
from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.people.isolation import SYSTEM, Context, within
from workflow.people.models import Unit
from workflow.people.selectors import tenants_below
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of, live_grants

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
SILENT = timedelta(minutes=10)  # a worker that has said nothing for so long is dead
WAITING_AT_MOST = 5
TAKEN_SHOWN = 10
OPEN = (ExportState.WAITING, ExportState.RUNNING)


class Stopped(Exception):
    """The export was cancelled, or taken over by another worker, while it was being written."""


def exports_of(grant: RoleGrant) -> QuerySet[TrailExport]:
    """What this person asked for in this office, newest first."""
    return (
        TrailExport.objects.filter(by=grant.user, grant=grant)
        .select_related("unit")
        .order_by("-asked_at", "-pk")
    )


@dataclass(frozen=True)
class Taken:
    """A file of entries taken away at once, of which the system keeps no copy. number: the entry that says so."""

    number: int
    unit: Unit
    form: Format
    year: int | None
    reason: str
    at: datetime


def taken_at_once(grant: RoleGrant) -> list[Taken]:
    """What this person last took away at once of the units below, newest first: what goes beside it is fetched apart."""
    subjects = [unit.reference for unit in tenants_below(grant.tenant)]
    with within(SYSTEM):  # an office limited to a part of the work does not read of exports
        asked = TrailExport.objects.filter(by=grant.user).values("entry")
        found = Entry.objects.filter(subject__in=subjects, action="trail.export", actor=grant.user)
        latest = found.exclude(pk__in=asked).select_related("unit").order_by("-pk")[:TAKEN_SHOWN]
        taken = [_taken(entry) for entry in latest]
    return [one for one in taken if one.form.bare]


def _taken(entry: Entry) -> Taken:
    body = json.loads(entry.body)
    said = body["after"]
    return Taken(entry.pk, entry.unit, FORMATS[said["format"]], said["year"], body["reason"], entry.at)


def formats_of(grant: RoleGrant) -> dict[str, Format]:
    """What an office may export, by the format's code.

    Who reads the units below has every format, limited to a part of the work those of the entries alone; who hands the
    own unit's files to the archive has those that hold them whole; anybody else none.
    """
    office = registry.office(grant.office)
    if office.reads_below:
        return {code: form for code, form in FORMATS.items() if not (form.whole and grant.scope)}
    return {code: form for code, form in FORMATS.items() if form.whole} if office.archives else {}


def ask(
    grant: RoleGrant, unit: Unit, *, form: str, year: int | None, subject: str, reason: str, at: datetime
) -> TrailExport:
    """Ask for an export, on record. Refused: a format that is not the office's or its scope's, too many at once."""
    if form not in formats_of(grant):
        limited = FORMATS[form].whole and grant.scope
        raise Refused(
            _("卷宗含查阅范围以外的材料，不能按您的查阅范围导出，请选其他格式。")
            if limited
            else _("您的职务不导出这种格式。")
        )
    if exports_of(grant).filter(state__in=OPEN).count() >= WAITING_AT_MOST:
        raise Refused(
            _("您已有%(count)d项导出在排队或生成，请等其中一项完成，或先取消一项。")
            % {"count": WAITING_AT_MOST}
        )
    extract = extract_of(unit, year=year, subject=subject)
    with transaction.atomic():
        entry = record_export(grant.act(unit, at), extract, form=form, reason=reason, scope=grant.scope)
        asked = TrailExport(unit=unit, by=grant.user, grant=grant, form=form, year=year, subject=subject)
        asked.entry = entry
        asked.reason, asked.asked_at = reason, at
        asked.until, asked.total = extract.until, count_in(form, extract)
        asked.save()
    return asked


def cancel(asked: TrailExport, grant: RoleGrant, at: datetime) -> None:
    """Stop an export, on record: what was asked for was never taken. Refused: it is finished."""
    with transaction.atomic():
        if not _moved(asked.pk, OPEN, ExportState.CANCELLED, ended_at=at):
            raise Refused(_("这项导出已经结束，不能取消。"))
        record_unmade(grant.act(asked.unit, at), asked.entry_id, form=asked.form)


def record_download(asked: TrailExport, grant: RoleGrant, at: datetime) -> None:
    """Write down that the file is taken away. Refused: there is none, or no more."""
    if asked.state != ExportState.DONE or (asked.expires_at and asked.expires_at <= at):
        raise Refused(_("文件已过期删除，请重新导出。"))
    write_down(
        grant.act(asked.unit, at),
        "trail.download",
        f"unit:{asked.unit_id}",
        after={"export": asked.pk, "format": asked.form, "sha256": asked.sha256},
        reason=asked.reason,
    )


# The worker


def make(export_id: int) -> bool:
    """Write one export's file; False where somebody else has it, it was cancelled, or it cannot be made."""
    now = timezone.now()
    with within(SYSTEM):
        if not _moved(export_id, (ExportState.WAITING,), ExportState.RUNNING, beat_at=now, done=0):
            return False
        joined = TrailExport.objects.select_related("unit", "grant__tenant", "grant__user", "by")
        asked = joined.get(pk=export_id)
        held = live_grants(timezone.localdate(now)).filter(pk=asked.grant_id).exists()
        context = context_of(asked.grant)
    if not held:
        return _fail(asked, _("职务已经解除，不能再导出。"))
    try:
        with tempfile.TemporaryFile() as file:
            sha256 = _written(file, asked, context)
            return _keep(asked, file, sha256)
    except Stopped:
        return False
    except NotExported as refused:
        return _fail(asked, str(refused))
    except Exception:
        log.exception("export %s could not be made", export_id)
        return _fail(asked, _("生成时出错，请重试；再次出错请联系系统管理员。"))


def _written(file: IO[bytes], asked: TrailExport, context: Context) -> str:
    extract = Extract(
        asked.unit,
        asked.until,
        asked.year,
        asked.subject,
        within=lambda: within(context),
        tick=_beat(asked.pk),
        outside=standing_of(asked.unit).outside,
    )
    digest = hashlib.sha256()
    for piece in FORMATS[asked.form].write(extract):
        file.write(piece)
        digest.update(piece)
    return digest.hexdigest()


def _beat(export_id: int) -> Callable[[int], None]:
    """Called after every chunk: says how far it is, and learns whether it is still wanted."""
    read = 0

    def tick(more: int) -> None:
        nonlocal read
        read += more
        with within(SYSTEM):
            if not _moved(
                export_id, (ExportState.RUNNING,), ExportState.RUNNING, done=read, beat_at=timezone.now()
            ):
                raise Stopped

    return tick


def _keep(asked: TrailExport, file: IO[bytes], sha256: str) -> bool:
    size, now = file.tell(), timezone.now()
    file.seek(0)
    name = default_storage.save(f"exports/{secrets.token_hex(16)}", File(file))
    with within(SYSTEM):
        kept = _moved(
            asked.pk, (ExportState.RUNNING,), ExportState.DONE,
            file=name, size=size, sha256=sha256, done=asked.total, ended_at=now, expires_at=now + KEPT,
        )  # fmt: skip
    if not kept:
        default_storage.delete(name)
    return kept


def _fail(asked: TrailExport, why: str) -> bool:
    now = timezone.now()
    with within(SYSTEM):
        if _moved(asked.pk, (ExportState.RUNNING,), ExportState.FAILED, failure=why[:200], ended_at=now):
            record_unmade(Act(None, "system", asked.unit, now), asked.entry_id, form=asked.form, why=why)
    return False


def _moved(export_id: int, before: tuple[ExportState, ...], after: ExportState, **values: object) -> bool:
    """Change the state and what goes with it in one statement; False where it is in none of the states before."""
    return TrailExport.objects.filter(pk=export_id, state__in=before).update(state=after, **values) == 1


def sweep(now: datetime) -> list[int]:
    """Delete what has expired, give back what a dead worker held; returns the ids that wait to be made."""
    with within(SYSTEM):
        for old in TrailExport.objects.filter(state=ExportState.DONE, expires_at__lte=now):
            default_storage.delete(str(old.file.name))
            _moved(old.pk, (ExportState.DONE,), ExportState.EXPIRED, file="")
        lost = TrailExport.objects.filter(state=ExportState.RUNNING, beat_at__lt=now - SILENT)
        lost.update(state=ExportState.WAITING)
        return list(
            TrailExport.objects.filter(state=ExportState.WAITING).order_by("pk").values_list("pk", flat=True)
        )
