"""Step 6: what the work is worth."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.ballots.models import Vote
from projects.cycles.models import Cycle
from projects.supervision.models import Project
from workflow.machines.models import Record
from workflow.people.models import Unit


class Grade(models.TextChoices):
    SATISFIED = "satisfied", _("满意")
    BASIC = "basic", _("基本满意")
    DISSATISFIED = "dissatisfied", _("不满意")


class Rating(models.Model):
    """A resident's rating of a finished project; no name, no account.

    salt: hexadecimal, opens what the trail has of the words. erased: the number of the certificate both were erased under.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="ratings")
    grade = models.CharField(_("评价"), max_length=12, choices=Grade.choices)
    words = models.CharField(_("说明"), max_length=300, blank=True)
    salt = models.CharField(max_length=64, blank=True)
    erased = models.CharField(max_length=20, blank=True)
    on = models.DateField()


class Review(models.Model):
    """A deputies' on-site review: one mark 0–100 per weighted dimension."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="reviews")
    marks = models.JSONField(default=dict)
    words = models.TextField(_("评议意见"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    on = models.DateField()


class MeasurementState(models.TextChoices):
    PLANNED = "planned", _("待测评")
    MEASURED = "measured", _("已测评")
    CLOSED = "closed", _("通过")
    RECTIFYING = "rectifying", _("整改中")
    RECTIFIED = "rectified", _("待再次测评")
    SUPERSEDED = "superseded", _("已再次测评")


class Measurement(Record):
    """Satisfaction of the deputies with one project, in one round (1, or a later one after rectification).

    vote: the secret ballot it was measured by. satisfied, basic, dissatisfied, unmarked: figures of the valid
    ballots. base: people or ballots the rate is a share of; verdict: a code of rules.Consequence; judgement: the
    sentence with rate, base and formula; all kept as certified. severe: below the lower threshold, or a second
    failure. A project is closed only by a round that reached the rate (rules.md §8).
    """

    kind: ClassVar[str] = "measurement"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="measurements")
    project = models.ForeignKey(Project, models.PROTECT, related_name="measurements")
    vote = models.ForeignKey(Vote, models.PROTECT, null=True, related_name="measurements")
    round = models.PositiveSmallIntegerField(_("轮次"), default=1)
    satisfied = models.PositiveSmallIntegerField(_("满意"), null=True)
    basic = models.PositiveSmallIntegerField(_("基本满意"), null=True)
    dissatisfied = models.PositiveSmallIntegerField(_("不满意"), null=True)
    unmarked = models.PositiveSmallIntegerField(_("未作评价"), null=True)
    base = models.PositiveSmallIntegerField(_("基数"), null=True)
    verdict = models.CharField(_("结论"), max_length=20, blank=True)
    judgement = models.CharField(_("结论依据"), max_length=400, blank=True)
    severe = models.BooleanField(default=False)
    remedy = models.TextField(_("整改情况"), blank=True)
    state = FSMField(default=MeasurementState.PLANNED, choices=MeasurementState.choices, protected=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "round"], name="measured_once_per_round")]

    def __str__(self) -> str:
        return f"{self.project.title}满意度测评（第 {self.round} 次）"

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        return 6

    @transition(field=state, source=MeasurementState.PLANNED, target=MeasurementState.MEASURED)
    def measure(self) -> None:
        """Counted and signed."""

    @transition(field=state, source=MeasurementState.MEASURED, target=MeasurementState.CLOSED)
    def pass_measure(self) -> None:
        """At or above the passing rate."""

    @transition(field=state, source=MeasurementState.MEASURED, target=MeasurementState.RECTIFYING)
    def fail(self) -> None:
        """Below it: 整改, and measured again."""

    @transition(field=state, source=MeasurementState.RECTIFYING, target=MeasurementState.RECTIFIED)
    def rectify(self) -> None:
        """The department has reported; the second measurement may follow."""

    @transition(field=state, source=MeasurementState.RECTIFIED, target=MeasurementState.RECTIFYING)
    def unrectify(self) -> None:
        """The report was taken back before anybody acted on it."""

    @transition(field=state, source=MeasurementState.RECTIFIED, target=MeasurementState.SUPERSEDED)
    def supersede(self) -> None:
        """A later round has been measured; what it said counts now."""


class Archive(models.Model):
    """The year's dossier as handed to the archive."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.OneToOneField(Cycle, models.PROTECT, related_name="archive")
    file = models.FileField(upload_to="archive/")
    sha256 = models.CharField(max_length=64)
    manifest = models.JSONField(default=list)
    made_at = models.DateTimeField()


class Addendum(models.Model):
    """补充卷宗: what a project carried over adds to its year's dossier, once accepted, stopped or measured.

    number: 1 for the first of the archive. manifest: the catalogue, as in the archive's own.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    archive = models.ForeignKey(Archive, models.PROTECT, related_name="addenda")
    project = models.ForeignKey(Project, models.PROTECT, related_name="addenda")
    number = models.PositiveSmallIntegerField(_("序号"))
    file = models.FileField(upload_to="archive/")
    sha256 = models.CharField(max_length=64)
    manifest = models.JSONField(default=list)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["archive", "number"], name="addendum_number_once"),
        ]
