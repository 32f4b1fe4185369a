"""The ballot engine's records. Knows no project: options carry references it never reads."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.cycles.models import Session
from workflow.machines.models import Record
from workflow.people.models import Unit


class Purpose(models.TextChoices):
    """What is put to the vote."""

    PROJECTS = "projects", _("民生实事项目票决")
    RUN_OFF = "run_off", _("再次投票")
    MEASUREMENT = "measurement", _("满意度测评")
    CHANGE = "change", _("项目调整表决")


class VoteState(models.TextChoices):
    DEFINED = "defined", _("已确定")
    OPEN = "open", _("投票中")
    CLOSED = "closed", _("已截止")
    KEYED = "keyed", _("计票相符")
    CERTIFIED = "certified", _("已签字")
    DECLARED = "declared", _("已宣布")
    VOID = "void", _("无效")


class Vote(Record):
    """One ballot of one body: what is asked, who may vote, what was issued, returned and counted.

    mode, seats and rules are the definition (count.md). about_reference: the record it belongs to ("cycle:3").
    figures: the accepted tally in the count's format; outcome: what `rules.decide` said of it, kept as certified.
    follows: the vote this one repeats (void), counts again (复票) or continues (a tie); follows_because: why.
    """

    kind: ClassVar[str] = "vote"
    session = models.ForeignKey(Session, models.PROTECT, null=True, related_name="votes")
    about_reference = models.CharField(max_length=60, db_index=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    title = models.CharField(_("标题"), max_length=200)
    mode = models.CharField(_("投票方式"), max_length=8)
    seats = models.PositiveSmallIntegerField(_("应选数"))
    rules = models.JSONField(default=dict)
    deputies_in_office = models.PositiveSmallIntegerField(_("应到"))
    deputies_present = models.PositiveSmallIntegerField(_("实到"), null=True)
    on_leave = models.PositiveSmallIntegerField(_("请假"), null=True)
    issued = models.PositiveSmallIntegerField(_("发出"), null=True)
    returned = models.PositiveSmallIntegerField(_("收回"), null=True)
    figures = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by")
    follows_because = models.CharField(_("重新进行的理由"), max_length=1000, blank=True)
    void_reason = models.CharField(_("无效的理由"), max_length=1000, blank=True)
    step_number = models.SmallIntegerField(default=4)
    state = FSMField(default=VoteState.DEFINED, choices=VoteState.choices, protected=True)

    def __str__(self) -> str:
        return self.title

    @property
    def about(self) -> str:
        return self.about_reference

    @property
    def step(self) -> int:
        return self.step_number

    @transition(field=state, source=VoteState.DEFINED, target=VoteState.OPEN)
    def open(self) -> None:
        """Quorum met, tellers in place, ballots issued."""

    @transition(field=state, source=VoteState.OPEN, target=VoteState.CLOSED)
    def close(self) -> None:
        """Boxes closed, ballots counted as returned."""

    @transition(field=state, source=VoteState.CLOSED, target=VoteState.KEYED)
    def accept_tally(self) -> None:
        """Two independent keyings agree and the figures balance."""

    @transition(field=state, source=VoteState.KEYED, target=VoteState.CERTIFIED)
    def certify(self) -> None:
        """Both signatures are there; nothing of it is edited again."""

    @transition(field=state, source=VoteState.CERTIFIED, target=VoteState.DECLARED)
    def declare(self) -> None:
        """The chair has announced it on the spot."""

    @transition(
        field=state, source=[VoteState.OPEN, VoteState.CLOSED, VoteState.KEYED], target=VoteState.VOID
    )
    def make_void(self) -> None:
        """Returned exceeds issued, or the presidium orders a new vote; kept as it was."""


class Option(models.Model):
    """One line of the paper. reference: the record it stands for; position: its number on the paper, from 1."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="options")
    position = models.PositiveSmallIntegerField(_("序号"))
    reference = models.CharField(max_length=60)
    title = models.CharField(max_length=120)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["vote", "position"], name="option_position_once")]


class Keying(models.Model):
    """One person's keying of the paper tally; the second is keyed without sight of the first.

    turn: 1 or 2. round: counts from 1; keyings that differ or do not balance are kept and a new round begins.
    figures: {"valid", "invalid", "sums": {title: {"for", "against", "abstain"[, "points"]}}}, numbers of ballots.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="keyings")
    turn = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    figures = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vote", "round", "turn"], name="one_keying_per_turn"),
            models.UniqueConstraint(fields=["vote", "round", "by"], name="keyed_by_two_people"),
        ]


class Signature(models.Model):
    """A teller's signature under the tally: over the digest of the figures and the outcome."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="signatures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    office = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vote", "office"], name="one_signature_per_office"),
            models.UniqueConstraint(fields=["vote", "by"], name="signed_by_two_people"),
        ]
