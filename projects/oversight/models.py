"""The county's acts: guidance and notes, never an approval (组织法 50(11))."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.cycles.models import Cycle
from workflow.machines.models import Record
from workflow.people.models import Unit


class Guidance(models.Model):
    """A guiding opinion of the county to one township or, one row each, to several."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    county = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    title = models.CharField(_("标题"), max_length=120)
    words = models.TextField(_("内容"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class NoteState(models.TextChoices):
    SENT = "sent", _("待回复")
    REPLIED = "replied", _("已回复")


class Note(Record):
    """工作提示函: the county points something out and asks for a reply by a day."""

    kind: ClassVar[str] = "note"
    county = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.PROTECT, null=True, related_name="notes")
    title = models.CharField(_("事由"), max_length=120)
    words = models.TextField(_("提示内容"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sent_on = models.DateField()
    reply_by = models.DateField(_("回复期限"))
    reply = models.TextField(_("回复"), blank=True)
    state = FSMField(default=NoteState.SENT, choices=NoteState.choices, protected=True)

    def __str__(self) -> str:
        return f"{_('工作提示函')}：{self.title}"

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}" if self.cycle_id else ""

    @property
    def step(self) -> int | None:
        return self.cycle.step if self.cycle else None

    @transition(field=state, source=NoteState.SENT, target=NoteState.REPLIED)
    def answer(self) -> None:
        """The township's presidium has replied."""


class Sample(models.Model):
    """A dossier the county looked at; seed names this look in the trail."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    county = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="+")
    seed = models.CharField(max_length=40)
    words = models.TextField(_("抽查情况"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
