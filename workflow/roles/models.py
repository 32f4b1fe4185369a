"""Who holds which office, where, from when until when (steps.md, Offices)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflow.audit.services import Act
from workflow.people.isolation import EVERYTHING
from workflow.people.models import Unit
from workflow.roles.registry import Holding

LONGEST_DOCUMENT = 80


class RoleGrant(models.Model):
    """An office held at a unit. Ends by `until` or by being revoked; never deleted.

    unit: where it is held (a township, or a department, delegation or group in it). tenant: the township whose rows
    it opens. document: the paper it rests on (an auditor's 审计通知书文号). scope: the parts of the work it reads, codes
    of the registry; empty for all of it. stands_for: the grant whose holder this one stands in for until its last day
    (代办), principal: that holder; None for an office of one's own. reason: why somebody stands in.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="grants")
    office = models.CharField(_("职务"), max_length=20)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants")
    tenant = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    since = models.DateField(_("起"))
    until = models.DateField(_("止"), null=True, blank=True)
    document = models.CharField(_("依据文号"), max_length=LONGEST_DOCUMENT, blank=True)
    title = models.CharField(_("职务名称"), max_length=40, blank=True)
    scope = models.JSONField(_("查阅范围"), default=list, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    stands_for = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="stand_ins")
    # Beside the grant, which the row-level security of a request that is still choosing its office does not show.
    principal = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("代办原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        indexes = [
            models.Index(fields=["unit", "office"], name="grant_unit_office", condition=Q(revoked_at=None)),
            models.Index(fields=["user"], name="grant_user_live", condition=Q(revoked_at=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "office", "unit"],
                condition=Q(revoked_at=None, until=None),
                name="grant_once_while_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.office}@{self.unit}"

    @property
    def holding(self) -> Holding:
        """What the rules between offices see of it."""
        return Holding(
            self.office, self.tenant_id, self.since, self.until, stands_in=self.stands_for_id is not None
        )

    def act(self, unit: Unit, at: datetime, *, task: str = "", request_id: str = "") -> Act:
        """What the holder does in this office now, at a unit; it says for whom, where the holder stands in."""
        name = self.principal.username if self.principal else ""
        return Act(self.user, self.office, unit, at, task=task, request_id=request_id, stands_for=name)

    def covers(self, *parts: str) -> bool:
        """Whether this office reads one of these parts of the work."""
        return not self.scope or not set(parts).isdisjoint(self.scope)

    @property
    def reads_all(self) -> bool:
        """Whether this office reads all six steps, and with them what belongs to none."""
        return not self.scope or set(EVERYTHING) <= set(self.scope)
