"""Step 5: an elected project until it is accepted."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from projects.cycles.models import Cycle, Session
from projects.selection.models import FundSource, Item
from projects.supervision.rules import Lit
from workflow.machines.models import Record
from workflow.people.models import Unit
from workflow.people.saying import titled


class ProjectState(models.TextChoices):
    ELECTED = "elected", _("已入选")
    ASSIGNED = "assigned", _("已交办")
    BUILDING = "building", _("实施中")
    SUSPENDED = "suspended", _("暂缓")
    STOPPED = "stopped", _("终止")
    COMPLETED = "completed", _("已完工")
    ACCEPTED = "accepted", _("已验收")


LIVE = (ProjectState.ELECTED, ProjectState.ASSIGNED, ProjectState.BUILDING, ProjectState.SUSPENDED)
# Handed over and not accepted: a finished project may yet be sent back by its group.
GOING_ON = (ProjectState.ASSIGNED, ProjectState.BUILDING, ProjectState.SUSPENDED, ProjectState.COMPLETED)


class Project(Record):
    """An elected project. target, budget, place and deadline move only by a decision (陕西规定 18). Money in fen.

    votes: as certified. light: as shown (green, yellow, orange, red, blue, ""): the one last worked out or, while there is
    a light_reason, set by hand, light_set_aside being the one worked out (`lit`). group: who watches it.
    department is None only for a matter added in session, until it is handed over. building_since: the day from
    which reports are due (the plan published, or work resumed). carried_on: the day the presidium decided that it goes
    on after its year (跨年续建); carried_until: when it is now expected to be finished: its acceptance is due by then;
    what the congress decided stays.
    """

    kind: ClassVar[str] = "project"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="projects")
    item = models.OneToOneField(Item, models.PROTECT, related_name="project")
    number = models.PositiveSmallIntegerField(_("编号"))
    title = models.CharField(_("项目名称"), max_length=80)
    content = models.TextField(_("建设内容"))
    category = models.CharField(_("类别"), max_length=40)
    place = models.CharField(_("建设地点"), max_length=120, blank=True)
    target = models.CharField(_("年度目标"), max_length=300, blank=True)
    budget_fen = models.BigIntegerField(_("总投资"), null=True)
    finish_by = models.DateField(_("完成时限"))
    department = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("责任单位")
    )
    leader = models.CharField(_("责任领导"), max_length=40, blank=True)
    group = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("监督小组"))
    votes = models.PositiveSmallIntegerField(_("得票"), null=True)
    light = models.CharField(_("亮灯"), max_length=8, blank=True)
    light_set_aside = models.CharField(_("按规则计算的亮灯"), max_length=8, blank=True)
    light_reason = models.CharField(_("人工调整亮灯的理由"), max_length=300, blank=True)
    percent = models.PositiveSmallIntegerField(_("形象进度"), default=0)
    invested_fen = models.BigIntegerField(_("完成投资"), default=0)
    funded_fen = models.BigIntegerField(_("资金到位"), default=0)
    building_since = models.DateField(null=True)
    completed_on = models.DateField(_("完工日期"), null=True)
    accepted_on = models.DateField(_("验收日期"), null=True)
    carried_on = models.DateField(_("决定跨年续建日期"), null=True)
    carried_until = models.DateField(_("预计完成日期"), null=True)
    carried_reason = models.CharField(_("跨年续建理由"), max_length=1000, blank=True)
    state = FSMField(default=ProjectState.ELECTED, choices=ProjectState.choices, protected=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "number"], name="project_number_once"),
            models.CheckConstraint(
                condition=models.Q(carried_on=None) | ~models.Q(carried_reason=""),
                name="carried_over_for_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(light_set_aside="") | ~models.Q(light_reason=""),
                name="light_set_aside_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        return 5

    @property
    def lit(self) -> Lit:
        """The light as it is shown, with what was set aside for it."""
        return Lit(self.light, self.light_set_aside, self.light_reason)

    @property
    def ends_by(self) -> date:
        """The day what hangs on the plan's finish counts from: the congress's, or a later one it is carried until."""
        return max(self.finish_by, self.carried_until or self.finish_by)

    @transition(field=state, source=ProjectState.ELECTED, target=ProjectState.ASSIGNED)
    def assign(self) -> None:
        """交办."""

    @transition(field=state, source=ProjectState.ASSIGNED, target=ProjectState.BUILDING)
    def begin(self) -> None:
        """The implementation plan is confirmed and published."""

    @transition(field=state, source=ProjectState.BUILDING, target=ProjectState.BUILDING)
    def report(self) -> None:
        """A progress report changes the figures shown."""

    @transition(field=state, source=ProjectState.BUILDING, target=ProjectState.BUILDING)
    def unreport(self) -> None:
        """A progress report was taken back: the figures shown are those before it."""

    @transition(field=state, source=ProjectState.BUILDING, target=ProjectState.BUILDING)
    def adjust_light(self) -> None:
        """The light is set by hand, for a reason."""

    @transition(field=state, source=ProjectState.BUILDING, target=ProjectState.BUILDING)
    def restore_light(self) -> None:
        """The setting is withdrawn: the light is the one worked out."""

    @transition(
        field=state, source=[ProjectState.ASSIGNED, ProjectState.BUILDING], target=ProjectState.SUSPENDED
    )
    def suspend(self) -> None:
        """暂缓, by a decision."""

    @transition(field=state, source=ProjectState.SUSPENDED, target=ProjectState.BUILDING)
    def resume(self) -> None:
        """恢复实施, by a decision."""

    @transition(field=state, source=ProjectState.SUSPENDED, target=ProjectState.ASSIGNED)
    def resume_planning(self) -> None:
        """恢复实施, by a decision, of a project whose plan was not published yet."""

    @transition(field=state, source=LIVE, target=ProjectState.STOPPED)
    def stop(self) -> None:
        """终止, by a decision."""

    @transition(field=state, source=ProjectState.BUILDING, target=ProjectState.BUILDING)
    def alter(self) -> None:
        """Target, cost, deadline, place or responsible unit altered, by a decision."""

    @transition(field=state, source=ProjectState.ASSIGNED, target=ProjectState.ASSIGNED)
    def alter_planning(self) -> None:
        """The same, before the plan is published."""

    @transition(field=state, source=ProjectState.BUILDING, target=ProjectState.COMPLETED)
    def finish(self) -> None:
        """The department reports completion."""

    @transition(field=state, source=ProjectState.COMPLETED, target=ProjectState.BUILDING)
    def reopen(self) -> None:
        """The inspectors do not agree that it is complete."""

    @transition(field=state, source=ProjectState.COMPLETED, target=ProjectState.ACCEPTED)
    def accept(self) -> None:
        """验收, agreed by the deputies' group."""

    @transition(field=state, source=ProjectState.ASSIGNED, target=ProjectState.ASSIGNED)
    @transition(field=state, source=ProjectState.BUILDING, target=ProjectState.BUILDING)
    @transition(field=state, source=ProjectState.SUSPENDED, target=ProjectState.SUSPENDED)
    @transition(field=state, source=ProjectState.COMPLETED, target=ProjectState.COMPLETED)
    def carry_over(self) -> None:
        """跨年续建, by the presidium's decision: its year may close, the project goes on as it stands."""


