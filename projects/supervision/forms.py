"""Step 5's forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from projects.collection.forms import DecisionForm
from projects.cycles.models import Cycle, Session
from projects.cycles.selectors import open_session, standard_of
from projects.deliberation.forms import PreliminaryForm, TellersForm
from projects.selection.models import Item, ItemState
from projects.supervision import rules
from projects.supervision.models import (
    ANSWER_FORMS,
    ChangeGrade,
    ChangeKind,
    Contract,
    Milestone,
    Project,
    ProjectState,
)
from projects.supervision.selectors import audit_due, expected_of, projects_of, rectified_by, unwatched
from projects.supervision.sessions import session_called
from workflow.administration.imports import USERNAME
from workflow.flows.fields import ChineseDateField, FenField, FilesField, PhotosField, record_field
from workflow.flows.forms import AssemblyForm, MeetingForm, Resolved, StepForm
from workflow.flows.meetings import Standard
from workflow.people.models import Unit, UnitKind, User
from workflow.roles.selectors import live_grants
from workflow.templatetags.ui import wan

Lines = forms.Textarea
ROWS = 6


def lines_of(text: str) -> list[str]:
    """A text box's lines, one matter each."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def holders(office: str, unit: Unit, on: Any) -> QuerySet[User]:
    """The persons who hold an office at a unit, for a choice of people."""
    return User.objects.filter(
        pk__in=live_grants(on).filter(office=office, unit=unit).values("user")
    ).order_by("pk")


def departments(unit: Unit) -> QuerySet[Unit]:
    """The responsible units of a township."""
    return Unit.objects.filter(parent=unit, kind=UnitKind.DEPARTMENT, ends_on=None)


def works_at(department: Unit | None, people: Sequence[User], on: Any) -> bool:
    """Whether one of them is on the staff of a responsible unit."""
    staff = live_grants(on).filter(office="department", unit=department)
    return staff.filter(user__in=[user.pk for user in people]).exists()


class DayForm(StepForm):
    """A form with a day that may not lie in the future."""

    past: ClassVar[tuple[str, ...]] = ()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in self.past:
            if data.get(name) and data[name] > self.act.on:
                self.add_error(name, _("日期不能晚于今天。"))
        return data


class HandOverForm(Resolved, MeetingForm):
    """交办单: a responsible leader per project, and a unit where the project has none yet."""

    private = ("rows", "words")
    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    words = forms.CharField(
        label=_("交办要求"), widget=Lines(attrs={"rows": 5}), max_length=20000, required=False
    )
    field_order = ["number", *MeetingForm.field_order, "words"]

    def prepare(self) -> None:
        super().prepare()
        for project in self.projects():
            name = f"{project.number} {project.title}"
            self.fields[f"leader_{project.pk}"] = forms.CharField(
                label=_("责任领导：%(name)s") % {"name": name}, max_length=40, initial=project.leader
            )
            if project.department_id is None:
                self.fields[f"department_{project.pk}"] = forms.ModelChoiceField(
                    departments(self.subject.unit), label=_("责任单位：%(name)s") % {"name": name}
                )
            short = {f"leader_{project.pk}": _("责任领导"), f"department_{project.pk}": _("责任单位")}
            self.together(name, {field: label for field, label in short.items() if field in self.fields})

    def projects(self) -> list[Project]:
        return list(projects_of(self.subject).filter(state=ProjectState.ELECTED))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["rows"] = {
            project.pk: {
                "leader": data.pop(f"leader_{project.pk}", ""),
                "department": data.pop(f"department_{project.pk}", None),
            }
            for project in self.projects()
        }
        return data


class GroupsForm(Resolved, MeetingForm):
    """One supervision group per project: deputies, as many as the rulebook allows, none of the responsible unit."""

    private = ("members",)

    def prepare(self) -> None:
        super().prepare()
        book = self.subject.rules
        for project in self.projects():
            self.fields[f"members_{project.pk}"] = forms.ModelMultipleChoiceField(
                holders("deputy", self.subject.unit, self.act.on),
                label=_("监督小组：%(number)s %(title)s")
                % {"number": project.number, "title": project.title},
                help_text=_("%(low)s 至 %(high)s 名代表") % {"low": book.group_min, "high": book.group_max},
                widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
            )

    def projects(self) -> list[Project]:
        return list(projects_of(self.subject).filter(group=None).exclude(state=ProjectState.STOPPED))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["members"] = {
            project.pk: self._watching(project, data.pop(f"members_{project.pk}", None) or [])
            for project in self.projects()
        }
        return data

    def _watching(self, project: Project, chosen: Sequence[User]) -> list[User]:
        book, name = self.subject.rules, f"members_{project.pk}"
        for sentence in rules.group_faults(len(chosen), book.group_min, book.group_max):
            self.add_error(name, sentence)
        if works_at(project.department, chosen, self.act.on):
            self.add_error(name, _("责任单位的工作人员不能监督本单位承办的项目。"))
        return list(chosen)


