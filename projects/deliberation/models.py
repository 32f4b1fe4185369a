"""Step 3: what the deputies do and say before they vote."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.cycles.models import Cycle, Session
from projects.selection.models import Item
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.people.saying import titled


class Visit(models.Model):
    """A deputy's visit to voters or to a site before the session (走访、视察).

    erased: the number of the certificate its place and words were erased under.
    """

    kind: ClassVar[str] = "visit"
    PERSONAL = "visits"

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="visits")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    on = models.DateField(_("日期"))
    place = models.CharField(_("地点"), max_length=120, blank=True)
    voters = models.PositiveSmallIntegerField(_("走访选民数"), default=0)
    words = models.TextField(_("情况和意见"), blank=True)
    erased = models.CharField(max_length=20, blank=True)

    @property
    def reference(self) -> str:
        """How an entry refers to a visit: "visit:id"."""
        return f"{self.kind}:{self.pk}"

    @property
    def label(self) -> str:
        """Whose visit it is and of which day; nothing of where it led or what was said."""
        return _t("%(by)s %(on)s走访登记") % {"by": self.by.name, "on": date_format(self.on)}


class BudgetLine(models.Model):
    """Where an item's money stands in the draft budget (项目 ↔ 预算科目)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.CASCADE, related_name="budget_lines")
    code = models.CharField(_("预算科目"), max_length=60)
    amount_fen = models.BigIntegerField(_("金额"))
    source = models.CharField(_("资金来源"), max_length=60)


class Receipt(models.Model):
    """That a deputy received the materials, and when."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="receipts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cycle", "user"], name="one_receipt_each")]


class Opinion(models.Model):
    """A delegation's deliberation opinions (审议意见), with what the government did about them."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="opinions")
    delegation = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.PROTECT, null=True, related_name="opinions")
    words = models.TextField(_("审议意见"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reply = models.TextField(_("研究处理情况"), blank=True)


class QuestionState(models.TextChoices):
    ASKED = "asked", _("待答复")
    ANSWERED = "answered", _("已答复")


class Question(Record):
    """询问: asked while a session is open, answered on record (组织法 23)."""

    kind: ClassVar[str] = "question"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="questions")
    session = models.ForeignKey(Session, models.PROTECT, related_name="questions")
    item = models.ForeignKey(Item, models.PROTECT, null=True, related_name="questions")
    department = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    words = models.TextField(_("询问内容"))
    answer = models.TextField(_("答复"), blank=True)
    state = FSMField(default=QuestionState.ASKED, choices=QuestionState.choices, protected=True)

    def __str__(self) -> str:
        return titled(_("询问"), self.words[:30])

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        return self.cycle.step

    @transition(field=state, source=QuestionState.ASKED, target=QuestionState.ANSWERED)
    def reply(self) -> None:
        """Answered on record."""


class WithdrawalState(models.TextChoices):
    ASKED = "asked", _("待主席团决定")
    AGREED = "agreed", _("同意撤回")
    REFUSED = "refused", _("不同意撤回")


class Withdrawal(Record):
    """The government asks to withdraw one candidate before the vote; the presidium decides (组织法 22)."""

    kind: ClassVar[str] = "withdrawal"
    item = models.ForeignKey(Item, models.PROTECT, related_name="withdrawals")
    reason = models.CharField(_("撤回理由"), max_length=1000)
    state = FSMField(default=WithdrawalState.ASKED, choices=WithdrawalState.choices, protected=True)

    def __str__(self) -> str:
        return titled(_("撤回候选项目"), self.item.title)

    @property
    def about(self) -> str:
        return self.item.about

    @property
    def step(self) -> int:
        return 3

    @transition(field=state, source=WithdrawalState.ASKED, target=WithdrawalState.AGREED)
    def agree(self) -> None:
        """同意撤回."""

    @transition(field=state, source=WithdrawalState.ASKED, target=WithdrawalState.REFUSED)
    def refuse(self) -> None:
        """不同意撤回."""


class MatterState(models.TextChoices):
    GATHERING = "gathering", _("联名中")
    TABLED = "tabled", _("待主席团决定")
    ADDED = "added", _("列入票决")
    SUGGESTION = "suggestion", _("转作代表建议")
    RESERVED = "reserved", _("列入储备库")
    LAPSED = "lapsed", _("联名未满法定人数，已终止")


class AddedMatter(Record):
    """A matter five or more deputies table jointly before the vote (组织法 22).

    movers: who has signed, each in person or on the paper whose picture is kept; tabled when they are enough, lapsed
    where they are not when the ballot is settled for good.
    An added project has had no appraisal, no funds and no Party study; the paper says so plainly.
    """

    kind: ClassVar[str] = "matter"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="matters")
    title = models.CharField(_("项目名称"), max_length=80)
    content = models.TextField(_("项目内容和理由"))
    movers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("联名代表"))
    item = models.OneToOneField(Item, models.PROTECT, null=True, related_name="matter")
    state = FSMField(default=MatterState.GATHERING, choices=MatterState.choices, protected=True)

    def __str__(self) -> str:
        return titled(_("代表联名提出"), self.title)

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        return 3

    @transition(field=state, source=MatterState.GATHERING, target=MatterState.TABLED)
    def lodge(self) -> None:
        """Enough deputies have signed."""

    @transition(field=state, source=MatterState.GATHERING, target=MatterState.LAPSED)
    def lapse(self) -> None:
        """The congress has adopted what it votes on, and too few had signed."""

    @transition(field=state, source=MatterState.TABLED, target=MatterState.ADDED)
    def add(self) -> None:
        """列入票决."""

    @transition(field=state, source=MatterState.TABLED, target=MatterState.SUGGESTION)
    def make_suggestion(self) -> None:
        """转作代表建议."""

    @transition(field=state, source=MatterState.TABLED, target=MatterState.RESERVED)
    def reserve(self) -> None:
        """列入储备库."""
