"""How backups stand: for whoever names one, and for the administrator's page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from projects.site.backups.drilling import ACTION as DRILL
from projects.site.backups.drilling import WHOLE
from projects.site.backups.making import ACTION as MADE
from projects.site.backups.making import NAME, Backup, backups_in, subject_of
from projects.site.backups.programs import Unusable
from workflow.audit.models import Entry
from workflow.people.models import Unit

LATEST = "latest"
SHOWN = 30


def backup_named(text: str) -> Backup:
    """A backup by its folder, by its name in the folder of backups, or the latest one there. Unusable: there is none."""
    if text == LATEST:
        found = backups_in(settings.BACKUPS_DIR)
        if not found:
            raise Unusable(f"{settings.BACKUPS_DIR} 里还没有备份。")
        return found[-1]
    folder = settings.BACKUPS_DIR / text if NAME.fullmatch(text) else Path(text).absolute()
    if not folder.is_dir():
        raise Unusable(f"没有备份 {text}。")
    return Backup(folder)


@dataclass(frozen=True)
class Told:
    """One backup or drill as its entry tells of it. by: the code of who did it, `system` or the operator."""

    at: datetime
    by: str
    said: dict[str, Any]

    @property
    def whole(self) -> bool:
        return bool(self.said.get("verdict") == WHOLE)


@dataclass(frozen=True)
class Standing:
    """How the backups of an installation stand, newest first. stands: names that are in the folder now."""

    made: list[Told]
    drills: list[Told]
    stands: frozenset[str]

    @property
    def drill_due(self) -> datetime | None:
        """When the next drill is due at the latest; None where there never was one."""
        return self.drills[0].at + timedelta(days=settings.DRILL_DUE_DAYS) if self.drills else None

    def warnings(self, at: datetime) -> list[str]:
        """What is wrong, a sentence each; empty means nothing."""
        found = []
        if not self.made or self.made[0].at < at - timedelta(days=settings.BACKUP_DUE_DAYS):
            said = _("最近 %(days)d 天没有做成备份，请检查定时任务和存放目录。")
            found.append(said % {"days": settings.BACKUP_DUE_DAYS})
        if self.drill_due is None or self.drill_due < at:
            said = _("最近 %(days)d 天没有做过恢复演练，请运行 manage.py restore_drill latest。")
            found.append(said % {"days": settings.DRILL_DUE_DAYS})
        elif not self.drills[0].whole:
            found.append(_("最近一次恢复演练发现问题，那份备份不可靠，请查明原因后重新备份、重新演练。"))
        return found


def standing_of(root: Unit) -> Standing:
    """What the trail of the root says; needs a context that reads that trail."""
    stands = frozenset(one.name for one in backups_in(settings.BACKUPS_DIR))
    return Standing(_told(root, MADE, SHOWN), _told(root, DRILL, SHOWN), stands)


def warnings_of(root: Unit, at: datetime) -> list[str]:
    """The same page's warnings alone, for every other page."""
    return Standing(_told(root, MADE, 1), _told(root, DRILL, 1), frozenset()).warnings(at)


def _told(root: Unit, action: str, count: int) -> list[Told]:
    entries = Entry.objects.filter(subject=subject_of(root), action=action).order_by("-id")[:count]
    bodies = ((entry.at, json.loads(entry.body)) for entry in entries)
    return [Told(when, body["office"], body["after"]) for when, body in bodies]
