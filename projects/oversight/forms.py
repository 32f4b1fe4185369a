"""The county's forms and the township's reply."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.oversight.measures import MEASURES, WEIGHED
from projects.oversight.models import SampleOf
from projects.oversight.selectors import townships_below, weights_of
from workflow.flows.fields import ChineseDateField, record_field
from workflow.flows.forms import StepForm
from workflow.people.models import Unit


class GuidanceForm(StepForm):
    """指导意见."""

    title = forms.CharField(label=_("标题"), max_length=120)
    words = forms.CharField(label=_("内容"), widget=forms.Textarea(attrs={"rows": 6}), max_length=5000)


class CircularForm(StepForm):
    """通报: one text to every township below, or to those chosen."""

    title = forms.CharField(label=_("标题"), max_length=110)
    words = forms.CharField(label=_("内容"), widget=forms.Textarea(attrs={"rows": 8}), max_length=5000)
    townships: Any = forms.ModelMultipleChoiceField(
        Unit.objects.none(),
        label=_("发至"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
    )

    def prepare(self) -> None:
        below = townships_below(self.subject)
        record_field(self, "townships").queryset = below
        self.fields["townships"].initial = [unit.pk for unit in below]

    def for_trail(self) -> dict[str, Any]:
        """The townships by their codes: a unit has no history of its own to refer to."""
        chosen = self.cleaned_data["townships"]
        return super().for_trail() | {"townships": [unit.code for unit in chosen]}


class NoteForm(StepForm):
    """工作提示函: what, and a reply by when."""

    title = forms.CharField(label=_("事由"), max_length=120)
    words = forms.CharField(label=_("提示内容"), widget=forms.Textarea(attrs={"rows": 6}), max_length=5000)
    reply_by = ChineseDateField(label=_("请于此日前回复"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reply_by") and data["reply_by"] < self.act.on:
            self.add_error("reply_by", _("回复期限不能早于今天。"))
        return data


class ReplyForm(StepForm):
    """The presidium's reply to a note."""

    reply = forms.CharField(
        label=_("回复"), widget=forms.Textarea(attrs={"rows": 6}), min_length=4, max_length=5000
    )


class SampleForm(StepForm):
    """抽查: what to draw from, how many, and what is asked of the township."""

    of = forms.ChoiceField(label=_("抽查对象"), choices=SampleOf.choices)
    number = forms.IntegerField(
        label=_("抽取数量"),
        min_value=1,
        max_value=50,
        initial=5,
        help_text=_("由系统随机抽取，不足此数的全部抽取；随机编号记入办理记录，可以复核。"),
    )
    words = forms.CharField(label=_("抽查要求"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5000)


class WeightsForm(StepForm):
    """本县权重: how much each measure counts in the order a county chooses for itself; nothing counts unless it says so."""

    def prepare(self) -> None:
        held = weights_of(self.subject)
        for code in WEIGHED:
            self.fields[code] = forms.IntegerField(
                label=str(MEASURES[code].title),
                min_value=0,
                max_value=100,
                required=False,
                initial=held.get(code, 0),
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.fields[WEIGHED[0]].help_text = _(
            "0 到 100 的整数；0 表示不计入。没有数据的指标不影响该乡镇的得分。"
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not any(data.values()):
            self.add_error(None, _("至少给一项指标填写大于 0 的权重。"))
        return data