CAPACITIES = [("专家", _("专家")), ("第三方", _("第三方机构人员"))]


class InviteForm(Resolved, MeetingForm):
    """邀请专家、第三方: the presidium names who joins a group beside its deputies, and until when."""

    private = ("name",)
    username = forms.RegexField(
        label=_("用户名"),
        regex=rf"^{USERNAME.pattern}$",
        help_text=_(
            "已有人员填写其用户名；新用户名会建立新账号，登录单由人大办在“人员与任职”中重置密码后打印。"
        ),
        error_messages={"invalid": _("用户名须为 3 至 60 个字母、数字或 @ . _ + -。")},
    )
    name = forms.CharField(label=_("姓名"), max_length=40)
    capacity = forms.ChoiceField(label=_("身份"), choices=CAPACITIES, widget=forms.RadioSelect)
    organisation = forms.CharField(label=_("所在单位"), max_length=30)
    until = ChineseDateField(label=_("参加至"))
    field_order = ["username", "name", "capacity", "organisation", "until", *MeetingForm.field_order]

    def prepare(self) -> None:
        super().prepare()
        self.fields["until"].initial = max(self.subject.finish_by, self.act.on)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("until") and data["until"] < self.act.on:
            self.add_error("until", _("期限不能早于今天。"))
        user = User.objects.filter(username=data.get("username", "")).first()
        if user and data.get("name") and user.name != data["name"]:
            self.add_error("name", _("这个用户名属于另一人，请核对姓名。"))
        if user and works_at(self.subject.department, [user], self.act.on):
            self.add_error("username", _("责任单位的工作人员不能监督本单位承办的项目。"))
        return data


class RegroupForm(GroupsForm):
    """New members for the groups that ended with the term before."""

    def projects(self) -> list[Project]:
        return list(unwatched(self.subject, self.act.on))


class ReportForm(StepForm):
    """专项工作报告, as it is put before the presidium."""

    report = forms.CharField(
        label=_("报告正文"), widget=Lines(attrs={"rows": 10}), min_length=4, max_length=20000
    )
    files: Any = FilesField(label=_("附件"), required=False)


class HearReportForm(DecisionForm):
    """听取专项工作报告 (组织法 19): what was asked, each question with the unit that answers it in writing."""

    private = ("inquiries",)
    field_order = [*MeetingForm.field_order, "return_reason"]

    def prepare(self) -> None:
        super().prepare()
        for n in range(1, ROWS + 1):
            here = {"n": n}
            self.fields[f"asked_{n}"] = forms.CharField(
                label=_("书面询问 %(n)s") % here,
                widget=Lines(attrs={"rows": 2}),
                max_length=1000,
                required=False,
            )
            self.fields[f"answering_{n}"] = forms.ModelChoiceField(
                departments(self.subject.unit),
                label=_("书面询问 %(n)s 的答复单位") % here,
                empty_label=_("乡镇人民政府（乡镇长）"),
                required=False,
            )
            short = {f"asked_{n}": _("询问内容"), f"answering_{n}": _("答复单位")}
            self.together(_("书面询问 %(n)s") % here, short)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        asked = [(data.pop(f"asked_{n}", ""), data.pop(f"answering_{n}", None)) for n in range(1, ROWS + 1)]
        data["inquiries"] = [(words, unit) for words, unit in asked if words]
        if data["inquiries"] and not self.errors and not self.agreed():
            self.add_error(None, _("报告退回重新提交的，询问待再次听取时提出；需说明的问题请写入退回理由。"))
        return data


class WrittenAnswerForm(StepForm):
    """书面答复."""

    answer = forms.CharField(
        label=_("书面答复"), widget=Lines(attrs={"rows": 6}), min_length=4, max_length=8000
    )
    files: Any = FilesField(label=_("附件"), required=False)

    def prepare(self) -> None:
        self.fields["answer"].initial = self.subject.answer


