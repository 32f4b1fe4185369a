"""What is erased, what is held back from it, and who asked for either."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.collection.models import Contact, Proposal
from projects.cycles.models import Cycle, Paper
from projects.deliberation.models import Visit
from workflow.machines.models import Record
from workflow.people.saying import titled


class DataKind(models.TextChoices):
    """The kinds of personal data that are kept apart, each with a term of its own."""

    CONTACTS = Contact.PERSONAL, _("提出人姓名、联系方式")
    RATINGS = "ratings", _("群众评价的文字")
    VISITS = Visit.PERSONAL, _("走访登记的地点、情况")
    SIGN_INS = "sign_ins", _("工作人员登录日志")

    @property
    def beside(self) -> str:
        """What is of no year, as it is called: of what people proposed, that which stayed in the pool."""
        return f"项目库{self.label}" if self == DataKind.CONTACTS else str(self.label)


def _of_year(cycle: Cycle | None) -> str:
    return f"{Cycle.kind}:{cycle.pk}" if cycle else ""


class HoldState(models.TextChoices):
    SET = "set", _("暂缓清除")
    LIFTED = "lifted", _("已解除")


class Hold(Record):
    """暂缓清除: nothing of a kind (or of any, where `of` is empty) of a year (or of all, where there is none) is erased."""

    kind: ClassVar[str] = "hold"
    cycle = models.ForeignKey(Cycle, models.PROTECT, null=True, related_name="holds")
    of = models.CharField(_("种类"), max_length=10, choices=DataKind.choices, blank=True)
    reason = models.CharField(_("暂缓理由"), max_length=500)
    set_on = models.DateField(_("暂缓日期"))
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    lifted_on = models.DateField(_("解除日期"), null=True)
    state = FSMField(default=HoldState.SET, choices=HoldState.choices, protected=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        what = self.get_of_display() if self.of else gettext("全部个人信息")
        if self.cycle is None:
            return gettext("各年度%(what)s") % {"what": what}
        return gettext("%(year)s 年度%(what)s") % {"year": self.cycle.year, "what": what}

    @property
    def about(self) -> str:
        return _of_year(self.cycle)

    def covers(self, of: str, cycle: Cycle | None) -> bool:
        """Whether it holds a kind of a year back. cycle: None for what belongs to no year."""
        return self.of in ("", of) and (self.cycle_id is None or self.cycle == cycle)

    @transition(field=state, source=HoldState.SET, target=HoldState.LIFTED)
    def lift(self) -> None:
        """What it was set for is settled."""


class ErasureState(models.TextChoices):
    ASKED = "asked", _("待另一人确认")
    DONE = "done", _("已清除")
    DECLINED = "declined", _("不同意清除")


class Erasure(Record):
    """One erasure: asked for by one, confirmed by another; or granted to the person the data are about.

    cycle: None for what belongs to no year. proposal: the one whose contact alone it is about. due_on: since when it
    may be erased; term: by which setting and article, in words. rows: how many were erased. number: of the
    certificate, which is `paper`; entry_id: of the entry both speak of.
    """

    kind: ClassVar[str] = "erasure"
    cycle = models.ForeignKey(Cycle, models.PROTECT, null=True, related_name="erasures")
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="erasures")
    of = models.CharField(_("种类"), max_length=10, choices=DataKind.choices)
    due_on = models.DateField(_("到期日"))
    term = models.CharField(_("期限和依据"), max_length=200)
    asked_on = models.DateField(_("提出日期"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    done_on = models.DateField(_("清除日期"), null=True)
    rows = models.PositiveIntegerField(_("清除件数"), default=0)
    number = models.CharField(_("证明编号"), max_length=20, blank=True)
    paper = models.ForeignKey(Paper, models.PROTECT, null=True, related_name="+")
    entry_id = models.BigIntegerField(null=True)
    state = FSMField(default=ErasureState.ASKED, choices=ErasureState.choices, protected=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "number"], name="certificate_once", condition=~Q(number="")
            ),
            models.UniqueConstraint(
                fields=["unit", "of", "cycle", "proposal"],
                name="erasure_asked_once",
                condition=Q(state="asked"),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        if self.cycle is None:
            return DataKind(self.of).beside
        return gettext("%(year)s 年度%(what)s") % {"year": self.cycle.year, "what": self.get_of_display()}

    @property
    def about(self) -> str:
        return _of_year(self.cycle)

    @transition(field=state, source=ErasureState.ASKED, target=ErasureState.DONE)
    def carry_out(self) -> None:
        """The second person agrees: it is gone."""

    @transition(field=state, source=ErasureState.ASKED, target=ErasureState.DECLINED)
    def decline(self) -> None:
        """The second person does not agree."""


class RequestState(models.TextChoices):
    ASKED = "asked", _("待答复")
    GRANTED = "granted", _("已删除")
    REFUSED = "refused", _("不予删除")


class ErasureRequest(Record):
    """A proposer asks for the own contact to be erased (个人信息保护法 47, 50); the proposal itself stays.

    reason: why it was refused. erasure: what was erased for it.
    """

    kind: ClassVar[str] = "erasure_request"
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="erasure_requests")
    asked_at = models.DateTimeField(_("申请时间"))
    reason = models.CharField(_("不予删除的理由"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    erasure = models.OneToOneField(Erasure, models.PROTECT, null=True, related_name="request")
    state = FSMField(default=RequestState.ASKED, choices=RequestState.choices, protected=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal"], name="one_open_request_each", condition=Q(state="asked")
            )
        ]

    def __str__(self) -> str:
        return titled(_("删除联系方式的申请"), self.proposal.title)

    @property
    def about(self) -> str:
        return self.proposal.about

    @property
    def step(self) -> int:
        return 1

    @transition(field=state, source=RequestState.ASKED, target=RequestState.GRANTED)
    def grant(self) -> None:
        """删除."""

    @transition(field=state, source=RequestState.ASKED, target=RequestState.REFUSED)
    def refuse(self) -> None:
        """不予删除, with the reason."""
