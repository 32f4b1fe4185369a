"""The forms around a ballot by device: entering, printing codes, the recovery sheet, looking a receipt up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.ballots.forms import secret
from projects.ballots.models import RollEntry
from projects.ballots.rolls import CODE_LENGTH
from workflow.flows.fields import PlainForm, choice_field


def typed(text: str) -> str:
    """Letters and digits as people copy them off paper: any case, with blanks or hyphens between."""
    return re.sub(r"[\s\-－—–]", "", text).upper()


class EntryForm(PlainForm):
    """The one-time code of a slip."""

    code = forms.CharField(
        label=_("投票码"),
        help_text=_("纸条上的 12 位字母和数字，不分大小写。"),
        max_length=30,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        code = typed(self.cleaned_data["code"])
        if len(code) != CODE_LENGTH or not code.isascii() or not code.isalnum():
            raise forms.ValidationError(_("投票码是 12 位字母和数字，请核对。"))
        return code


class ReceiptForm(PlainForm):
    """A receipt number, to be found in the published list."""

    tracker = forms.CharField(
        label=_("回执号"),
        help_text=_("投票完成页上的 16 位字母和数字。"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_tracker(self) -> str:
        plain = typed(self.cleaned_data["tracker"])
        return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


class CodesForm(PlainForm):
    """Whose codes to print, or to print anew: deputies who vote by device and have not voted.

    asking: a second code is asked for, with a reason; another person prints it.
    """

    lines = forms.MultipleChoiceField(
        label=_("为谁打印"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
        error_messages={"required": _("请至少勾选一人。")},
    )
    reason = forms.CharField(
        label=_("换发的原因"),
        help_text=_("只在提出换发时填写，如：纸条遗失、换了手机。"),
        required=False,
        max_length=200,
    )

    def __init__(self, *args: Any, waiting: Sequence[RollEntry], asking: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asking = asking
        if not any(entry.code_hash for entry in waiting):
            del self.fields["reason"]
        choice_field(self, "lines").choices = [
            (
                str(entry.line_id),
                _("%(name)s（已有码）") % {"name": entry.line.name} if entry.code_hash else entry.line.name,
            )
            for entry in waiting
        ]
        self.fields["lines"].initial = [str(entry.line_id) for entry in waiting if not entry.code_hash]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.asking and "reason" in self.fields and len(data.get("reason", "")) < 4:
            self.add_error("reason", _("提出换发的，请写明原因。"))
        return data


class RecoveryForm(PlainForm):
    """The holder's passphrase, for the sheet that replaces it."""

    passphrase = secret(_("开箱口令"), help_text=_("您设定的口令；只用来取出您这一份密钥，不会保存。"))
