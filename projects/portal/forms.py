"""The residents' forms: short, in plain words, usable without an account."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.collection.forms import CycleField, ProposalForm
from projects.cycles.models import Cycle
from projects.evaluation.models import Grade
from projects.selection.models import Item
from workflow.flows.fields import PlainForm, record_field
from workflow.people.models import Unit, UnitKind

Lines = forms.Textarea
CODE_LENGTH = 9


class TrapForm(PlainForm):
    """A form with a box people do not see (`website`, drawn by the page); whoever fills it is a machine."""

    def caught(self) -> bool:
        return bool(self.data.get("website"))


class StepOfProposal(ProposalForm):
    """One page of the proposal form: `kept` names its fields, in order."""

    kept: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, unit: Unit, cycles: Sequence[Cycle] = (), **kwargs: Any) -> None:
        self.unit, self.cycles = unit, cycles
        super().__init__(*args, **kwargs)
        self.add_fields()
        self.fields = {name: self.fields[name] for name in self.kept if name in self.fields}

    def add_fields(self) -> None:
        """Fields that depend on the township."""


class WhatForm(StepOfProposal):
    """What is to be done; one matter per form (一事一提)."""

    kept = ("cycle", "title", "content")

    def add_fields(self) -> None:
        if len(self.cycles) > 1:
            self.fields["cycle"] = CycleField(self.cycles, label=_("提给哪一次征集"))
        self.fields["title"].help_text = _("一句话说清楚。一张表只提一件事，有几件事请分别提。")
        self.fields["content"].widget.attrs["rows"] = 7


class WhereForm(StepOfProposal):
    """Where, and of what kind."""

    kept = ("village", "place", "category")

    def add_fields(self) -> None:
        self.fields["place"].help_text = _("写到路段、小区或自然村，方便现场察看。")
        villages = Unit.objects.filter(tenant=self.unit, kind=UnitKind.VILLAGE, ends_on=None)
        if villages:
            self.fields["village"] = forms.ModelChoiceField(
                villages, label=_("所在村（社区）"), required=False, empty_label=_("请选择")
            )


class WhoForm(StepOfProposal):
    """How to reach the proposer; never shown to the public."""

    kept = ("name", "phone")

    def add_fields(self) -> None:
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["phone"].widget.attrs |= {"autocomplete": "tel", "inputmode": "tel"}


class SendForm(TrapForm):
    """The last page: nothing to fill in."""


class CodeForm(TrapForm):
    """A query code as people type it: any case, with or without its hyphens or spaces."""

    code = forms.CharField(
        label=_("查询码"),
        help_text=_("提交时给您的九位编号，例如 7KX-2MQ-9TA。"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "input-short"}),
    )

    def clean_code(self) -> str:
        letters = re.sub(r"[\s\-－—–]", "", self.cleaned_data["code"]).upper()
        if len(letters) != CODE_LENGTH or not letters.isascii() or not letters.isalnum():
            raise forms.ValidationError(_("查询码是九位字母和数字，请核对。"))
        return "-".join((letters[:3], letters[3:6], letters[6:]))


class CompleteForm(TrapForm):
    """A returned proposal's content, put right by its proposer."""

    content = forms.CharField(
        label=_("补充后的项目内容"),
        help_text=_("在原来的内容上修改、补充，写清退回理由里提到的事项。"),
        widget=Lines(attrs={"rows": 7}),
        max_length=4000,
    )


class AskErasureForm(TrapForm):
    """A proposer asks for the own contact to be erased."""

    confirmed = forms.BooleanField(
        label=_("请删除我提交时留下的姓名、联系方式"),
        help_text=_("意见建议本身继续办理。删除后工作人员不能再联系您，请保存好查询码。"),
    )


class ObjectionForm(TrapForm):
    """An objection to the posted list, as a whole or to one project."""

    item: forms.ModelChoiceField[Item] = forms.ModelChoiceField(
        Item.objects.none(), label=_("对哪个项目有异议"), required=False, empty_label=_("对整个名单")
    )
    words = forms.CharField(
        label=_("异议内容和理由"),
        help_text=_("写明哪里不妥、依据是什么。书面答复后，凭查询码可以看到。"),
        widget=Lines(attrs={"rows": 6}),
        min_length=4,
        max_length=2000,
    )

    def __init__(self, *args: Any, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        record_field(self, "item").queryset = items


class RateForm(TrapForm):
    """A rating of a finished project; no name, no account."""

    grade = forms.ChoiceField(label=_("您满意吗"), choices=Grade.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("说说理由"),
        help_text=_("不要写姓名、电话等个人信息。"),
        widget=Lines(attrs={"rows": 3}),
        max_length=300,
        required=False,
    )
