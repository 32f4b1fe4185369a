"""Step 2: from many proposals to a list of candidates."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.cycles.tables import CHECKS
from workflow.machines.models import Record
from workflow.people.models import Unit


class ItemState(models.TextChoices):
    MERGED = "merged", _("已归并")
    ELIGIBLE = "eligible", _("筛查通过")
    BLOCKED = "blocked", _("不予列入")
    DRAFTED = "drafted", _("列入建议方案")
    LEFT_OUT = "left_out", _("未列入建议方案")
    CANDIDATE = "candidate", _("候选项目")
    WITHDRAWN = "withdrawn", _("已撤回")
    ON_BALLOT = "on_ballot", _("提交票决")
    ELECTED = "elected", _("入选")
    NOT_ELECTED = "not_elected", _("未入选")
    RESERVED = "reserved", _("列入储备库")
    SUBSTITUTED = "substituted", _("替换入选")


class ExclusionState(models.TextChoices):
    OPEN = "open", _("待答复")
    ANSWERED = "answered", _("已答复")
    LIFTED = "lifted", _("无须答复")


class Exclusion(Record):
    """One decision that left matters off this year's list (未列入决定); every proposer behind them is owed an answer.

    on: the day of the decision, from which the days to answer run (steps.md, step 2: "after *that* decision").
    """

    class Stage(models.TextChoices):
        SCREENING = "screening", _("资格筛查不予列入")
        DRAFT = "draft", _("未列入候选项目名单")
        AGENDA = "agenda", _("未列入会议议程")

    kind: ClassVar[str] = "exclusion"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="exclusions")
    stage = models.CharField(max_length=12, choices=Stage.choices)
    on = models.DateField(_("决定日期"))
    state = FSMField(default=ExclusionState.OPEN, choices=ExclusionState.choices, protected=True)

    def __str__(self) -> str:
        return str(self.get_stage_display())

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        return 3 if self.stage == self.Stage.AGENDA else 2

    @transition(field=state, source=ExclusionState.OPEN, target=ExclusionState.ANSWERED)
    def settle(self) -> None:
        """Every proposer has an answer, or a deputy has been asked to sign it."""

    @transition(field=state, source=ExclusionState.OPEN, target=ExclusionState.LIFTED)
    def lift(self) -> None:
        """Nobody is left to answer: the matter came back onto the list, or everybody was told ahead."""


class FundSource(models.TextChoices):
    """Where a project's money comes from."""

    OWN = "own", _("本级财政")
    UPPER = "upper", _("上级补助")
    SOCIAL = "social", _("社会资金")


