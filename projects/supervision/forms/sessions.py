"""What belongs to a session: calling it, its opening, its tellers, the 质询案."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.cycles.models import Cycle, Session
from projects.cycles.selectors import deputies_at, open_session, standard_of
from projects.deliberation.forms import PreliminaryForm, RollForm, TellersForm
from projects.supervision import rules
from projects.supervision.models import ANSWER_FORMS, Project
from projects.supervision.selectors import departments, holders, projects_of
from projects.supervision.sessions import session_called
from workflow.flows.fields import ChineseDateField, FilesField, record_field
from workflow.flows.forms import MeetingForm, Resolved, StepForm
from workflow.flows.meetings import Standard
from workflow.people.models import Unit, User


class InterpellationForm(StepForm):
    """质询案: ten or more deputies jointly, in writing (组织法 24), signed here or on a paper whose picture is kept."""

    private = ("movers",)
    answering = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("质询对象"),
        empty_label=_("乡镇人民政府（乡镇长）"),
        required=False,
    )
    project = forms.ModelChoiceField(Project.objects.none(), label=_("所涉项目"), required=False)
    words = forms.CharField(
        label=_("质询的问题和内容"), widget=forms.Textarea(attrs={"rows": 5}), min_length=10, max_length=4000
    )
    signed: Any = FilesField(
        label=_("联名签名原件（扫描件）"),
        help_text=_(
            "已在纸上联名的附原件；没有原件的不附，提出后由其他代表本人在系统中附议签名，满十名即提交主席团。"
        ),
        required=False,
    )
    movers = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("原件上签名的代表"),
        help_text=_("附原件的必选，十名以上，提交人也须在内。"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
        required=False,
    )

    def prepare(self) -> None:
        record_field(self, "answering").queryset = departments(self.subject.unit)
        record_field(self, "project").queryset = projects_of(self.subject)
        record_field(self, "movers").queryset = holders("deputy", self.subject.unit, self.act.on)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        movers = list(data.get("movers") or [])
        if "signed" not in self.errors and not data.get("signed") and movers:
            self.add_error("movers", _("没有签名原件的，不代他人勾选；提出后由各位代表本人附议签名。"))
        if data.get("signed"):
            for sentence in rules.interpellation_faults(len(movers)):
                self.add_error("movers", sentence)
            if self.act.actor not in movers:
                self.add_error("movers", _("提交人须是联名代表之一。"))
        return data | {"movers": movers}


class SessionTellersForm(TellersForm):
    """Who counts the votes of the session that is open."""

    def held(self) -> Session | None:
        return open_session(self.subject.unit)


class AdmitForm(Resolved, MeetingForm):
    """The presidium decides in which form those questioned answer."""

    answer_form = forms.ChoiceField(label=_("答复形式"), choices=ANSWER_FORMS, widget=forms.RadioSelect)
    field_order = [*MeetingForm.field_order, "answer_form"]


class AnswerForm(StepForm):
    """The answer of the body questioned, as given or as recorded."""

    answer = forms.CharField(
        label=_("答复内容"), widget=forms.Textarea(attrs={"rows": 6}), min_length=4, max_length=20000
    )


class CallSessionForm(Resolved, MeetingForm):
    """召集临时会议: the presidium decides on the day of the session (组织法 14)."""

    term = forms.IntegerField(label=_("届"), min_value=1, max_value=99)
    number = forms.IntegerField(label=_("次"), min_value=1, max_value=99)
    session_on = ChineseDateField(label=_("临时会议日期"))
    called_by = forms.ChoiceField(
        label=_("召集的提出"),
        choices=[("presidium", _("主席团决定")), ("one_fifth", _("五分之一以上的代表提议"))],
        widget=forms.RadioSelect,
    )
    proposers: Any = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("提议的代表"),
        help_text=_("代表提议的必选，不少于实有代表的五分之一，以签名的提议书为准。"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-names"}),
        required=False,
    )
    signed: Any = FilesField(label=_("提议书签名原件（扫描件）"), required=False)
    agenda = forms.CharField(label=_("建议议程"), widget=forms.Textarea(attrs={"rows": 4}), max_length=4000)
    private = ("proposers",)
    field_order = [
        "term",
        "number",
        "session_on",
        "called_by",
        "proposers",
        "signed",
        "agenda",
        *MeetingForm.field_order,
    ]

    def prepare(self) -> None:
        super().prepare()
        record_field(self, "proposers").queryset = holders("deputy", self.subject.unit, self.act.on)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        proposers = list(data.get("proposers") or [])
        if data.get("called_by") == "one_fifth":
            in_office = self.subject.deputies_in_office or self.fields["proposers"].queryset.count()  # type: ignore[attr-defined]
            for sentence in rules.proposers_faults(len(proposers), in_office):
                self.add_error("proposers", sentence)
            if not data.get("signed"):
                self.add_error("signed", _("须附代表签名的提议书。"))
        elif proposers:
            self.add_error("proposers", _("主席团自行决定召集的，不填提议的代表。"))
        return data | {"proposers": proposers}

    def clean_session_on(self) -> Any:
        day = self.cleaned_data["session_on"]
        if day <= self.act.on:
            raise forms.ValidationError(_("会议日期须晚于今天。"))
        return day


class SessionRollForm(RollForm):
    """代表名册 of an extra session."""

    def deputies(self) -> list[User]:
        return deputies_at(session_called(self.subject), self.subject.unit, self.act.on)


class OpenSessionForm(PreliminaryForm):
    """临时会议开幕（预备会议）: N, the presidium of this session elected, its agenda adopted."""

    deputies_in_office = forms.IntegerField(label=_("实有代表"), min_value=1, max_value=2000)
    field_order = ["deputies_in_office", *PreliminaryForm.field_order]

    def held(self) -> Session | None:
        return session_called(self.subject)

    def prepare(self) -> None:
        super().prepare()
        cycle: Cycle = self.subject
        self.fields["deputies_in_office"].initial = self._on_roll() or cycle.deputies_in_office

    def _on_roll(self) -> int:
        session = self.held()
        return session.roll.in_office().count() if session else 0

    def clean_deputies_in_office(self) -> int:
        entered: int = self.cleaned_data["deputies_in_office"]
        if (of_roll := self._on_roll()) and entered != of_roll:
            raise forms.ValidationError(_("代表名册上是 %(n)s 人，请先核对名册。") % {"n": of_roll})
        return entered

    def members(self) -> int:
        return self.cleaned_data["deputies_in_office"]

    def standard(self) -> Standard:
        return standard_of(self.subject)
