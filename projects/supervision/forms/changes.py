"""A change of an elected project."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.ballots.forms import DeclaringForm
from projects.selection.models import Item, ItemState
from projects.supervision import rules
from projects.supervision.models import ChangeGrade, ChangeKind
from projects.supervision.selectors import departments
from workflow.flows.fields import ChineseDateField, FenField, record_field
from workflow.flows.forms import AssemblyForm, MeetingForm, StepForm
from workflow.people.models import Unit

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
        label=_("新的年度目标"), widget=forms.Textarea(attrs={"rows": 2}), max_length=300, required=False
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
    reason = forms.CharField(
        label=_("理由"), widget=forms.Textarea(attrs={"rows": 4}), min_length=10, max_length=1000
    )

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
        widget=forms.Textarea(attrs={"rows": 3}),
        min_length=4,
        max_length=1000,
    )
    field_order = [*MeetingForm.field_order, "grounds"]


class CongressForm(AssemblyForm):
    """The congress's decision by numbers; the base is all deputies in office (组织法 25)."""


class DeclareChangeForm(DeclaringForm):
    """宣布项目调整的表决结果."""

    confirmed = forms.BooleanField(label=_("已当场宣读赞成、反对、弃权票数和结果"))


class NoticeForm(StepForm):
    """项目调整公告."""

    number = forms.CharField(label=_("公告编号"), max_length=60, required=False)
    words = forms.CharField(
        label=_("公告正文"), widget=forms.Textarea(attrs={"rows": 6}), min_length=4, max_length=20000
    )
