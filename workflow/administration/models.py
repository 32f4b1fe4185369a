"""Files of a trail made in the background: who asked for what and why, how far it is, until when it is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflow.people.models import Unit
from workflow.roles.models import RoleGrant


class ExportState(models.TextChoices):
    WAITING = "waiting", _("排队中")
    RUNNING = "running", _("正在生成")
    DONE = "done", _("可下载")
    CANCELLED = "cancelled", _("已取消")
    FAILED = "failed", _("未能生成")
    EXPIRED = "expired", _("已过期删除")


class TrailExport(models.Model):
    """One export asked for. grant: the office it is read in, whose scope limits it; unit: whose trail.

    until: how many entries the trail had when it was asked for; later ones are not in it.
    total, done: entries. beat_at: when the worker last said it is alive. failure: why nothing came of it, in a sentence.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    grant = models.ForeignKey(RoleGrant, models.PROTECT, related_name="+")
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
    def is_open(self) -> bool:
        """Whether it is still to be made."""
        return self.state in (ExportState.WAITING, ExportState.RUNNING)
