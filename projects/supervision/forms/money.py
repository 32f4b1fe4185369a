"""What is registered of a project's money."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from projects.selection.models import FundSource
from projects.supervision import rules
from projects.supervision.forms.days import DayForm
from projects.supervision.models import Contract, ProjectState
from projects.supervision.money import BACK, NOT_HELD
from projects.supervision.selectors import adding_up_with, audit_due, awaited_of, paid_from, sources_of
from workflow.flows.fields import ChineseDateField, FenField, FilesField
from workflow.flows.forms import StepForm
from workflow.people.saying import listed
from workflow.people.texts import lines_of
from workflow.templatetags.ui import wan


class LineForm(DayForm):
    """A line of the ledger of money, of one kind."""

    of_kind: ClassVar[str] = Contract.Kind.CONTRACT
    past = ("signed_on",)
    number = forms.CharField(label=_("编号"), max_length=60, required=False)
    party = forms.CharField(label=_("对方单位"), max_length=80)
    amount_fen = FenField(label=_("金额"))
    signed_on = ChineseDateField(label=_("签订日期"))
    words = forms.CharField(label=_("说明"), max_length=300, required=False)
    files: Any = FilesField(label=_("附件"), required=False)

    def prepare(self) -> None:
        super().prepare()
        money = self.subject.budget_fen
        if money is not None:
            self.fields["amount_fen"].help_text = _("总投资 %(money)s。") % {"money": wan(money)}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("kind", self.of_kind) == Contract.Kind.SETTLEMENT and "amount_fen" in data:
            amounts = [*adding_up_with(self.subject, Contract.Kind.SETTLEMENT), data["amount_fen"]]
            for sentence in rules.settlement_faults(amounts, self.subject.budget_fen, data["words"]):
                self.add_error("words", sentence)
        return {"kind": self.of_kind} | data


class ContractForm(LineForm):
    """The contract the plan names."""


class SettlementForm(LineForm):
    """结算审核: what the work has cost in the end."""

    of_kind = Contract.Kind.SETTLEMENT
    number = forms.CharField(label=_("审核文号"), max_length=60, required=False)
    party = forms.CharField(label=_("结算单位"), max_length=80)
    amount_fen = FenField(label=_("审定金额"))
    signed_on = ChineseDateField(label=_("审定日期"))
    words = forms.CharField(
        label=_("说明"), help_text=_("审定金额超出总投资的必填。"), max_length=300, required=False
    )

    def prepare(self) -> None:
        super().prepare()
        signed = (
            self.subject.contracts.filter(kind=Contract.Kind.CONTRACT).order_by("signed_on", "pk").first()
        )
        self.fields["party"].initial = signed.party if signed else ""


class TenderForm(DayForm):
    """招标采购: its outcome, or why there is none after all."""

    past = ("signed_on",)
    outcome = forms.ChoiceField(
        label=_("结果"),
        choices=[("held", _("已招标采购")), (NOT_HELD, _("不招标"))],
        initial="held",
        widget=forms.RadioSelect,
    )
    number = forms.CharField(label=_("项目编号"), max_length=60, required=False)
    party = forms.CharField(label=_("中标（成交）单位"), max_length=80, required=False)
    amount_fen = FenField(label=_("中标（成交）金额"), required=False)
    signed_on = ChineseDateField(label=_("中标（成交）日期"), required=False)
    words = forms.CharField(label=_("说明"), max_length=300, required=False)
    files: Any = FilesField(label=_("附件"), required=False)
    no_tender = forms.CharField(
        label=_("不招标的理由"),
        help_text=_("不招标的必填，如未达到规定限额。"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("outcome") == NOT_HELD and len(data.get("no_tender", "")) < 4:
            self.add_error("no_tender", _("不招标的，须写明理由。"))
        if data.get("outcome") == "held":
            for name in ("party", "amount_fen", "signed_on"):
                if name not in self.errors and not data.get(name):
                    self.add_error(name, _("已招标采购的，须填写。"))
        return data


class FurtherLineForm(LineForm):
    """A variation, or a further tender, contract or settlement beside those the tasks ask for."""

    kind = forms.ChoiceField(label=_("类型"), choices=Contract.Kind.choices)
    signed_on = ChineseDateField(label=_("签订（审定）日期"))
    field_order = ["kind"]

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        faults = rules.further_faults(
            kind,
            awaited=awaited_of(self.subject),
            contracted=self.subject.contracts.filter(kind=Contract.Kind.CONTRACT).exists(),
            ended=self.subject.state in (ProjectState.ACCEPTED, ProjectState.STOPPED),
        )
        if faults:
            raise forms.ValidationError(faults)
        return kind


class PaymentForm(DayForm):
    """付款, from one source; or what came back of it."""

    past = ("paid_on",)
    way = forms.ChoiceField(
        label=_("类型"),
        choices=[("paid", _("付款")), (BACK, _("退回、冲销"))],
        initial="paid",
        widget=forms.RadioSelect,
    )
    source = forms.ChoiceField(
        label=_("资金来源"),
        help_text=_("一笔付款用到几个来源的，分别登记。"),
        choices=FundSource.choices,
        widget=forms.RadioSelect,
    )
    amount_fen = FenField(label=_("金额"))
    paid_on = ChineseDateField(label=_("付款日期"))
    party = forms.CharField(label=_("对方单位"), max_length=80)
    number = forms.CharField(label=_("凭证号"), max_length=60, required=False)
    words = forms.CharField(
        label=_("说明"),
        help_text=_("退回、冲销的必填；从没有安排的来源付款、付款超出该来源安排的必填。"),
        max_length=300,
        required=False,
    )
    files: Any = FilesField(label=_("附件"), required=False)

    def prepare(self) -> None:
        super().prepare()
        known = [one for one in sources_of(self.subject, self.subject.payments.all()) if one["planned"]]
        if known:
            told = listed(
                (
                    _t("%(title)s %(money)s") % {"title": one["title"], "money": wan(one["planned"])}
                    for one in known
                ),
                "，",
            )
            self.fields["amount_fen"].help_text = _t("入选时的安排：%(told)s。") % {"told": told}
        signed = self.subject.contracts.filter(kind=Contract.Kind.CONTRACT).order_by("signed_on", "pk").last()
        self.fields["party"].initial = signed.party if signed else ""
        self.fields["paid_on"].initial = self.act.on

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("way") == BACK and len(data.get("words", "")) < 4:
            self.add_error("words", _("退回、冲销的，须写明原因。"))
        if data.get("amount_fen") == 0:
            self.add_error("amount_fen", _("金额须大于零。"))
        known = all(data.get(name) for name in ("source", "amount_fen")) and "words" in data
        if known and data.get("way") == "paid":
            for sentence in self._beyond_plan(FundSource(data["source"]), data["amount_fen"], data["words"]):
                self.add_error("words", sentence)
        return data

    def _beyond_plan(self, source: FundSource, fen: int, words: str) -> list[str]:
        """What a payment out of a source has to explain; nothing where the project was elected without a plan of sources."""
        planned = self.subject.item.funding
        if not any(planned.values()):
            return []
        return rules.source_faults(
            str(source.label),
            planned=planned.get(source.value) or 0,
            paid=sum(paid_from(self.subject, source)) + fen,
            words=words,
            told=wan,
        )


class ReceivedAuditForm(DayForm):
    """收到审计报告: which, and when."""

    past = ("received_on",)
    received_on = ChineseDateField(label=_("收到日期"))
    number = forms.CharField(label=_("审计文号"), max_length=60)
    title = forms.CharField(label=_("报告名称"), max_length=120)

    def prepare(self) -> None:
        self.fields["received_on"].initial = self.act.on


class AuditForm(StepForm):
    """审计报告, with the problems it names; registered within the rulebook's term from its receipt, or with a reason."""

    body = forms.CharField(
        label=_("审计意见摘要"), widget=forms.Textarea(attrs={"rows": 5}), max_length=20000
    )
    issues = forms.CharField(
        label=_("审计发现的问题"),
        help_text=_("每行写一个问题，由责任单位整改，财政所复查。"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        required=False,
    )
    files: Any = FilesField(label=_("审计报告"), required=False)
    late_reason = forms.CharField(
        label=_("逾期登记的原因"), help_text=_("超过登记期限的必填。"), max_length=300, required=False
    )

    def clean_issues(self) -> list[str]:
        return lines_of(self.cleaned_data["issues"])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        due = audit_due(self.subject)
        if due and self.act.on > due.on and len(data.get("late_reason", "")) < 4:
            self.add_error(
                "late_reason",
                _("应在 %(day)s 前登记，已逾期，须写明原因。") % {"day": date_format(due.on)},
            )
        return data
