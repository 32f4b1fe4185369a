"""Files of a trail made in the background: who asked for what and why, how far it is, until when it is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflow.audit.exporters import FORMATS
from workflow.audit.models import Entry
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant


class ExportState(models.TextChoices):
    WAITING = "waiting", _("排队中")
    RUNNING = "running", _("正在生成")
    DONE = "done", _("可下载")
    CANCELLED = "cancelled", _("已取消")
    FAILED = "failed", _("未能生成")
    EXPIRED = "expired", _("已过期删除")


def name_of(unit: Unit, form: str, year: int | None) -> str:
    """What a file of a unit's trail is called."""
    return f"trail-{unit.code}{f'-{year}' if year else ''}.{FORMATS[form].suffix}"


class TrailExport(models.Model):
    """One export asked for. grant: the office it is read in, whose scope limits it; unit: whose trail.

    entry: what says so in the trail. until: how many entries the trail had when it was asked for; later ones are not in it.
    total, done: entries. beat_at: when the worker last said it is alive. failure: why nothing came of it, in a sentence.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    grant = models.ForeignKey(RoleGrant, models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="+")
    form = models.CharField(_("格式"), max_length=8)
    year = models.SmallIntegerField(_("年份"), null=True)
    subject = models.CharField(_("事项"), max_length=60, blank=True)
    reason = models.CharField(_("用途"), max_length=200)
    state = models.CharField(max_length=10, choices=ExportState.choices, default=ExportState.WAITING)
    until = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    file = models.FileField(blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["by", "-asked_at"], name="export_of_person"),
            models.Index(
                fields=["state"],
                name="export_unfinished",
                condition=models.Q(state__in=["waiting", "running"]),
            ),
        ]

    @property
    def file_name(self) -> str:
        """What the file is called where it is saved."""
        return name_of(self.unit, self.form, self.year)

    @property
    def is_bare(self) -> bool:
        """Whether what is said of its entries stands in a file beside it."""
        return FORMATS[self.form].bare

    @property
    def is_open(self) -> bool:
        """Whether it is still to be made."""
        return self.state in (ExportState.WAITING, ExportState.RUNNING)
