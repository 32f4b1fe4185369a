"""Forms of the letters' pages. An address is never put back into its box."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from notifications.channels import enterable
from notifications.choosing import AT_ONCE, DAILY, WEEKLY, Choice
from notifications.models import Channel, Status, Urgency
from notifications.rendering import TITLE_LENGTH
from notifications.stuck import STUCK
from notifications.wording import BODY_LENGTH, faults_of
from workflow.flows.fields import PlainForm, UnshownInput, choice_field
from workflow.people.models import Unit

HINTS = {
    Channel.WECOM: _("在企业微信群里添加群机器人后，复制它的 Webhook 地址。"),
    Channel.DINGTALK: _(
        "在钉钉群的群设置里添加自定义机器人后，复制它的 Webhook 地址；安全设置可用“加签”或者 IP 地址段。"
    ),
    Channel.FEISHU: _(
        "在飞书群里添加自定义机器人后，复制它的 Webhook 地址；安全设置请用自定义关键词“消息编号”或者 IP 白名单，不用签名校验。"
    ),
}
LEAST = {
    Urgency.URGENT: _("只发紧急的"),
    Urgency.NORMAL: _("紧急和一般的"),
    Urgency.LOW: _("全部，含知悉"),
}
UNSHOWN = {"autocomplete": "off", "spellcheck": "false"}


class AddressForm(PlainForm):
    """One's own address of a channel. kept: whether there is one already, which an empty box then keeps."""

    given = forms.CharField(label=_("机器人地址"), max_length=300, widget=UnshownInput(UNSHOWN))
    secret = forms.RegexField(
        label=_("加签密钥"),
        regex=r"^[A-Za-z0-9]{8,200}$",
        required=False,
        help_text=_("机器人的安全设置选了“加签”的，填写以 SEC 开头的密钥。"),
        widget=UnshownInput(UNSHOWN),
        error_messages={"invalid": _("“加签密钥”只含字母和数字，请从钉钉页面完整复制。")},
    )

    def __init__(self, *args: Any, channel: str, kept: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not enterable(channel).signs:
            del self.fields["secret"]
        box = self.fields["given"]
        if channel == Channel.SMS:
            box.label, box.widget = _("手机号码"), UnshownInput({**UNSHOWN, "inputmode": "tel"})
        box.required = not kept
        box.help_text = HINTS.get(Channel(channel), "")
        if kept:
            box.help_text = _("已经保存，不再显示；留空则不改。") + str(box.help_text)


class GroupForm(AddressForm):
    """A group's robot, and how urgent a letter must be for it."""

    least = forms.ChoiceField(
        label=_("发送哪些消息"),
        choices=[(value, LEAST[value]) for value in LEAST],
        widget=forms.RadioSelect,
        initial=Urgency.NORMAL,
        help_text=_("发给个人的退回、答复和任免不发到群里。"),
    )


HOURS = [("", _("不设")), *((f"{hour:02}:00", f"{hour:02}:00") for hour in range(24))]
URGENCIES = {"urgent": _("紧急消息"), "normal": _("一般消息"), "low": _("知悉消息")}
PACES = {
    AT_ONCE: _("随时发"),
    DAILY: _("每个工作日上午汇总成一条"),
    WEEKLY: _("每周第一个工作日上午汇总成一条"),
}


class ChoiceForm(PlainForm):
    """How one wants to be written to. offered: channels that leave the site, by name with their labels."""

    quiet_from = forms.ChoiceField(label=_("安静时段开始"), choices=HOURS, required=False)
    quiet_until = forms.ChoiceField(
        label=_("安静时段结束"),
        choices=HOURS,
        required=False,
        help_text=_("这段时间生成的消息到结束时才发到站外；早于开始的，算第二天。"),
    )
    rest_days = forms.BooleanField(label=_("休息日和节假日不发到站外，顺延到下一个工作日"), required=False)
    urgent_through = forms.BooleanField(label=_("紧急消息不受安静时段和休息日限制"), required=False)
    language = forms.ChoiceField(label=_("消息语言"), choices=settings.LANGUAGES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, offered: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own: dict[str, forms.Field] = {}
        for code, title in URGENCIES.items():
            own[f"ways_{code}"] = forms.MultipleChoiceField(
                label=format_lazy(_("{letters}发到"), letters=title),
                choices=offered,
                required=False,
                widget=forms.CheckboxSelectMultiple({"class": "choices-inline"}),
            )
            if code != "urgent":
                own[f"pace_{code}"] = forms.ChoiceField(
                    label=format_lazy(_("{letters}何时发"), letters=title),
                    choices=[(value, PACES[value]) for value in PACES],
                    help_text=_("汇总的消息只发到站内和电子邮箱。"),
                )
        self.fields = {**own, **self.fields}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("quiet_from"), data.get("quiet_until")
        if bool(start) != bool(end):
            self.add_error("quiet_until" if start else "quiet_from", _("安静时段的开始和结束须一并填写。"))
        elif start and start == end:
            self.add_error("quiet_until", _("安静时段的结束不能与开始相同。"))
        return data

    def choice(self) -> Choice:
        """What was chosen, of a form that is valid."""
        data = self.cleaned_data
        hours = data["quiet_from"], data["quiet_until"]
        return Choice(
            language=data["language"],
            ways={code: data[f"ways_{code}"] for code in URGENCIES},
            pace={code: data[f"pace_{code}"] for code in URGENCIES if f"pace_{code}" in data},
            quiet=(time.fromisoformat(hours[0]), time.fromisoformat(hours[1])) if hours[0] else None,
            rest_days=data["rest_days"],
            urgent_through=data["urgent_through"],
        )


def initial_of(choice: Choice) -> dict[str, Any]:
    """A choice as the form shows it."""
    hours = [clock.strftime("%H:00") for clock in choice.quiet] if choice.quiet else ["", ""]
    return {
        **{f"ways_{code}": list(choice.ways.get(code, ())) for code in URGENCIES},
        **{f"pace_{code}": choice.pace.get(code, AT_ONCE) for code in URGENCIES},
        "quiet_from": hours[0],
        "quiet_until": hours[1],
        "rest_days": choice.rest_days,
        "urgent_through": choice.urgent_through,
        "language": choice.language,
    }


class WordingForm(PlainForm):
    """A letter's words in one language; unknown names are refused by name."""

    title = forms.CharField(label=_("标题"), max_length=TITLE_LENGTH)
    body = forms.CharField(
        label=_("正文"),
        required=False,
        max_length=BODY_LENGTH,
        widget=forms.Textarea({"rows": 8}),
        help_text=_("代入项写在花括号里；一行里的代入项都没有内容时，这一行不出现。"),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, letter: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.letter = letter

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for field, faults in faults_of(self.letter, data.get("title", ""), data.get("body", "")).items():
            for fault in faults:
                self.add_error(field, fault)
        return data


class LettersFilter(PlainForm):
    """Status, channel, unit, words."""

    status = forms.ChoiceField(label=_("状态"), required=False)
    channel = forms.ChoiceField(label=_("渠道"), required=False)
    unit = forms.ChoiceField(label=_("单位"), required=False)
    words = forms.CharField(label=_("搜索"), required=False, max_length=40)

    def __init__(self, *args: Any, units: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outside = [c for c in Channel.choices if c[0] != Channel.IN_APP]
        choice_field(self, "status").choices = [
            (STUCK, _("需要处理")),
            ("all", _("全部状态")),
            *Status.choices,
        ]
        choice_field(self, "channel").choices = [("", _("全部渠道")), *outside]
        choice_field(self, "unit").choices = [("", _("全部单位")), *((u.code, u.name) for u in units)]
        self.fields["words"].widget.attrs["placeholder"] = _("接收人或标题")


class SendAgainForm(PlainForm):
    """Which letters, and the word that the doubtful ones did not arrive."""

    letters = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": _("请先选定要重新发送的消息。")}
    )
    verified = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = self.data.getlist("letters") if isinstance(self.data, QueryDict) else []
        choice_field(self, "letters").choices = [(n, n) for n in given if n.isdecimal()]


class MailboxForm(PlainForm):
    """One's own mailbox."""

    mailbox = forms.EmailField(label=_("电子邮箱"), max_length=254, required=False)
