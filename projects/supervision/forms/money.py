"""What is registered of a project's money."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from projects.supervision.forms.common import DayForm, Lines, lines_of
from projects.supervision.models import Contract
from projects.supervision.selectors import audit_due
from workflow.flows.fields import ChineseDateField, FenField, FilesField
from workflow.templatetags.ui import wan


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
