"""Step 6's forms."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from projects.ballots.forms import AttendanceForm, DeclaringForm
from projects.ballots.models import Vote
from projects.cycles.models import Session, SessionState
from projects.cycles.selectors import deputies_at
from projects.deliberation.forms import PreliminaryForm, RollForm, TellersForm
from projects.evaluation import selectors
from projects.evaluation.models import Grade
from projects.supervision.models import Project
from workflow.flows.fields import ChineseDateField
from workflow.flows.forms import MeetingForm, Resolved, StepForm
from workflow.people.models import User

Lines = forms.Textarea


class CompletionForm(StepForm):
    """完成情况报告: the report, and for every project that is not accepted why, and until when."""

    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(label=_("报告正文"), widget=Lines(attrs={"rows": 8}), max_length=20000)

    def prepare(self) -> None:
        for project in selectors.completion_of(self.subject)["unfinished"]:
            self.fields[f"why_{project.pk}"] = forms.CharField(
                label=_("“%(title)s”未验收的原因和完成时间") % {"title": project.title},
                min_length=4,
                max_length=300,
                widget=Lines(attrs={"rows": 2}),
            )


class RoundForm(StepForm):
    """The residents' round is closed with a word on how it was held."""

    body = forms.CharField(
        label=_("组织情况"),
        help_text=_("写明在哪里张贴二维码、怎样方便不用手机的群众评价。"),
        widget=Lines(attrs={"rows": 4}),
        min_length=4,
        max_length=4000,
    )


class RateForm(StepForm):
    """A resident's rating, also where a station registers what somebody says in person."""

    grade = forms.ChoiceField(label=_("您对这个项目满意吗"), choices=Grade.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("想说的话"), widget=Lines(attrs={"rows": 3}), max_length=300, required=False
    )

    def for_trail(self) -> dict[str, Any]:
        """Nothing: what residents write freely may name people."""
        return {}


class ReviewForm(StepForm):
    """On-site review of a project: one mark 0–100 per weighted dimension."""

    words = forms.CharField(
        label=_("评议意见"), widget=Lines(attrs={"rows": 4}), min_length=4, max_length=4000
    )

    def prepare(self) -> None:
        dimensions = selectors.dimensions_of(self.subject.cycle)
        for code, (title, weight) in dimensions.items():
            self.fields[f"mark_{code}"] = forms.IntegerField(
                label=_("%(title)s（权重 %(weight)s%%）") % {"title": title, "weight": weight},
                min_value=0,
                max_value=100,
                help_text=_("0 至 100 分"),
            )
        self.order_fields([*(f"mark_{code}" for code in dimensions), "words"])


class ReviewsForm(Resolved, MeetingForm):
    """The presidium's conclusion on the on-site reviews."""

    conclusion = forms.CharField(
        label=_("评议结论"), widget=Lines(attrs={"rows": 4}), min_length=4, max_length=4000
    )
    field_order = [*MeetingForm.field_order, "conclusion"]


class NamesSession(StepForm):
    """Which session of the congress a form speaks of: its 届 and 次, one that is planned where there is one."""

    def suggest(self, session: Session | None, **fields: str) -> None:
        """Fill in a session, or the number after the last one. fields: "on" → the name of the day's field."""
        last = Session.objects.filter(unit=self.subject.unit_id).order_by("-held_on").first()
        if known := session or last:
            self.fields["term"].initial = known.term
            self.fields["session_number"].initial = known.number if session else known.number + 1
        if session:
            self.fields[fields["on"]].initial = session.held_on

    def check_session(self, data: dict[str, Any], on: str) -> None:
        """A session that is there already keeps its day, and one that is over evaluates nothing."""
        named = {"term": data.get("term") or 0, "number": data.get("session_number") or 0}
        there = Session.objects.filter(unit=self.subject.unit_id, **named).first()
        if there and there.state == SessionState.CLOSED:
            self.add_error("session_number", _("%(session)s已经闭会。") % {"session": there})
        elif there and data.get(on) and there.held_on != data[on]:
            told = {"session": there, "day": date_format(there.held_on)}
            self.add_error(on, _("%(session)s已定于%(day)s举行。") % told)