class Plan(models.Model):
    """The implementation plan (项目建设计划书): the five things 陕西规定 17 asks for.

    What the congress decided (target, money, place, deadline) stands on the project and is only read here. target:
    the plan's own, where the congress decided none, else "". finish_by: when the work is planned to end, never after
    the project's deadline. tender_by, contract_by: when the tender is to be decided and the contract to be signed, the
    days their registration is clocked from; None where there is none. no_tender: why there is no tender, said by the plan
    or, where a planned one is not held, when it should have been registered. replaced: the plan this one took the place
    of, by the same names with its nodes; {} for the first.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    project = models.OneToOneField(Project, models.CASCADE, related_name="plan")
    target = models.CharField(_("目标"), max_length=300, blank=True)
    starts_on = models.DateField(_("计划开工"))
    finish_by = models.DateField(_("计划完工"))
    tender_by = models.DateField(_("计划招标采购"), null=True)
    no_tender = models.CharField(_("不招标的理由"), max_length=300, blank=True)
    contract_by = models.DateField(_("计划签订合同"), null=True)
    funds = models.TextField(_("资金安排"))
    safeguards = models.TextField(_("保障措施"))
    responsible = models.CharField(_("责任人"), max_length=40)
    replaced = models.JSONField(default=dict)
    published_at = models.DateTimeField(null=True)


class Milestone(models.Model):
    """A dated node of the plan; percent is how far the project should be on that day."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="milestones")
    title = models.CharField(_("节点"), max_length=80)
    due_on = models.DateField(_("计划日期"))
    percent = models.PositiveSmallIntegerField(_("应达进度"))
    done_on = models.DateField(_("实际日期"), null=True)

    class Meta:
        ordering = ["due_on", "pk"]


