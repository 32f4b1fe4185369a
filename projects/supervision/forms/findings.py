"""Visits, and one problem until it is closed (销号)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from projects.supervision.forms.days import DayForm
from projects.supervision.selectors import rectified_by
from workflow.flows.fields import ChineseDateField, FilesField, PhotosField
from workflow.flows.forms import StepForm
from workflow.people.texts import lines_of


class InspectForm(DayForm):
    """代表视察: where, what was seen, and each problem on a line of its own."""

    past = ("on",)
    on = ChineseDateField(label=_("视察日期"))
    place = forms.CharField(label=_("地点"), max_length=120)
    words = forms.CharField(
        label=_("察看情况"), widget=forms.Textarea(attrs={"rows": 4}), min_length=4, max_length=4000
    )
    findings = forms.CharField(
        label=_("发现的问题"),
        help_text=_("每行写一个问题；没有问题的不填。责任单位逐个整改，由您复查销号。"),
        widget=forms.Textarea(attrs={"rows": 4}),
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
        label=_("整改措施"), widget=forms.Textarea(attrs={"rows": 4}), min_length=4, max_length=4000
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
        label=_("整改情况"), widget=forms.Textarea(attrs={"rows": 4}), min_length=4, max_length=4000
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
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("decision") == "back" and len(data.get("reason", "")) < 4:
            self.add_error("reason", _("退回须写明理由。"))
        return data
