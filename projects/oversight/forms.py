"""The county's forms and the township's reply."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workflow.flows.fields import ChineseDateField
from workflow.flows.forms import StepForm


class GuidanceForm(StepForm):
    """指导意见."""

    title = forms.CharField(label=_("标题"), max_length=120)
    words = forms.CharField(label=_("内容"), widget=forms.Textarea(attrs={"rows": 6}), max_length=5000)


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
    """抽查: what was looked at in a drawn dossier."""

    words = forms.CharField(label=_("抽查情况"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5000)
