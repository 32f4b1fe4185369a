"""The inbox's own small forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workflow.flows.fields import choice_field

STEPS = [
    ("", _("全部环节")),
    (1, _("征集")),
    (2, _("初定")),
    (3, _("审议")),
    (4, _("票决")),
    (5, _("监督")),
    (6, _("评估")),
]


class FilterForm(forms.Form):
    """Year, step, deadline, words."""

    year = forms.ChoiceField(label=_("年度"), required=False)
    step = forms.ChoiceField(label=_("环节"), choices=STEPS, required=False)
    due = forms.ChoiceField(
        label=_("期限"),
        choices=[("", _("全部期限")), ("late", _("已超期")), ("soon", _("三日内到期"))],
        required=False,
    )
    words = forms.CharField(label=_("搜索"), required=False, max_length=60)

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice_field(self, "year").choices = [("", _("全部年度")), *((y, str(y)) for y in years)]
        self.fields["words"].widget.attrs["placeholder"] = _("事项、项目、承办人")


class HandOverForm(forms.Form):
    """转办: to whom, why."""

    to = forms.ChoiceField(label=_("转给"))
    reason = forms.CharField(label=_("转办说明"), min_length=2, max_length=200)

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice_field(self, "to").choices = [(user.pk, user.name) for user in people]


class UrgeForm(forms.Form):
    """催办."""

    words = forms.CharField(label=_("催办说明"), max_length=200, required=False)


class CommentForm(forms.Form):
    words = forms.CharField(label=_("留言"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
