"""Step 1: what people ask for. One matter per form (一事一提)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.cycles.models import Cycle
from workflow.machines.models import Record
from workflow.people.models import Unit


class ProposerKind(models.TextChoices):
    """Who may propose (rules.md §4)."""

    RESIDENT = "resident", _("群众")
    DEPUTY = "deputy", _("人大代表")
    SENIOR_DEPUTY = "senior_deputy", _("上级人大代表")
    DEPARTMENT = "department", _("政府部门")
    PARTY = "party", _("党组织")
    STATION = "station", _("代表联络站")
    VILLAGE = "village", _("村（社区）")
    ENTERPRISE = "enterprise", _("企业、社会组织")


class ProposalState(models.TextChoices):
    RECEIVED = "received", _("待受理")
    RETURNED = "returned", _("退回补正")
    ACCEPTED = "accepted", _("已受理")
    MERGED = "merged", _("已归并")
    CARRIED = "carried", _("列为候选")
    ANSWERED = "answered", _("已答复")
    POOLED = "pooled", _("列入项目库")


class Outcome(models.TextChoices):
    """What became of a proposal (rules.md §4, steps.md step 2)."""

    CARRIED = "carried", _("采纳为候选项目")
    MERGED = "merged", _("并入其他项目")
    SUGGESTION = "suggestion", _("转代表建议")
    DEPARTMENT = "department", _("转部门办理")
    RESERVE = "reserve", _("列入储备库")
    DECLINED = "declined", _("不采纳")
    REPORTED = "reported", _("上报上级")


class Proposal(Record):
    """One matter somebody asks for. code: the query code the proposer follows it by.

    asked_deputy: who was asked to sign it as a deputy's suggestion, until the signature is given or declined;
    outcome_words waits with it, outcome is set by the signature. signed_by: who gave it.
    cycle None: in the all-year pool. contact_commitment: salted hash of the contact, all the trail knows of it.
    contact_erased: the number of the certificate its contact was erased under.
    """

    kind: ClassVar[str] = "proposal"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="proposals", null=True)
    code = models.CharField(_("查询码"), max_length=12, unique=True)
    title = models.CharField(_("项目名称"), max_length=80)
    content = models.TextField(_("项目内容"))
    necessity = models.TextField(_("必要性和可行性"), blank=True)
    place = models.CharField(_("建设地点"), max_length=120, blank=True)
    category = models.CharField(_("类别"), max_length=40, blank=True)
    estimate_fen = models.BigIntegerField(_("投资估算"), null=True)
    funding = models.CharField(_("资金来源"), max_length=120, blank=True)
    channel = models.CharField(_("征集渠道"), max_length=40, blank=True)
    proposer_kind = models.CharField(_("提出人类别"), max_length=16, choices=ProposerKind.choices)
    proposer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    village = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(_("收到时间"))
    contact_commitment = models.CharField(max_length=64, blank=True)
    contact_erased = models.CharField(max_length=20, blank=True)
    return_reason = models.CharField(_("退回理由"), max_length=1000, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    outcome_words = models.CharField(_("答复"), max_length=1000, blank=True)
    asked_deputy = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    state = FSMField(default=ProposalState.RECEIVED, choices=ProposalState.choices, protected=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}" if self.cycle_id else ""

    @property
    def step(self) -> int:
        return (
            1 if self.state in (ProposalState.RECEIVED, ProposalState.RETURNED, ProposalState.POOLED) else 2
        )

    @property
    def standing(self) -> str:
        """Where it stands, in words; one in the pool because it was decided so is told as the decision was (储备库)."""
        kept = self.state == ProposalState.POOLED and self.outcome == Outcome.RESERVE
        return self.get_outcome_display() if kept else self.get_state_display()

    @transition(field=state, source=ProposalState.RECEIVED, target=ProposalState.ACCEPTED)
    def accept(self) -> None:
        """受理."""

    @transition(field=state, source=ProposalState.RECEIVED, target=ProposalState.RETURNED)
    def send_back(self) -> None:
        """退回补正."""

    @transition(
        field=state, source=[ProposalState.ACCEPTED, ProposalState.RETURNED], target=ProposalState.RECEIVED
    )
    def unreceive(self) -> None:
        """受理 or 退回补正 was taken back before anybody acted on it."""

    @transition(field=state, source=ProposalState.RETURNED, target=ProposalState.RECEIVED)
    def complete(self) -> None:
        """The proposer has completed the form."""

    @transition(
        field=state,
        source=[
            ProposalState.RECEIVED,
            ProposalState.RETURNED,
            ProposalState.ACCEPTED,
            ProposalState.MERGED,
            ProposalState.CARRIED,
            ProposalState.ANSWERED,
        ],
        target=ProposalState.POOLED,
    )
    def pool(self) -> None:
        """Outside the window, or not completed in time, or kept for another year, or its year was ended."""

    @transition(field=state, source=ProposalState.POOLED, target=ProposalState.RECEIVED)
    def take_up(self) -> None:
        """Out of the pool into a cycle."""

    @transition(field=state, source=ProposalState.ACCEPTED, target=ProposalState.MERGED)
    def merge(self) -> None:
        """Joined to an item."""

    @transition(field=state, source=ProposalState.MERGED, target=ProposalState.ACCEPTED)
    def unmerge(self) -> None:
        """Taken out of its item again, until the list is fixed."""

    @transition(field=state, source=ProposalState.MERGED, target=ProposalState.CARRIED)
    def carry(self) -> None:
        """Its item is on the list of candidates."""

    @transition(field=state, source=ProposalState.CARRIED, target=ProposalState.MERGED)
    def drop(self) -> None:
        """Its candidate was left off the agenda: what the proposer was told no longer holds, an answer is owed anew."""

    @transition(
        field=state,
        source=[ProposalState.ACCEPTED, ProposalState.MERGED, ProposalState.CARRIED],
        target=ProposalState.ANSWERED,
    )
    def answer(self) -> None:
        """The proposer has been told what became of it."""


class Contact(models.Model):
    """How to reach a proposer: personal data, never in the trail; the row goes, and the salt with it, when it is erased."""

    PERSONAL = "contacts"

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    proposal = models.OneToOneField(Proposal, models.CASCADE, related_name="contact")
    name = models.CharField(_("姓名"), max_length=40, blank=True)
    phone = models.CharField(_("联系电话"), max_length=40, blank=True)
    organisation = models.CharField(_("单位"), max_length=80, blank=True)
    salt = models.CharField(max_length=32)
