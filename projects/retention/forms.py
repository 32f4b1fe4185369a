"""The forms of erasing, of holding back, and of answering a request."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from projects.cycles.models import Cycle
from projects.retention import selectors, services
from projects.retention.models import DataKind
from workflow.flows.fields import choice_field, record_field
from workflow.flows.forms import StepForm


def _reason(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label, widget=forms.Textarea(attrs={"rows": 3}), min_length=4, max_length=500, **more
    )


class AskForm(StepForm):
    """提出清除: one of what is due and held back by nothing."""

    lot = forms.ChoiceField(label=_("清除事项"), widget=forms.RadioSelect)
    confirmed = forms.BooleanField(label=_("已核对保存期限和依据，没有未了结的争议、审计，现提出清除"))

    def prepare(self) -> None:
        lots = selectors.lots_of(self.subject, self.act.on)
        choice_field(self, "lot").choices = [
            (lot.code, _t("%(title)s（%(n)s 件）") % {"title": lot.title, "n": lot.rows})
            for lot in lots
            if not lot.reasons and not lot.asked
        ]


class ConfirmForm(StepForm):
    """确认清除, or not: what the second person has before them."""

    AGREE, DECLINE = services.AGREE, "decline"
    needed_when = {"reason": _("不同意清除时必填")}
    decision = forms.ChoiceField(
        label=_("处理意见"),
        choices=[
            (AGREE, _("我已核对清除的范围、期限和依据，同意清除；清除后系统中不再保存")),
            (DECLINE, _("不同意清除")),
        ],
        widget=forms.RadioSelect,
    )
    reason = _reason(_("不同意的理由"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        agrees = data.get("decision") == self.AGREE
        if data.get("decision") == self.DECLINE and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("不同意清除的，须写明理由。"))
        if agrees:
            for reason in selectors.obstacles_to_erasing(self.subject, self.act.on):
                self.add_error("decision", reason)
        return data

    def foreseen(self) -> list[str]:
        if self.cleaned_data["decision"] != self.AGREE:
            return []
        told = {"what": self.subject, "rows": selectors.rows_of(self.subject, self.act.on)}
        told["term"] = self.subject.term
        return [str(_("将清除：%(what)s，共 %(rows)s 件。依据：%(term)s。") % told)]

    def what_follows(self) -> list[str]:
        if self.cleaned_data["decision"] == self.AGREE:
            return [_t("没有后续事项。清除证明存入“保管和清除”，党政办、人大办收到消息。")]
        return [_t("不清除。提出的单位收到消息，情况变化后可以重新提出。")]


class HoldForm(StepForm):
    """暂缓清除: of which year, which kind, and why."""

    cycle: Any = forms.ModelChoiceField(
        Cycle.objects.none(), label=_("年度"), required=False, empty_label=_("全部年度")
    )
    of = forms.ChoiceField(label=_("种类"), required=False)
    reason = _reason(_("暂缓理由"), help_text=_("写明争议、质询、审计或者诉讼，以及涉及的文号、事项。"))

    def prepare(self) -> None:
        record_field(self, "cycle").queryset = Cycle.objects.filter(unit=self.subject).select_related("unit")
        choice_field(self, "of").choices = [("", _("全部种类")), *DataKind.choices]


class LiftForm(StepForm):
    """解除暂缓."""

    reason = _reason(_("解除理由"))


class AnswerForm(StepForm):
    """答复删除联系方式的申请: erased at once, or kept with a reason the proposer reads."""

    decision = forms.ChoiceField(
        label=_("处理意见"),
        choices=[("grant", _("删除，立即办理")), ("refuse", _("不予删除"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("不予删除的理由"),
        help_text=_("不予删除时必填，写明法律依据；提出人凭查询码可见。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("decision") == "refuse" and len(data.get("reason", "")) < 4:
            self.add_error("reason", _("不予删除的，须写明理由。"))
        return data
