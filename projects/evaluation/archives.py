"""The archived dossier and its later volumes as they are handed out: to whom, and what is written down of it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from projects.cycles.models import Cycle
from projects.evaluation.dossier import digest_of
from projects.evaluation.models import Addendum, Archive
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.roles.models import RoleGrant

# Who hands it over and who answers for it, and who looks on from above (steps.md, Offices).
TAKERS = ("clerk", "chair", "county", "auditor")


def may_take(grant: RoleGrant) -> bool:
    """Whether the office may have the dossier, which shows all six steps and the unit's whole trail."""
    return grant.office in TAKERS and grant.reads_all


def archive_of(cycle: Cycle) -> Archive | None:
    """The year's dossier as it was handed to the archive; None before that, and where the context shows none."""
    return Archive.objects.filter(cycle=cycle).first()


def volumes_of(archive: Archive) -> list[Archive | Addendum]:
    """The dossier and its addenda, in their order."""
    return [archive, *archive.addenda.select_related("project")]


def archive_told(cycle: Cycle, grant: RoleGrant) -> dict[str, Any]:
    """What the year's page and the confirmation of the archive say of it, to whoever may have it."""
    allowed = may_take(grant)
    archive = archive_of(cycle) if allowed else None
    addenda = archive.addenda.count() if archive else 0
    return {"cycle": cycle, "may_take": allowed, "archive": archive, "addenda": addenda}


def take(act: Act, cycle: Cycle, volume: Archive | Addendum, *, reason: str) -> None:
    """Write down that a volume is taken away, and what for.

    Refused: its file is gone, or is no longer the one whose digest stands in the trail.
    """
    try:
        with volume.file.open("rb") as stored:
            found = digest_of(stored)
    except OSError as gone:
        raise Refused(_("卷宗文件已不在原处，请联系系统管理员从备份恢复。")) from gone
    if found != volume.sha256:
        raise Refused(_("卷宗文件与归档时的校验值不符，不予下载，请联系系统管理员从备份恢复。"))
    write_down(
        act,
        "archive.download",
        f"{volume._meta.model_name}:{volume.pk}",
        about=cycle.reference,
        step=6,
        after={"sha256": volume.sha256},
        reason=reason,
        label=volume.project.title if isinstance(volume, Addendum) else cycle.label,
    )