class ConveneForm(Resolved, MeetingForm, NamesSession):
    """召集评估会议: which session, when, how long; the notice with its agenda (组织法 14)."""

    term = forms.IntegerField(label=_("届"), min_value=1, max_value=99)
    session_number = forms.IntegerField(label=_("次"), min_value=1, max_value=99)
    session_on = ChineseDateField(label=_("会议日期（评估）"))
    session_days = forms.DecimalField(
        label=_("会期（天）"), min_value=0.5, max_value=10, max_digits=3, decimal_places=1, initial=1
    )
    document = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(
        label=_("会议通知和建议议程"),
        help_text=_("该次会议已经通知召开的，不再重复发布通知，只列入本年度评估事项。"),
        widget=Lines(attrs={"rows": 6}),
        max_length=20000,
    )
    field_order = [
        "term", "session_number", "session_on", "session_days", "document", "body", *MeetingForm.field_order,
    ]  # fmt: skip

    def prepare(self) -> None:
        super().prepare()
        planned = self.subject.planned_t2
        near = next((s for s in selectors.coming_sessions(self.subject) if s.held_on == planned), None)
        self.fields["session_on"].initial = planned
        self.suggest(near, on="session_on")

    def clean_session_on(self) -> date:
        day = self.cleaned_data["session_on"]
        if day < self.act.on:
            raise forms.ValidationError(_("会议日期不能早于今天。"))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.check_session(data, "session_on")
        return data


class EvaluationRollForm(RollForm):
    """代表名册 of the evaluation session."""

    def deputies(self) -> list[User]:
        session = selectors.session_of(self.subject, "evaluation")
        return deputies_at(session, self.subject.unit, self.act.on)


class OpeningForm(PreliminaryForm):
    """评估会议开幕（预备会议）: the presidium of this session elected, its agenda adopted."""

    def held(self) -> Session | None:
        return selectors.occasion_of(self.subject)["session"]

    def members(self) -> int:
        return selectors.deputies_in_office(self.subject.unit, self.held(), self.act.on)


class MeasuringTellersForm(TellersForm):
    """Who counts this measurement."""

    def held(self) -> Session | None:
        return selectors.occasion_of(self.subject)["session"]


class PresidiumReportForm(StepForm):
    """主席团工作报告."""

    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(label=_("报告正文"), widget=Lines(attrs={"rows": 8}), max_length=20000)


class SecondForm(Resolved, MeetingForm, NamesSession):
    """A later measurement: at the next session, or at a deputies' meeting the presidium organises."""

    occasion = forms.ChoiceField(
        label=_("测评场合"),
        choices=[("next_session", _("下次代表大会")), ("deputies_meeting", _("主席团组织的代表会议"))],
        widget=forms.RadioSelect,
    )
    term = forms.IntegerField(label=_("届"), min_value=1, max_value=99, required=False)
    session_number = forms.IntegerField(
        label=_("次"),
        help_text=_("在下次代表大会测评的必填；已经拟定或通知的会议填写其届次，没有的由主席团拟定。"),
        min_value=1,
        max_value=99,
        required=False,
    )
    measured_on = ChineseDateField(label=_("测评日期"))
    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(label=_("会议通知"), widget=Lines(attrs={"rows": 4}), max_length=4000)
    field_order = [
        "occasion", "term", "session_number", "measured_on", "number", "body", *MeetingForm.field_order,
    ]  # fmt: skip

    def prepare(self) -> None:
        super().prepare()
        self.fields["occasion"].initial = self.subject.rules.second_measure
        coming = [s for s in selectors.coming_sessions(self.subject) if s.held_on > self.act.on]
        self.suggest(coming[0] if coming else None, on="measured_on")

    def clean_measured_on(self) -> date:
        day = self.cleaned_data["measured_on"]
        if day < self.act.on:
            raise forms.ValidationError(_("会议日期不能早于今天。"))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("occasion") != "next_session":
            return data | {"term": None, "session_number": None}
        for name in ("term", "session_number"):
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, _("在下次代表大会测评的，须写明届次。"))
        if not self.errors:
            self.check_session(data, "measured_on")
        return data