class Contract(models.Model):
    """Tender, contract, variation or settlement of a project."""

    class Kind(models.TextChoices):
        TENDER = "tender", _("招标采购")
        CONTRACT = "contract", _("合同")
        VARIATION = "variation", _("变更")
        SETTLEMENT = "settlement", _("结算审核")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="contracts")
    kind = models.CharField(_("类型"), max_length=12, choices=Kind.choices)
    number = models.CharField(_("编号"), max_length=60, blank=True)
    party = models.CharField(_("对方单位"), max_length=80)
    amount_fen = models.BigIntegerField(_("金额"))
    signed_on = models.DateField(_("日期"))
    words = models.CharField(_("说明"), max_length=300, blank=True)


class Payment(models.Model):
    """Money paid out for a project, from one source; what came back, or was booked wrongly, stands as a sum below zero.

    party: whom it was paid to, or who paid it back. number: of the voucher (凭证号).
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="payments")
    source = models.CharField(_("资金来源"), max_length=8, choices=FundSource.choices)
    amount_fen = models.BigIntegerField(_("金额"))
    paid_on = models.DateField(_("付款日期"))
    party = models.CharField(_("对方单位"), max_length=80)
    number = models.CharField(_("凭证号"), max_length=60, blank=True)
    words = models.CharField(_("说明"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["paid_on", "pk"]
        constraints = [models.CheckConstraint(condition=~models.Q(amount_fen=0), name="payment_of_something")]


class AuditState(models.TextChoices):
    RECEIVED = "received", _("待登记")
    REGISTERED = "registered", _("已登记")


class Audit(Record):
    """An audit report on a project: received, then registered with what it found (陕西规定 19).

    received_on: the day it came in, from which registering it is clocked. Its opinion is the paper registering leaves,
    its problems are findings of the project.
    """

    kind: ClassVar[str] = "audit"
    project = models.ForeignKey(Project, models.PROTECT, related_name="audits")
    number = models.CharField(_("审计文号"), max_length=60)
    title = models.CharField(_("报告名称"), max_length=120)
    received_on = models.DateField(_("收到日期"))
    state = FSMField(default=AuditState.RECEIVED, choices=AuditState.choices, protected=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="audit_received_once")]

    def __str__(self) -> str:
        return f"{self.title}（{self.number}）"

    @property
    def about(self) -> str:
        return self.project.about

    @property
    def step(self) -> int:
        return 5

    @transition(field=state, source=AuditState.RECEIVED, target=AuditState.REGISTERED)
    def register(self) -> None:
        """Registered, its problems handed to the department."""


class Progress(models.Model):
    """One progress report. light is computed by the rulebook's scale, whatever is set by hand afterwards."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="reports")
    period = models.CharField(_("报告期"), max_length=10)
    on = models.DateField()
    percent = models.PositiveSmallIntegerField(_("形象进度"))
    expected = models.PositiveSmallIntegerField(_("应达进度"))
    invested_fen = models.BigIntegerField(_("完成投资"))
    funded_fen = models.BigIntegerField(_("资金到位"))
    problems = models.TextField(_("存在问题"), blank=True)
    light = models.CharField(max_length=8)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["period"]
        constraints = [models.UniqueConstraint(fields=["project", "period"], name="one_report_per_period")]


