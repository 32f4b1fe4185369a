"""The inbox's own small forms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from workflow.flows.copies import Receiver
from workflow.flows.fields import FilesField, PlainForm, choice_field
from workflow.flows.steps import steps
from workflow.people.models import Unit, User
from workflow.people.wording import worded


class FilterForm(PlainForm):
    """Township (for a person with offices in several), year, step, deadline, words; of what was done the month too.

    places: code and name of each. months: the first days of those to choose from. copies: whether it is copies that
    are narrowed, which may be unread.
    """

    place = forms.ChoiceField(label=_("乡镇"), required=False)

    year = forms.ChoiceField(label=_("年度"), required=False)
    step = forms.ChoiceField(label=_("环节"), required=False)
    due = forms.ChoiceField(
        label=_("期限"),
        choices=[("", _("全部期限")), ("late", _("已超期")), ("soon", _("三日内到期"))],
        required=False,
    )
    month = forms.ChoiceField(label=_("办结月份"), required=False)
    words = forms.CharField(label=_("搜索"), required=False, max_length=60)

    unread = forms.ChoiceField(
        label=_("阅读情况"),
        choices=[("", _("全部")), ("1", _("未读"))],
        required=False,
        widget=forms.HiddenInput(),
    )

    def clean_unread(self) -> bool:
        return bool(self.cleaned_data["unread"])

    def clean_month(self) -> date | None:
        given = self.cleaned_data["month"]
        return date.fromisoformat(f"{given}-01") if given else None

    def clean_year(self) -> int | None:
        return int(self.cleaned_data["year"] or 0) or None

    def clean_step(self) -> int | None:
        return int(self.cleaned_data["step"] or 0) or None

    def __init__(
        self,
        *args: Any,
        years: list[int],
        hall: Unit,
        places: list[tuple[str, str]],
        months: Iterable[date] = (),
        copies: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        if places:
            choice_field(self, "place").choices = [("", _("当前职务")), ("all", _("全部乡镇")), *places]
        else:
            del self.fields["place"]
        named = [(number, worded(name, hall)) for number, name in steps().items()]
        choice_field(self, "year").choices = [("", _("全部年度")), *((y, str(y)) for y in years)]
        named_months = [(f"{day:%Y-%m}", date_format(day, "YEAR_MONTH_FORMAT")) for day in months]
        choice_field(self, "month").choices = [("", _("全部月份")), *named_months]
        if not named_months:
            del self.fields["month"]
        if not copies:
            del self.fields["unread"]
        choice_field(self, "step").choices = [("", _("全部环节")), *named]
        looked_through = _("事项、项目、抄送人、说明") if copies else _("事项、项目、办理人")
        self.fields["words"].widget.attrs["placeholder"] = looked_through


class SideForm(PlainForm):
    """One of several small forms on a task's page; prefixed ids keep their fields apart."""

    ids = "side"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"{self.ids}_%s", **kwargs})


class HandOverForm(SideForm):
    """转办: to whom, why."""

    ids = "hand_over"

    to = forms.ChoiceField(label=_("转给"))
    reason = forms.CharField(label=_("转办说明"), min_length=2, max_length=200)

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(user.pk): user for user in people}
        choice_field(self, "to").choices = [(code, user.name) for code, user in self.people.items()]

    def clean_to(self) -> User:
        return self.people[self.cleaned_data["to"]]


class TakeBackForm(SideForm):
    """取回: why."""

    ids = "take_back"
    reason = forms.CharField(label=_("取回理由"), min_length=2, max_length=200)


class AssignForm(HandOverForm):
    """转办 of several tasks at once."""

    ids = "assign"


class CopyForm(PlainForm):
    """抄送: to whom, and why. receivers: as `copies.receivers_for` gives them; `receiver` is the one chosen."""

    to = forms.ChoiceField(
        label=_("抄送给"), help_text=_("抄送给一个职务时，担任这一职务的人都能看到；对方只看，不办理。")
    )
    words = forms.CharField(
        label=_("抄送说明"), min_length=2, max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, receivers: list[Receiver], tenant: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.receivers = {one.code: one for one in receivers}
        groups: dict[Any, list[tuple[str, str]]] = {_("本单位职务"): [], _("上级"): [], _("本单位人员"): []}
        inside, above, persons = groups.values()
        for code, one in self.receivers.items():
            group = persons if one.person else inside if one.seat.tenant_id == tenant.pk else above
            group.append((code, one.name))
        shown = [(title, choices) for title, choices in groups.items() if choices]
        choice_field(self, "to").choices = [("", _("请选择")), *shown]

    def clean_to(self) -> Receiver:
        return self.receivers[self.cleaned_data["to"]]


class UrgeForm(SideForm):
    """催办."""

    ids = "urge"

    words = forms.CharField(label=_("催办说明"), max_length=200, required=False)


class CommentForm(SideForm):
    """A note on a task."""

    ids = "comment"
    words = forms.CharField(label=_("留言"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    attached: Any = FilesField(label=_("附件"), required=False)