class Item(Record):
    """A merged matter on its way to the ballot (归并项 → 候选项目). Money in fen.

    excluded_by: the decision that left it out, None while it is on its way or on the list; excluded_because: its reason as
    it was decided then (decision_reason is that of the last decision on the item).

    support: how many proposals and supporters stand behind it. funding: fen by FundSource.
    milestone: the assessable target of this year where it takes longer than a year.
    """

    kind: ClassVar[str] = "item"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="items")
    number = models.PositiveSmallIntegerField(_("序号"))
    title = models.CharField(_("项目名称"), max_length=80)
    content = models.TextField(_("建设内容"))
    category = models.CharField(_("类别"), max_length=40)
    place = models.CharField(_("建设地点"), max_length=120, blank=True)
    beneficiaries = models.CharField(_("受益范围、人数"), max_length=120, blank=True)
    investment_fen = models.BigIntegerField(_("总投资"), null=True)
    funding = models.JSONField(default=dict)
    department = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("责任单位")
    )
    leader = models.CharField(_("责任领导"), max_length=40, blank=True)
    finish_by = models.DateField(_("完成时限"), null=True)
    target = models.CharField(_("年度目标"), max_length=300, blank=True)
    multi_year = models.BooleanField(_("跨年度"), default=False)
    milestone = models.CharField(_("年度阶段性目标"), max_length=300, blank=True)
    support = models.PositiveIntegerField(_("民意"), default=1)
    ballot_number = models.PositiveSmallIntegerField(_("票面序号"), null=True)
    added_in_session = models.BooleanField(default=False)
    decision_reason = models.CharField(_("理由"), max_length=1000, blank=True)
    excluded_by = models.ForeignKey(
        Exclusion, models.PROTECT, null=True, related_name="items", verbose_name=_("未列入决定")
    )
    excluded_because = models.CharField(_("未列入的理由"), max_length=1000, blank=True)
    state = FSMField(default=ItemState.MERGED, choices=ItemState.choices, protected=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["cycle", "number"], name="item_number_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def why_left_out(self) -> str:
        """What its proposers are told: the reason it was left out for, else that of the last decision on it."""
        return self.excluded_because or self.decision_reason

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        early = (
            ItemState.MERGED,
            ItemState.ELIGIBLE,
            ItemState.BLOCKED,
            ItemState.DRAFTED,
            ItemState.LEFT_OUT,
        )
        return 2 if self.state in early else 3 if self.state == ItemState.CANDIDATE else 4

    @transition(field=state, source=[ItemState.MERGED, ItemState.BLOCKED], target=ItemState.ELIGIBLE)
    def pass_screening(self) -> None:
        """No rule blocks it."""

    @transition(field=state, source=[ItemState.MERGED, ItemState.ELIGIBLE], target=ItemState.BLOCKED)
    def block(self) -> None:
        """A rule of eligibility blocks it (rules.md §4)."""

    @transition(
        field=state,
        source=[ItemState.ELIGIBLE, ItemState.BLOCKED, ItemState.DRAFTED, ItemState.LEFT_OUT],
        target=ItemState.MERGED,
    )
    def reopen(self) -> None:
        """Sent back to be merged and screened anew."""

    @transition(field=state, source=[ItemState.DRAFTED, ItemState.LEFT_OUT], target=ItemState.ELIGIBLE)
    def undraft(self) -> None:
        """The draft list was taken back before anybody acted on it."""

    @transition(
        field=state,
        source=[ItemState.ELIGIBLE, ItemState.LEFT_OUT, ItemState.CANDIDATE],
        target=ItemState.DRAFTED,
    )
    def draft(self) -> None:
        """On the government's draft list."""

    @transition(
        field=state,
        source=[ItemState.ELIGIBLE, ItemState.DRAFTED, ItemState.CANDIDATE],
        target=ItemState.LEFT_OUT,
    )
    def leave_out(self) -> None:
        """Not on the draft list this year."""

    @transition(field=state, source=ItemState.DRAFTED, target=ItemState.CANDIDATE)
    def list_candidate(self) -> None:
        """Studied by the Party committee and posted."""

    @transition(field=state, source=ItemState.CANDIDATE, target=ItemState.WITHDRAWN)
    def withdraw(self) -> None:
        """Withdrawn by its proposer with the presidium's consent before the vote (组织法 22)."""

    @transition(field=state, source=ItemState.CANDIDATE, target=ItemState.ON_BALLOT)
    def put_on_ballot(self) -> None:
        """On the paper."""

    @transition(field=state, source=ItemState.ON_BALLOT, target=ItemState.ELECTED)
    def elect(self) -> None:
        """入选."""

    @transition(field=state, source=ItemState.ON_BALLOT, target=ItemState.NOT_ELECTED)
    def not_elect(self) -> None:
        """未入选."""

    @transition(field=state, source=[ItemState.ELECTED, ItemState.NOT_ELECTED], target=ItemState.ON_BALLOT)
    def count_again(self) -> None:
        """Its ballots are counted again before the result was published; the next declaration says how it ended."""

    @transition(
        field=state,
        source=[
            ItemState.MERGED,
            ItemState.ELIGIBLE,
            ItemState.DRAFTED,
            ItemState.CANDIDATE,
            ItemState.NOT_ELECTED,
            ItemState.LEFT_OUT,
            ItemState.WITHDRAWN,
            ItemState.BLOCKED,
        ],
        target=ItemState.RESERVED,
    )
    def reserve(self) -> None:
        """Into the pool for another year, with its history; before the vote only where its year is ended."""

    @transition(field=state, source=[ItemState.NOT_ELECTED, ItemState.RESERVED], target=ItemState.SUBSTITUTED)
    def substitute(self) -> None:
        """In the place of an elected project, by the decision on its change (陕西规定 18)."""


class Source(models.Model):
    """Which proposals an item was made of; every source and proposer is kept."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.CASCADE, related_name="sources")
    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="source")


class Verdict(models.TextChoices):
    PASS = "pass", _("符合")
    NOTE = "note", _("提示")
    WARN = "warn", _("预警")
    BLOCK = "block", _("不符合")


class Screening(models.Model):
    """One eligibility rule's verdict on one item, with the evidence for it; a pass may go without."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.CASCADE, related_name="screenings")
    rule = models.CharField(max_length=40)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    evidence = models.CharField(_("依据"), max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "rule"], name="one_verdict_per_rule")]

    @property
    def title(self) -> str:
        """What the rule is called."""
        return str(CHECKS[self.rule].title)


