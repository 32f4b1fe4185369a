"""The year's own forms: handing over, groups and who joins them, the special report and written answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.collection.forms import DecisionForm
from projects.supervision import rules
from projects.supervision.models import Project, ProjectState
from projects.supervision.selectors import departments, holders, projects_of, unwatched, works_at
from workflow.administration.accounts import USERNAME
from workflow.flows.fields import ChineseDateField, FilesField
from workflow.flows.forms import MeetingForm, Resolved, StepForm
from workflow.people.models import User

ROWS = 6  # questions to be answered in writing


class HandOverForm(Resolved, MeetingForm):
    """交办单: a responsible leader per project, and a unit where the project has none yet."""

    private = ("rows", "words")
    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    words = forms.CharField(
        label=_("交办要求"), widget=forms.Textarea(attrs={"rows": 5}), max_length=20000, required=False
    )
    field_order = ["number", *MeetingForm.field_order, "words"]

    def prepare(self) -> None:
        super().prepare()
        for project in self.projects():
            name = f"{project.number} {project.title}"
            self.fields[f"leader_{project.pk}"] = forms.CharField(
                label=_("责任领导：%(name)s") % {"name": name}, max_length=40, initial=project.leader
            )
            if project.department_id is None or self.over:
                self.fields[f"department_{project.pk}"] = forms.ModelChoiceField(
                    departments(self.subject.unit), label=_("责任单位：%(name)s") % {"name": name}
                )
            short = {f"leader_{project.pk}": _("责任领导"), f"department_{project.pk}": _("责任单位")}
            self.together(name, {field: label for field, label in short.items() if field in self.fields})

    def projects(self) -> list[Project]:
        found = projects_of(self.subject)
        return list(found if self.over else found.filter(state=ProjectState.ELECTED))

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
        found = projects_of(self.subject)
        return list(found if self.over else found.filter(group=None).exclude(state=ProjectState.STOPPED))

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
        return super().projects() if self.over else list(unwatched(self.subject, self.act.on))


class ReportForm(StepForm):
    """专项工作报告, as it is put before the presidium."""

    report = forms.CharField(
        label=_("报告正文"), widget=forms.Textarea(attrs={"rows": 10}), min_length=4, max_length=20000
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
                widget=forms.Textarea(attrs={"rows": 2}),
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
        label=_("书面答复"), widget=forms.Textarea(attrs={"rows": 6}), min_length=4, max_length=8000
    )
    files: Any = FilesField(label=_("附件"), required=False)

    def prepare(self) -> None:
        self.fields["answer"].initial = self.subject.answer
