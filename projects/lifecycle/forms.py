"""Founding a year: its planned days."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.cycles.services import outlook_for
from projects.lifecycle.selectors import counted, posted_notices
from projects.selection.selectors import open_objections
from workflow.flows.fields import ChineseDateField
from workflow.flows.forms import MeetingForm, Resolved, StepForm
from workflow.flows.processes import ending_with


class StartYearForm(StepForm):
    """项目年度 and 拟定会期, looked at before they are recorded; both can still be put right in the scheme."""

    foresees = True

    year = forms.IntegerField(label=_("项目年度"), min_value=2000, max_value=2100)
    period = forms.CharField(
        label=_("时段"),
        max_length=20,
        required=False,
        help_text=_("一年多次票决时填写，如“下半年”；通常留空。"),
    )
    opens_on = ChineseDateField(label=_("启动日"), help_text=_("一般在上一年第三季度。"))
    planned_t = ChineseDateField(label=_("拟定票决会期"))
    planned_t2 = ChineseDateField(label=_("拟定评估会期"), help_text=_("通常为再下一年的第一次会议。"))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        opens, t, t2 = data.get("opens_on"), data.get("planned_t"), data.get("planned_t2")
        if opens and t and t <= opens:
            self.add_error("planned_t", _("须在启动日之后。"))
        if t and t2 and t2 <= t:
            self.add_error("planned_t2", _("须在拟定票决会期之后。"))
        return data

    def foreseen(self) -> list[str]:
        days = {name: self.cleaned_data[name] for name in ("opens_on", "planned_t", "planned_t2")}
        return outlook_for(self.subject, **days).sentences()


class EndYearForm(Resolved, MeetingForm):
    """终止年度工作: the presidium's decision and why; what ends with it is named before it is confirmed."""

    foresees = True

    number = forms.CharField(label=_("决定文号"), max_length=60, required=False)
    reason = forms.CharField(
        label=_("终止理由"), widget=forms.Textarea(attrs={"rows": 3}), min_length=4, max_length=500
    )
    field_order = [*MeetingForm.field_order, "number", "reason"]

    def foreseen(self) -> list[str]:
        told = [
            gettext("%(n)s 项未办事项随之结束。") % {"n": ending_with(self.subject).count()},
            gettext("%(n)s 件意见建议转入项目库，%(m)s 个候选项目转入储备库。") % counted(self.subject),
        ]
        if posted_notices(self.subject).exists():
            told.append(
                gettext(
                    "候选项目公示随之结束，不再受理异议；%(n)s 件异议尚未答复，将书面答复年度工作已经终止。"
                )
                % {"n": open_objections(self.subject).count()}
            )
        return told