class Appraisal(models.Model):
    """One office's written opinion on one item (论证).

    replaced: of a department's, what its figures took the place of, so that it can be taken back: the item's own values by
    field, and under "money" the screening of whether the money is mainly public, None where there was none.
    """

    class Kind(models.TextChoices):
        DEPARTMENT = "department", _("责任单位")
        FINANCE = "finance", _("财政")
        LEGAL = "legal", _("合法性审查")

    class Opinion(models.TextChoices):
        AGREE = "agree", _("同意")
        CONDITIONAL = "conditional", _("有条件同意")
        OPPOSE = "oppose", _("不同意")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.CASCADE, related_name="appraisals")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    opinion = models.CharField(_("意见"), max_length=12, choices=Opinion.choices)
    words = models.TextField(_("说明"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    on = models.DateField()
    replaced = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "kind"], name="one_appraisal_each")]


class AppraisalReturn(models.Model):
    """An appraiser sends the list back to the government's clerk (退回) while the others go on appraising.

    department: which one, for the kind department. settled_on: the day the list was screened again; until then the
    return stands, and no draft list is made.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="appraisal_returns")
    kind = models.CharField(max_length=12, choices=Appraisal.Kind.choices)
    department = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("退回理由"), max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    on = models.DateField()
    settled_on = models.DateField(null=True)

    class Meta:
        ordering = ["pk"]

    @property
    def office(self) -> str:
        """Who sent it back: the department's name, or which appraisal it was."""
        return self.department.name if self.department else str(self.get_kind_display())


class Score(models.Model):
    """One scorer's marks on one item (评分表, off by default). marks: criterion → 0–100."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.CASCADE, related_name="scores")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    marks = models.JSONField(default=dict)
    on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "by"], name="one_score_each")]


class NoticeState(models.TextChoices):
    POSTED = "posted", _("公示中")
    CLOSED = "closed", _("公示结束")


class Notice(Record):
    """The public notice of the list (公示); a changed list is posted again as the next round."""

    kind: ClassVar[str] = "notice"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="notices")
    round = models.PositiveSmallIntegerField(default=1)
    from_on = models.DateField(_("公示开始"))
    to_on = models.DateField(_("公示结束"))
    items = models.ManyToManyField(Item, related_name="+")
    state = FSMField(default=NoticeState.POSTED, choices=NoticeState.choices, protected=True)

    def __str__(self) -> str:
        return f"{self.cycle.candidates}公示（第 {self.round} 次）"

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        return 2

    @transition(field=state, source=NoticeState.POSTED, target=NoticeState.CLOSED)
    def close(self) -> None:
        """The days are over and every objection is answered."""


class ObjectionState(models.TextChoices):
    RAISED = "raised", _("待答复")
    UPHELD = "upheld", _("采纳")
    DISMISSED = "dismissed", _("不予采纳")


class Objection(Record):
    """Somebody's objection to the posted list; answered in writing."""

    kind: ClassVar[str] = "objection"
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="objections")
    item = models.ForeignKey(Item, models.PROTECT, null=True, related_name="objections")
    code = models.CharField(_("查询码"), max_length=12, unique=True)
    words = models.TextField(_("异议内容"))
    raised_at = models.DateTimeField()
    answer = models.TextField(_("答复"), blank=True)
    changes_list = models.BooleanField(_("改变名单"), default=False)
    state = FSMField(default=ObjectionState.RAISED, choices=ObjectionState.choices, protected=True)

    def __str__(self) -> str:
        return str(_("对公示名单的异议"))

    @property
    def about(self) -> str:
        return self.notice.about

    @property
    def step(self) -> int:
        return 2

    @transition(field=state, source=ObjectionState.RAISED, target=ObjectionState.UPHELD)
    def uphold(self) -> None:
        """采纳."""

    @transition(field=state, source=ObjectionState.RAISED, target=ObjectionState.DISMISSED)
    def dismiss(self) -> None:
        """不予采纳."""