class CarryForm(Resolved, MeetingForm):
    """跨年续建: why the project could not be finished in its year, and when it will be."""

    reason = forms.CharField(
        label=_("跨年续建的理由"),
        help_text=_("写明未完工的原因、已完成的部分和后续安排。"),
        widget=Lines(attrs={"rows": 4}),
        min_length=10,
        max_length=1000,
    )
    carried_until = ChineseDateField(
        label=_("预计完成日期"),
        help_text=_("验收期限顺延至此日；不改变票决确定的工期，改变工期须另行申请项目调整。"),
    )
    field_order = ["reason", "carried_until", *MeetingForm.field_order]

    def clean_carried_until(self) -> date:
        day = self.cleaned_data["carried_until"]
        if day <= self.act.on:
            raise forms.ValidationError(_("预计完成日期须晚于今天。"))
        return day


class MeasuringAttendanceForm(AttendanceForm):
    """清点到会人数: of as many as hold the office of deputy on the day, where no roll says how many they are."""

    @cached_property
    def vote(self) -> Vote:
        vote = selectors.ballot_under_way(self.subject)
        vote.deputies_in_office = selectors.members_of_hall(vote, self.act.on)
        return vote


class MeasuredForm(DeclaringForm):
    """宣布测评结果."""

    confirmed = forms.BooleanField(label=_("已当场宣读每个项目的测评票数和结果"))


class RectifyForm(StepForm):
    """What the department has put right after a measurement."""

    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    remedy = forms.CharField(
        label=_("整改情况"),
        help_text=_("逐条写明问题、措施、结果和责任人。"),
        widget=Lines(attrs={"rows": 6}),
        min_length=10,
        max_length=4000,
    )


class PublishForm(StepForm):
    """明白账: a word before the figures, which come from the records."""

    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(label=_("前言"), widget=Lines(attrs={"rows": 4}), max_length=4000)


class TransferForm(StepForm):
    """移交: to whom, and who put the volume together and checked it (备考表)."""

    receiver = forms.CharField(label=_("接收单位"), max_length=80)
    keeper = forms.CharField(label=_("整理人"), max_length=40)
    checker = forms.CharField(label=_("检查人"), max_length=40)
    body = forms.CharField(
        label=_("情况说明"), widget=Lines(attrs={"rows": 3}), max_length=2000, required=False
    )
    private = ("keeper", "checker")


class ArchiveForm(TransferForm):
    """移交归档 of a year's dossier, whose items get their 档号 under a 全宗号 where there is one."""

    fonds = forms.RegexField(
        r"\A[0-9A-Z]{1,10}\Z",
        label=_("全宗号"),
        required=False,
        help_text=_("由接收单位给定的字母、数字，用于编制档号，例如：X012；没有给定的不填"),
        error_messages={"invalid": _("全宗号由大写字母和数字组成，不超过 10 位。")},
    )
    field_order = ("receiver", "fonds", "keeper", "checker", "body")


class LookBackForm(Resolved, MeetingForm):
    """翌年回头看: the meeting, and project by project whether it still serves."""

    STATES = [("good", _("运行良好")), ("problem", _("存在问题，交责任单位整改"))]

    def prepare(self) -> None:
        super().prepare()
        judged, looked_at = selectors.judged_projects, selectors.projects_to_look_back_at
        for project in (judged if self.over else looked_at)(self.subject):
            self._add(project)

    def _add(self, project: Project) -> None:
        self.fields[f"state_{project.pk}"] = forms.ChoiceField(
            label=project.title,
            choices=self.STATES,
            widget=forms.RadioSelect(attrs={"class": "choices-inline"}),
        )
        self.fields[f"words_{project.pk}"] = forms.CharField(
            label=_("“%(title)s”的情况") % {"title": project.title},
            widget=Lines(attrs={"rows": 2}),
            min_length=4,
            max_length=1000,
        )
        labels = {f"state_{project.pk}": _("使用情况"), f"words_{project.pk}": _("情况说明")}
        self.together(f"{project.number}. {project.title}", labels)