class PlanForm(StepForm):
    """项目建设计划书 (陕西 17): dates, money, safeguards, who answers for it, and the nodes.

    What the congress decided is shown beside the form and not asked for; the target only where it decided none.
    """

    private = ("responsible", "milestones", "titles")
    target = forms.CharField(label=_("年度目标"), widget=Lines(attrs={"rows": 2}), max_length=300)
    starts_on = ChineseDateField(label=_("计划开工"))
    finish_by = ChineseDateField(label=_("计划完工"))
    contract_by = ChineseDateField(
        label=_("计划签订合同日期"),
        help_text=_("招标采购后签订合同的日期，登记合同的期限从这一天起算；不签合同的不填。"),
        required=False,
    )
    funds = forms.CharField(label=_("资金安排"), widget=Lines(attrs={"rows": 3}), max_length=4000)
    safeguards = forms.CharField(label=_("保障措施"), widget=Lines(attrs={"rows": 3}), max_length=4000)
    responsible = forms.CharField(label=_("责任人"), max_length=40)

    def prepare(self) -> None:
        if self.subject.target:
            del self.fields["target"]
        self.fields["finish_by"].initial = self.subject.finish_by
        self.fields["finish_by"].help_text = _("不晚于票决确定的完成时限 %(day)s。") % {
            "day": date_format(self.subject.finish_by)
        }
        for n in range(1, ROWS + 1):
            self._add_row(n)
        self._fill_in_earlier()

    def _add_row(self, n: int) -> None:
        here = {"n": n}
        self.fields[f"node_title_{n}"] = forms.CharField(
            label=_("节点 %(n)s") % here, max_length=80, required=n == 1
        )
        self.fields[f"node_on_{n}"] = ChineseDateField(label=_("节点 %(n)s 计划日期") % here, required=n == 1)
        self.fields[f"node_percent_{n}"] = forms.IntegerField(
            label=_("节点 %(n)s 应达进度（%%）") % here, min_value=1, max_value=100, required=n == 1
        )
        short = {"title": _("名称"), "on": _("计划日期"), "percent": _("应达进度（%）")}
        self.together(_("节点 %(n)s") % here, {f"node_{name}_{n}": label for name, label in short.items()})

    def _fill_in_earlier(self) -> None:
        """A plan that came back starts from what was handed in."""
        plan = getattr(self.subject, "plan", None)
        if plan is None:
            return
        for name in ("target", "starts_on", "finish_by", "contract_by", "funds", "safeguards", "responsible"):
            if name in self.fields:
                self.fields[name].initial = getattr(plan, name)
        for n, row in enumerate(self.subject.milestones.all()[:ROWS], 1):
            self.fields[f"node_title_{n}"].initial = row.title
            self.fields[f"node_on_{n}"].initial = row.due_on
            self.fields[f"node_percent_{n}"].initial = row.percent

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        titles, points = [], []
        for n in range(1, ROWS + 1):
            title, on, percent = (data.pop(f"node_{part}_{n}", None) for part in ("title", "on", "percent"))
            if title and on and percent:
                titles.append(title)
                points.append(rules.Point(on, percent))
            elif title or on or percent:
                self.add_error(f"node_title_{n}", _("节点 %(n)s 的名称、日期和进度都要填写。") % {"n": n})
        if data.get("contract_by") and data.get("finish_by") and data["contract_by"] > data["finish_by"]:
            self.add_error("contract_by", _("签订合同不能晚于计划完工。"))
        if not self.errors:
            for sentence in rules.plan_faults(
                data["starts_on"], data["finish_by"], self.subject.finish_by, points
            ):
                self.add_error(None, sentence)
        return data | {"titles": titles, "milestones": points}


class MilestonesField(forms.ModelMultipleChoiceField):
    """A choice of milestones, each named with its day and what should be reached by then."""

    def label_from_instance(self, obj: Milestone) -> str:
        return f"{obj.title}（{obj.due_on}，{obj.percent}%）"