class Inspection(models.Model):
    """A visit by the deputies' group or a senior deputy, with place and findings."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="inspections")
    on = models.DateField(_("日期"))
    place = models.CharField(_("地点"), max_length=120)
    words = models.TextField(_("察看情况"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")


class FindingState(models.TextChoices):
    OPEN = "open", _("待整改")
    RECTIFIED = "rectified", _("待复查")
    CLOSED = "closed", _("已销号")


class Finding(Record):
    """A problem found; planned for and rectified by the department, re-checked by whoever raised it (销号).

    raised_as: the office that raised it, which is the one that re-checks. tries: times sent back. measures, responsible,
    fix_by: the plan (整改方案). unproved: why there are no files to show for it, "" where there are.
    """

    kind: ClassVar[str] = "finding"
    project = models.ForeignKey(Project, models.PROTECT, related_name="findings")
    inspection = models.ForeignKey(Inspection, models.PROTECT, null=True, related_name="findings")
    words = models.TextField(_("问题"))
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    raised_as = models.CharField(_("提出人职务"), max_length=20, default="inspector")
    raised_on = models.DateField()
    measures = models.TextField(_("整改措施"), blank=True)
    responsible = models.CharField(_("责任人"), max_length=40, blank=True)
    fix_by = models.DateField(_("整改期限"), null=True)
    remedy = models.TextField(_("整改情况"), blank=True)
    unproved = models.CharField(_("没有佐证材料的说明"), max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    state = FSMField(default=FindingState.OPEN, choices=FindingState.choices, protected=True)

    def __str__(self) -> str:
        return titled(self.project.title, self.words[:30])

    @property
    def about(self) -> str:
        return self.project.about

    @property
    def step(self) -> int:
        return 5

    @transition(field=state, source=FindingState.OPEN, target=FindingState.OPEN)
    def plan(self) -> None:
        """整改方案: what will be done, by whom and by when."""

    @transition(field=state, source=FindingState.OPEN, target=FindingState.OPEN)
    def unplan(self) -> None:
        """The plan was taken back before anybody acted on it."""

    @transition(field=state, source=FindingState.RECTIFIED, target=FindingState.OPEN)
    def unrectify(self) -> None:
        """The report was taken back before anybody acted on it."""

    @transition(field=state, source=FindingState.OPEN, target=FindingState.RECTIFIED)
    def rectify(self) -> None:
        """The department reports what was done."""

    @transition(field=state, source=FindingState.RECTIFIED, target=FindingState.OPEN)
    def reject(self) -> None:
        """Not fixed: back, and counted."""

    @transition(field=state, source=FindingState.RECTIFIED, target=FindingState.CLOSED)
    def close(self) -> None:
        """销号."""


class ChangeKind(models.TextChoices):
    CONTENT = "content", _("调整内容、目标")
    COST = "cost", _("调整投资")
    DEADLINE = "deadline", _("调整工期")
    PLACE = "place", _("调整地点")
    UNIT = "unit", _("调整责任单位")
    SUSPEND = "suspend", _("暂缓实施")
    RESUME = "resume", _("恢复实施")
    STOP = "stop", _("终止")
    REPLACE = "replace", _("替换")


class ChangeGrade(models.TextChoices):
    MAJOR = "major", _("重大调整")
    MINOR = "minor", _("轻微调整")


class ChangeState(models.TextChoices):
    ASKED = "asked", _("待决定")
    AGREED = "agreed", _("已批准")
    REFUSED = "refused", _("未批准")
    ANNOUNCED = "announced", _("已公告")
    RATIFIED = "ratified", _("已追认")
    REVOKED = "revoked", _("未获追认")


class Change(Record):
    """A change of an elected project: asked by the government, decided by the congress by default, announced.

    proposed: new values by the project's field names; before: the values they replaced. grade: as asked for, then as
    the presidium has classified it, with its grounds. body: who decides, the congress or the presidium; a minor change
    is the presidium's to classify, and by that decided.
    """

    kind: ClassVar[str] = "change"
    project = models.ForeignKey(Project, models.PROTECT, related_name="changes")
    what = models.CharField(_("调整事项"), max_length=10, choices=ChangeKind.choices)
    proposed = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    grade = models.CharField(
        _("调整程度"), max_length=5, choices=ChangeGrade.choices, default=ChangeGrade.MAJOR
    )
    grounds = models.CharField(_("认定理由"), max_length=1000, blank=True)
    body = models.CharField(_("决定机关"), max_length=12, default="congress")
    reason = models.CharField(_("理由"), max_length=1000)
    asked_on = models.DateField()
    state = FSMField(default=ChangeState.ASKED, choices=ChangeState.choices, protected=True)

    def __str__(self) -> str:
        return titled(self.project.title, self.get_what_display())

    @property
    def about(self) -> str:
        return self.project.about

    @property
    def step(self) -> int:
        return 5

    @transition(field=state, source=ChangeState.ASKED, target=ChangeState.ASKED)
    def make_major(self) -> None:
        """The presidium does not find it minor: it goes the way of every other change."""

    @transition(field=state, source=ChangeState.ASKED, target=ChangeState.AGREED)
    def agree(self) -> None:
        """Decided by the body the rulebook names."""

    @transition(field=state, source=ChangeState.ASKED, target=ChangeState.REFUSED)
    def refuse(self) -> None:
        """Not agreed; the project stays as it is."""

    @transition(field=state, source=ChangeState.AGREED, target=ChangeState.ANNOUNCED)
    def announce(self) -> None:
        """公告."""

    @transition(field=state, source=ChangeState.ANNOUNCED, target=ChangeState.RATIFIED)
    def ratify(self) -> None:
        """The congress confirms what the presidium decided in between."""

    @transition(field=state, source=ChangeState.ANNOUNCED, target=ChangeState.REVOKED)
    def revoke(self) -> None:
        """The congress does not confirm it; the project is as it was before."""


class InquiryState(models.TextChoices):
    ASKED = "asked", _("待书面答复")
    ANSWERED = "answered", _("待主席团审议")
    ACCEPTED = "accepted", _("已办结")


class Inquiry(Record):
    """书面询问: asked by the presidium when it heard the special report between sessions, answered in writing (组织法 19).

    department: the unit that answers; None where the head of the government does. tries: times the answer was sent
    back. 询问 in session is deliberation's Question.
    """

    kind: ClassVar[str] = "inquiry"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="inquiries")
    department = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    words = models.TextField(_("询问内容"))
    asked_on = models.DateField()
    answer = models.TextField(_("书面答复"), blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    state = FSMField(default=InquiryState.ASKED, choices=InquiryState.choices, protected=True)

    def __str__(self) -> str:
        return titled(_("书面询问"), self.words[:30])

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        return 5

    @transition(field=state, source=InquiryState.ASKED, target=InquiryState.ANSWERED)
    def reply(self) -> None:
        """Answered in writing."""

    @transition(field=state, source=InquiryState.ANSWERED, target=InquiryState.ASKED)
    def unreply(self) -> None:
        """The answer was taken back before the presidium acted on it."""

    @transition(field=state, source=InquiryState.ANSWERED, target=InquiryState.ASKED)
    def reject(self) -> None:
        """The presidium is not content with the answer: back, and counted."""

    @transition(field=state, source=InquiryState.ANSWERED, target=InquiryState.ACCEPTED)
    def accept(self) -> None:
        """The presidium accepts the answer."""


WRITTEN = "written"
ANSWER_FORMS = [
    ("session", _("在代表大会全体会议上口头答复")),
    ("presidium", _("在主席团会议上口头答复")),
    (WRITTEN, _("书面答复")),
]


class InterpellationState(models.TextChoices):
    GATHERING = "gathering", _("联名中")
    TABLED = "tabled", _("待主席团决定")
    ADMITTED = "admitted", _("待答复")
    ANSWERED = "answered", _("已答复")
    LAPSED = "lapsed", _("联名未满法定人数，已终止")


class Interpellation(Record):
    """质询案: ten or more deputies jointly, in writing, only while a session is open (组织法 24).

    movers: who has signed, each in person or on the paper whose picture is kept; tabled when they are enough,
    lapsed where they are not when its session is closed.
    department: the unit the movers put their question to, which answers; None: the government, by its head.
    """

    kind: ClassVar[str] = "interpellation"
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="interpellations")
    session = models.ForeignKey(Session, models.PROTECT, related_name="interpellations")
    department = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("受质询机关")
    )
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="interpellations")
    words = models.TextField(_("质询内容"))
    movers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("联名代表"))
    form = models.CharField(_("答复形式"), max_length=20, blank=True)
    answer = models.TextField(_("答复"), blank=True)
    state = FSMField(
        default=InterpellationState.GATHERING, choices=InterpellationState.choices, protected=True
    )

    def __str__(self) -> str:
        return titled(_("质询案"), self.words[:30])

    @property
    def about(self) -> str:
        return f"{Cycle.kind}:{self.cycle_id}"

    @property
    def step(self) -> int:
        return 5

    @transition(field=state, source=InterpellationState.GATHERING, target=InterpellationState.TABLED)
    def lodge(self) -> None:
        """Enough deputies have signed."""

    @transition(field=state, source=InterpellationState.GATHERING, target=InterpellationState.LAPSED)
    def lapse(self) -> None:
        """Its session is closed, and too few had signed."""

    @transition(field=state, source=InterpellationState.TABLED, target=InterpellationState.ADMITTED)
    def admit(self) -> None:
        """The presidium decides the form of the answer."""

    @transition(field=state, source=InterpellationState.ADMITTED, target=InterpellationState.ANSWERED)
    def answer_given(self) -> None:
        """答复."""
