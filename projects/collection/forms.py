"""Step 1's forms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from projects.collection.models import ProposerKind
from projects.collection.selectors import completion_due, too_early_to_pool, window_warnings
from projects.cycles.models import Cycle
from projects.cycles.selectors import book_to_freeze, collecting_cycles, plan_of, rules_for
from projects.cycles.services import outlook_for
from workflow.flows.fields import ChineseDateField, FenField, PlainForm, choice_field
from workflow.flows.forms import MeetingForm, StepForm

if TYPE_CHECKING:
    Cycles = forms.ModelChoiceField[Cycle]
else:
    Cycles = forms.ModelChoiceField  # not subscriptable at run time

Lines = forms.Textarea


class SchemeForm(StepForm):
    """年度实施方案: leading group, measures; the planned days can still be put right here, and are looked at first."""

    foresees = True

    opens_on = ChineseDateField(label=_("启动日"))
    planned_t = ChineseDateField(label=_("拟定票决会期"))
    planned_t2 = ChineseDateField(label=_("拟定评估会期"))
    leading_group = forms.CharField(label=_("领导小组"), widget=Lines(attrs={"rows": 3}), max_length=1000)
    body = forms.CharField(label=_("实施方案正文"), widget=Lines(attrs={"rows": 8}), max_length=20000)

    def prepare(self) -> None:
        for name in ("opens_on", "planned_t", "planned_t2"):
            self.fields[name].initial = getattr(self.subject, name)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        t, t2 = data.get("planned_t"), data.get("planned_t2")
        if t and t2 and t2 <= t:
            self.add_error("planned_t2", _("须在拟定票决会期之后。"))
        return data

    def foreseen(self) -> list[str]:
        days = {name: self.cleaned_data[name] for name in ("opens_on", "planned_t", "planned_t2")}
        return outlook_for(self.subject.unit, **days).sentences()


class OpenForm(StepForm):
    """启动: nothing to fill in; what the planned days hold and which rules are frozen is looked at first."""

    foresees = True

    def foreseen(self) -> list[str]:
        book = book_to_freeze(self.subject.unit)["name"]
        frozen = _t("启动后，本年度按%(book)s办理，不再变动。") % {"book": book}
        return [*plan_of(self.subject, self.act.on).sentences(), frozen]


class DecisionForm(MeetingForm):
    """A body's decision that agrees or sends back."""

    return_reason = forms.CharField(
        label=_("未通过时的退回理由"), widget=Lines(attrs={"rows": 3}), max_length=1000, required=False
    )
    field_order = [*MeetingForm.field_order, "return_reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not self.agreed() and len(data.get("return_reason", "")) < 4:
            self.add_error("return_reason", _("赞成票未超过全体成员的半数，须写明退回理由。"))
        return data


class CallForm(StepForm):
    """征集公告: the window and the text; what is to be said about the window is looked at first."""

    foresees = True

    window_from = ChineseDateField(label=_("征集开始"))
    window_to = ChineseDateField(label=_("征集结束"))
    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    joint = forms.BooleanField(
        label=_("与人大主席团联合发布"),
        help_text=_("联合发布的，先送人大主席确认，确认后公告即发布。"),
        required=False,
    )
    body = forms.CharField(label=_("公告正文"), widget=Lines(attrs={"rows": 8}), max_length=20000)

    def prepare(self) -> None:
        start = self.act.on + timedelta(days=1)
        days = rules_for(self.subject).collection_window_days
        self.fields["window_from"].initial = start
        self.fields["window_to"].initial = start + timedelta(days=days - 1)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        start, end = data.get("window_from"), data.get("window_to")
        if start and end and end < start:
            self.add_error("window_to", _("征集结束日不能早于开始日。"))
        if start and start < self.act.on:
            self.add_error("window_from", _("征集开始日不能早于今天。"))
        return data

    def foreseen(self) -> list[str]:
        return window_warnings(self.subject, self.cleaned_data["window_from"], self.cleaned_data["window_to"])


class ReceiveForm(StepForm):
    """Accept or return one proposal."""

    decision = forms.ChoiceField(
        label=_("处理意见"),
        choices=[("accept", _("受理")), ("return", _("退回补正"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("退回理由"),
        help_text=_("退回时必填，写明缺什么、怎样补正；提出人凭查询码可见。"),
        widget=Lines(attrs={"rows": 3}),
        max_length=1000,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("decision") == "return" and len(data.get("reason", "")) < 4:
            self.add_error("reason", _("退回须写明理由。"))
        return data


class ChaseForm(StepForm):
    """The returned form: completed with the proposer's help, or into the pool when nothing came."""

    private: ClassVar[tuple[str, ...]] = ("content",)
    decision = forms.ChoiceField(
        label=_("办理结果"),
        choices=[("completed", _("已补正，重新受理")), ("pool", _("期满未补正，转入项目库"))],
        widget=forms.RadioSelect,
    )
    content = forms.CharField(
        label=_("补正后的项目内容"), widget=Lines(attrs={"rows": 4}), max_length=4000, required=False
    )

    def prepare(self) -> None:
        self.fields["content"].initial = self.subject.content
        if due := completion_due(self.subject):
            self.fields["decision"].help_text = _(
                "补正期限到%(day)s止；期满未补正的，由系统转入项目库并告知提出人。"
            ) % {"day": date_format(due)}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("decision") == "pool":
            for sentence in too_early_to_pool(self.subject, self.act.on):
                self.add_error("decision", sentence)
        if data.get("decision") == "completed" and not data.get("content"):
            self.add_error("content", _("请填写补正后的内容。"))
        return data


class SummaryForm(StepForm):
    """征集汇总表: the books are closed."""

    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(label=_("征集情况说明"), widget=Lines(attrs={"rows": 5}), max_length=20000)


class ProposalForm(PlainForm):
    """征集表, one matter per form (一事一提)."""

    title = forms.CharField(label=_("项目名称"), max_length=80, help_text=_("一张表只提一件事。"))
    content = forms.CharField(
        label=_("项目内容"),
        widget=Lines(attrs={"rows": 5}),
        max_length=4000,
        help_text=_("要办什么事，解决什么问题。"),
    )
    place = forms.CharField(label=_("建设地点"), max_length=120, required=False)
    category = forms.ChoiceField(label=_("类别"), required=False)
    necessity = forms.CharField(
        label=_("必要性和可行性"), widget=Lines(attrs={"rows": 4}), max_length=4000, required=False
    )
    estimate_fen = FenField(label=_("投资估算"), required=False)
    funding = forms.CharField(label=_("资金来源"), max_length=120, required=False)
    name = forms.CharField(label=_("您的姓名"), max_length=40, required=False)
    phone = forms.RegexField(
        # As people write it: digits of either width, an extension, a second number.
        r"\A[\d+()（）\-－—/、，,;；转分机 ]{5,40}\Z",
        label=_("联系电话"),
        max_length=40,
        required=False,
        error_messages={
            "invalid": _("请填写能打通的电话号码：数字、空格、短横、括号，分机写“转”，两个号码用顿号隔开。")
        },
    )

    def __init__(self, *args: Any, categories: Sequence[str], anonymous: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice_field(self, "category").choices = [("", _("请选择")), *((c, _t(c)) for c in categories)]
        if not anonymous:
            self.fields["name"].required = self.fields["phone"].required = True


class RegisterForm(ProposalForm, StepForm):
    """The same form, registered for somebody by a station, or handed in by a deputy or an office."""

    private: ClassVar[tuple[str, ...]] = ("name", "phone", "content", "necessity")
    committed: ClassVar[tuple[str, ...]] = ("title", "place", "funding")
    proposer_kind = forms.ChoiceField(label=_("提出人类别"), choices=ProposerKind.choices)
    channel = forms.ChoiceField(label=_("征集渠道"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        rules = rules_for(kwargs["subject"])
        anonymous = rules.anonymous_proposals
        super().__init__(*args, categories=rules.categories, anonymous=anonymous, **kwargs)
        choice_field(self, "channel").choices = [(c, _t(c)) for c in rules.channels]
        self.fields["name"].label = _("提出人姓名")
        self.fields["proposer_kind"].initial = KIND_OF_OFFICE.get(self.act.office, ProposerKind.RESIDENT)


KIND_OF_OFFICE = {
    "deputy": ProposerKind.DEPUTY,
    "senior_deputy": ProposerKind.SENIOR_DEPUTY,
    "department": ProposerKind.DEPARTMENT,
    "party": ProposerKind.PARTY,
}


class CycleField(Cycles):
    """A choice among cycles, each told by its year, its period and the end of its window."""

    def __init__(self, cycles: Iterable[Cycle], **kwargs: Any) -> None:
        chosen_from = Cycle.objects.filter(pk__in=[cycle.pk for cycle in cycles]).select_related("unit")
        super().__init__(chosen_from, empty_label=None, widget=forms.RadioSelect, **kwargs)

    def label_from_instance(self, cycle: Any) -> str:
        return cycle_told(cycle)


def cycle_told(cycle: Cycle) -> str:
    """A collecting cycle as people choose it."""
    named = {"year": cycle.year, "period": cycle.period}
    if cycle.window_to is None:
        return _t("%(year)s 年度%(period)s") % named
    until = date_format(cycle.window_to, "DATE_FORMAT")
    return _t("%(year)s 年度%(period)s（%(until)s截止）") % (named | {"until": until})


class IntoYearForm(StepForm):
    """Out of the pool into a year; which one is asked only where several collect at once."""

    def prepare(self) -> None:
        if len(cycles := self.cycles()) > 1:
            self.fields["cycle"] = CycleField(cycles, label=_("转入哪个年度"))

    def cycles(self) -> list[Cycle]:
        """The years it may go into."""
        return collecting_cycles(self.subject.unit)