class ProgressForm(StepForm):
    """One period's figures; the light is worked out, never entered."""

    percent = forms.IntegerField(label=_("形象进度（%）"), min_value=0, max_value=100)
    invested_fen = FenField(label=_("累计完成投资"))
    funded_fen = FenField(label=_("累计资金到位"))
    milestones_done = MilestonesField(
        Milestone.objects.none(),
        label=_("已完成的节点"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    problems = forms.CharField(
        label=_("存在问题"),
        help_text=_("落后计划时必填，写明原因和办法。"),
        widget=Lines(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )
    photos = PhotosField(label=_("现场照片"), required=False)

    def prepare(self) -> None:
        rows = self.subject.milestones.filter(done_on=None)
        record_field(self, "milestones_done").queryset = rows
        for name in ("percent", "invested_fen", "funded_fen"):
            self.fields[name].initial = getattr(self.subject, name)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "percent" in data and data["percent"] < self.subject.percent:
            self.add_error(
                "percent", _("累计进度不能小于上期的 %(last)s%%。") % {"last": self.subject.percent}
            )
        if not self.errors and self.behind(data["percent"]) and not data["problems"]:
            self.add_error("problems", _("进度落后于计划，须写明原因和办法。"))
        return data

    def behind(self, percent: int) -> bool:
        """Whether the period ends at least a yellow light's lag behind plan."""
        expected = expected_of(self.subject, rules.period_named(self.item["period"]).last)
        return expected - percent >= self.subject.cycle.rules.light_yellow_points


class RedLightForm(DayForm):
    """红灯督办: measures, who answers for them, and the day the project is back on plan."""

    private = ("responsible",)
    measures = forms.CharField(
        label=_("督办内容和措施"), widget=Lines(attrs={"rows": 4}), min_length=4, max_length=4000
    )
    responsible = forms.CharField(label=_("责任人"), max_length=40)
    back_on = ChineseDateField(label=_("赶上计划的期限"))

    def clean_back_on(self) -> Any:
        day = self.cleaned_data["back_on"]
        if day <= self.act.on:
            raise forms.ValidationError(_("期限须晚于今天。"))
        return day


class ContractForm(DayForm):
    """A tender, contract, variation or settlement."""

    past = ("signed_on",)
    kind = forms.ChoiceField(label=_("类型"), choices=Contract.Kind.choices)
    number = forms.CharField(label=_("编号"), max_length=60, required=False)
    party = forms.CharField(label=_("对方单位"), max_length=80)
    amount_fen = FenField(label=_("金额"))
    signed_on = ChineseDateField(label=_("签订（审定）日期"))
    words = forms.CharField(label=_("说明"), max_length=300, required=False)
    files: Any = FilesField(label=_("附件"), required=False)


class PlannedContractForm(ContractForm):
    """The contract the plan names: its kind is known."""

    def prepare(self) -> None:
        super().prepare()
        del self.fields["kind"]
        money = self.subject.budget_fen
        if money is not None:
            self.fields["amount_fen"].help_text = _("总投资 %(money)s。") % {"money": wan(money)}

    def clean(self) -> dict[str, Any]:
        return super().clean() | {"kind": Contract.Kind.CONTRACT}


class InspectForm(DayForm):
    """代表视察: where, what was seen, and each problem on a line of its own."""

    past = ("on",)
    on = ChineseDateField(label=_("视察日期"))
    place = forms.CharField(label=_("地点"), max_length=120)
    words = forms.CharField(
        label=_("察看情况"), widget=Lines(attrs={"rows": 4}), min_length=4, max_length=4000
    )
    findings = forms.CharField(
        label=_("发现的问题"),
        help_text=_("每行写一个问题；没有问题的不填。责任单位逐个整改，由您复查销号。"),
        widget=Lines(attrs={"rows": 4}),
        max_length=4000,
        required=False,
    )
    photos = PhotosField(label=_("现场照片"), required=False)

    def prepare(self) -> None:
        self.fields["place"].initial = self.subject.place

    def clean_findings(self) -> list[str]:
        return lines_of(self.cleaned_data["findings"])


class RectificationPlanForm(StepForm):
    """整改方案: measures, who answers for them, and the day they are done by, within the rulebook's term."""

    private = ("responsible",)
    measures = forms.CharField(
        label=_("整改措施"), widget=Lines(attrs={"rows": 4}), min_length=4, max_length=4000
    )
    responsible = forms.CharField(label=_("责任人"), max_length=40)
    fix_by = ChineseDateField(label=_("整改完成期限"))

    def prepare(self) -> None:
        self.latest = rectified_by(self.subject)
        if self.latest:
            self.fields["fix_by"].help_text = _("不晚于 %(day)s。") % {"day": date_format(self.latest)}

    def clean_fix_by(self) -> Any:
        day = self.cleaned_data["fix_by"]
        if day < self.act.on:
            raise forms.ValidationError(_("期限不能早于今天。"))
        # Planned late, the work may still be promised for the day itself.
        if self.latest and day > max(self.latest, self.act.on):
            raise forms.ValidationError(
                _("问题须在 %(day)s 前整改完成。") % {"day": date_format(self.latest)}
            )
        return day


class RectifyForm(StepForm):
    """整改: what was done, and the proof."""

    remedy = forms.CharField(
        label=_("整改情况"), widget=Lines(attrs={"rows": 4}), min_length=4, max_length=4000
    )
    files: Any = FilesField(label=_("整改佐证"), required=False)
    unproved = forms.CharField(
        label=_("没有佐证材料的说明"),
        help_text=_("不附佐证材料的必填，写明原因，供复查人到现场核对。"),
        min_length=4,
        max_length=300,
        required=False,
    )

    def prepare(self) -> None:
        self.fields["remedy"].initial = self.subject.remedy

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not data.get("files") and not data.get("unproved"):
            self.add_error("files", _("须附整改佐证材料；确实没有的，写明原因。"))
        return data


class RecheckForm(StepForm):
    """复查: closed, or back."""

    decision = forms.ChoiceField(
        label=_("复查结论"),
        choices=[("close", _("已整改到位，销号")), ("back", _("未整改到位，退回重新整改"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("复查意见"),
        help_text=_("退回时必填，写明哪里还不到位。"),
        widget=Lines(attrs={"rows": 3}),
        max_length=1000,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("decision") == "back" and len(data.get("reason", "")) < 4:
            self.add_error("reason", _("退回须写明理由。"))
        return data


class AuditForm(DayForm):
    """审计报告, with the problems it names; registered within the rulebook's term from its receipt, or with a reason."""

    past = ("received_on",)
    received_on = ChineseDateField(label=_("收到日期"))
    number = forms.CharField(label=_("审计文号"), max_length=60)
    title = forms.CharField(label=_("报告名称"), max_length=120)
    body = forms.CharField(label=_("审计意见摘要"), widget=Lines(attrs={"rows": 5}), max_length=20000)
    issues = forms.CharField(
        label=_("审计发现的问题"),
        help_text=_("每行写一个问题，由责任单位整改，财政所复查。"),
        widget=Lines(attrs={"rows": 4}),
        max_length=4000,
        required=False,
    )
    files: Any = FilesField(label=_("审计报告"), required=False)
    late_reason = forms.CharField(
        label=_("逾期登记的原因"), help_text=_("超过登记期限的必填。"), max_length=300, required=False
    )

    def prepare(self) -> None:
        self.fields["received_on"].initial = self.act.on

    def clean_issues(self) -> list[str]:
        return lines_of(self.cleaned_data["issues"])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        received = data.get("received_on")
        due = audit_due(self.subject, received) if received else None
        if due and self.act.on > due and len(data.get("late_reason", "")) < 4:
            self.add_error(
                "late_reason",
                _("应在 %(day)s 前登记，已逾期，须写明原因。") % {"day": date_format(due)},
            )
        return data


class AcceptanceForm(DayForm):
    """验收材料."""

    past = ("completed_on",)
    completed_on = ChineseDateField(label=_("完工日期"))
    materials = forms.CharField(
        label=_("完成情况和验收材料目录"), widget=Lines(attrs={"rows": 5}), min_length=4, max_length=20000
    )
    files: Any = FilesField(label=_("验收材料"), required=False)


class AgreeForm(StepForm):
    """The group's opinion when it agrees; sending back is the general act with its reason."""

    words = forms.CharField(
        label=_("验收意见"), widget=Lines(attrs={"rows": 3}), min_length=4, max_length=4000
    )


# Which field of the change form holds the new value of which field of the project.
NEW_VALUES: dict[str, tuple[str, ...]] = {
    ChangeKind.CONTENT: ("target",),
    ChangeKind.COST: ("budget_fen",),
    ChangeKind.DEADLINE: ("finish_by",),
    ChangeKind.PLACE: ("place",),
    ChangeKind.UNIT: ("department",),
    ChangeKind.REPLACE: ("item",),
}


class ChangeForm(StepForm):
    """The government asks for one change of one project; only the field of its kind is read."""

    what = forms.ChoiceField(label=_("调整事项"), choices=ChangeKind.choices)
    target = forms.CharField(
        label=_("新的年度目标"), widget=Lines(attrs={"rows": 2}), max_length=300, required=False
    )
    budget_fen = FenField(label=_("新的总投资"), required=False)
    finish_by = ChineseDateField(label=_("新的完成时限"), required=False)
    place = forms.CharField(label=_("新的建设地点"), max_length=120, required=False)
    department = forms.ModelChoiceField(Unit.objects.none(), label=_("新的责任单位"), required=False)
    item: Any = forms.ModelChoiceField(Item.objects.none(), label=_("替换为储备库项目"), required=False)
    grade = forms.ChoiceField(
        label=_("调整程度"),
        choices=ChangeGrade.choices,
        initial=ChangeGrade.MAJOR,
        help_text=_("轻微调整由主席团认定并说明理由，公告后执行；投资调整、暂缓、终止、替换都是重大调整。"),
        widget=forms.RadioSelect,
        required=False,
    )
    reason = forms.CharField(label=_("理由"), widget=Lines(attrs={"rows": 4}), min_length=10, max_length=1000)

    def prepare(self) -> None:
        record_field(self, "department").queryset = departments(self.subject.unit)
        record_field(self, "item").queryset = Item.objects.filter(
            unit=self.subject.unit,
            state__in=(ItemState.RESERVED, ItemState.NOT_ELECTED),
            project=None,
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        asked = ("what", "grade", "reason")
        given = {name: data.pop(name, None) for name in self.fields if name not in asked}
        data["grade"] = data.get("grade") or ChangeGrade.MAJOR
        if self.errors:
            return data
        if data["grade"] == ChangeGrade.MINOR:
            for sentence in rules.minor_faults(data["what"]):
                self.add_error("grade", sentence)
        for sentence in rules.change_faults(data["what"], self.subject.state):
            self.add_error("what", sentence)
        wanted = NEW_VALUES.get(data["what"], ())
        for name in wanted:
            if given[name] in (None, "") or given[name] == getattr(self.subject, name, None):
                self.add_error(name, _("请填写调整后的内容，且与原来不同。"))
        data["proposed"] = {name: _kept(given[name]) for name in wanted}
        return data


def _kept(value: Any) -> Any:
    """A value as JSON keeps it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return getattr(value, "pk", value)


class ClassifyForm(MeetingForm):
    """The presidium's vote on whether a change is a minor one, with its grounds either way."""

    grounds = forms.CharField(
        label=_("认定理由"),
        help_text=_(
            "赞成的为轻微调整，写明不影响目标、投资和受益范围的理由；未通过的按重大调整办理，写明原因。"
        ),
        widget=Lines(attrs={"rows": 3}),
        min_length=4,
        max_length=1000,
    )
    field_order = [*MeetingForm.field_order, "grounds"]


class CongressForm(AssemblyForm):
    """The congress's decision by numbers; the base is all deputies in office (组织法 25)."""


class DeclareChangeForm(StepForm):
    """宣布项目调整的表决结果."""

    confirmed = forms.BooleanField(label=_("已当场宣读赞成、反对、弃权票数和结果"))


class NoticeForm(StepForm):
    """项目调整公告."""

    number = forms.CharField(label=_("公告编号"), max_length=60, required=False)
    words = forms.CharField(
        label=_("公告正文"), widget=Lines(attrs={"rows": 6}), min_length=4, max_length=20000
    )


class InterpellationForm(StepForm):
    """质询案: ten or more deputies jointly, in writing (组织法 24), signed here or on a paper whose picture is kept."""

    private = ("movers",)
    project = forms.ModelChoiceField(Project.objects.none(), label=_("所涉项目"), required=False)
    words = forms.CharField(
        label=_("质询的问题和内容"), widget=Lines(attrs={"rows": 5}), min_length=10, max_length=4000
    )
    signed: Any = FilesField(
        label=_("联名签名原件（扫描件）"),
        help_text=_(
            "已在纸上联名的附原件；没有原件的不附，提出后由其他代表本人在系统中附议签名，满十名即提交主席团。"
        ),
        required=False,
    )
    movers = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("原件上签名的代表"),
        help_text=_("附原件的必选，十名以上，提交人也须在内。"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
        required=False,
    )

    def prepare(self) -> None:
        record_field(self, "project").queryset = projects_of(self.subject)
        record_field(self, "movers").queryset = holders("deputy", self.subject.unit, self.act.on)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        movers = list(data.get("movers") or [])
        if "signed" not in self.errors and not data.get("signed") and movers:
            self.add_error("movers", _("没有签名原件的，不代他人勾选；提出后由各位代表本人附议签名。"))
        if data.get("signed"):
            for sentence in rules.interpellation_faults(len(movers)):
                self.add_error("movers", sentence)
            if self.act.actor not in movers:
                self.add_error("movers", _("提交人须是联名代表之一。"))
        return data | {"movers": movers}


class SessionTellersForm(TellersForm):
    """Who counts the votes of the session that is open."""

    def held(self) -> Session | None:
        return open_session(self.subject.unit)


class AdmitForm(Resolved, MeetingForm):
    """The presidium decides who answers and in which form."""

    answering = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("受质询机关"),
        empty_label=_("乡镇人民政府（乡镇长）"),
        required=False,
    )
    answer_form = forms.ChoiceField(label=_("答复形式"), choices=ANSWER_FORMS, widget=forms.RadioSelect)
    field_order = [*MeetingForm.field_order, "answering", "answer_form"]

    def prepare(self) -> None:
        super().prepare()
        record_field(self, "answering").queryset = departments(self.subject.unit)


class AnswerForm(StepForm):
    """The answer of the body questioned, as given or as recorded."""

    answer = forms.CharField(
        label=_("答复内容"), widget=Lines(attrs={"rows": 6}), min_length=4, max_length=20000
    )


class CallSessionForm(Resolved, MeetingForm):
    """召集临时会议: the presidium decides on the day of the session (组织法 14)."""

    term = forms.IntegerField(label=_("届"), min_value=1, max_value=99)
    number = forms.IntegerField(label=_("次"), min_value=1, max_value=99)
    session_on = ChineseDateField(label=_("临时会议日期"))
    called_by = forms.ChoiceField(
        label=_("召集的提出"),
        choices=[("presidium", _("主席团决定")), ("one_fifth", _("五分之一以上的代表提议"))],
        widget=forms.RadioSelect,
    )
    proposers: Any = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("提议的代表"),
        help_text=_("代表提议的必选，不少于实有代表的五分之一，以签名的提议书为准。"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
        required=False,
    )
    signed: Any = FilesField(label=_("提议书签名原件（扫描件）"), required=False)
    agenda = forms.CharField(label=_("建议议程"), widget=Lines(attrs={"rows": 4}), max_length=4000)
    private = ("proposers",)
    field_order = [
        "term",
        "number",
        "session_on",
        "called_by",
        "proposers",
        "signed",
        "agenda",
        *MeetingForm.field_order,
    ]

    def prepare(self) -> None:
        super().prepare()
        record_field(self, "proposers").queryset = holders("deputy", self.subject.unit, self.act.on)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        proposers = list(data.get("proposers") or [])
        if data.get("called_by") == "one_fifth":
            in_office = self.subject.deputies_in_office or self.fields["proposers"].queryset.count()  # type: ignore[attr-defined]
            for sentence in rules.proposers_faults(len(proposers), in_office):
                self.add_error("proposers", sentence)
            if not data.get("signed"):
                self.add_error("signed", _("须附代表签名的提议书。"))
        elif proposers:
            self.add_error("proposers", _("主席团自行决定召集的，不填提议的代表。"))
        return data | {"proposers": proposers}

    def clean_session_on(self) -> Any:
        day = self.cleaned_data["session_on"]
        if day <= self.act.on:
            raise forms.ValidationError(_("会议日期须晚于今天。"))
        return day


class OpenSessionForm(PreliminaryForm):
    """临时会议开幕（预备会议）: N, the presidium of this session elected, its agenda adopted."""

    deputies_in_office = forms.IntegerField(label=_("实有代表"), min_value=1, max_value=2000)
    field_order = ["deputies_in_office", *PreliminaryForm.field_order]

    def held(self) -> Session | None:
        return session_called(self.subject)

    def prepare(self) -> None:
        super().prepare()
        cycle: Cycle = self.subject
        self.fields["deputies_in_office"].initial = cycle.deputies_in_office

    def members(self) -> int:
        return self.cleaned_data["deputies_in_office"]

    def standard(self) -> Standard:
        return standard_of(self.subject)
