"""Step 6's forms."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.ballots.rules import Sum
from projects.evaluation import selectors
from projects.evaluation.models import Grade
from projects.evaluation.sheets import GRADES, Hall, Sheet, attendance_problems, balance_problems
from projects.supervision.models import Project
from workflow.flows.fields import ChineseDateField
from workflow.flows.forms import MeetingForm, StepForm

Lines = forms.Textarea
LARGEST = 2000


def _people(label: Any, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=LARGEST, **more)


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
    """On-site review: one mark 0–100 per weighted dimension."""

    words = forms.CharField(
        label=_("评议意见"), widget=Lines(attrs={"rows": 4}), min_length=4, max_length=4000
    )

    def prepare(self) -> None:
        for code, (title, weight) in selectors.dimensions_of(self.subject).items():
            self.fields[f"mark_{code}"] = forms.IntegerField(
                label=_("%(title)s（权重 %(weight)s%%）") % {"title": title, "weight": weight},
                min_value=0,
                max_value=100,
                help_text=_("0 至 100 分"),
            )
        self.order_fields([*(f"mark_{code}" for code in selectors.dimensions_of(self.subject)), "words"])


class PresidiumReportForm(StepForm):
    """主席团工作报告, and the session it is given at."""

    term = forms.IntegerField(label=_("届"), min_value=1, max_value=99)
    session_number = forms.IntegerField(label=_("次"), min_value=1, max_value=99)
    held_on = ChineseDateField(label=_("会议日期"))
    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(label=_("报告正文"), widget=Lines(attrs={"rows": 8}), max_length=20000)

    def prepare(self) -> None:
        session = selectors.session_of(self.subject, "evaluation")
        self.fields["held_on"].initial = session.held_on if session else self.subject.planned_t2
        if session:
            self.fields["term"].initial, self.fields["session_number"].initial = session.term, session.number


class SecondForm(StepForm):
    """A later measurement: at the next session, or at a deputies' meeting the presidium organises."""

    occasion = forms.ChoiceField(
        label=_("测评场合"),
        choices=[("next_session", _("下次代表大会")), ("deputies_meeting", _("主席团组织的代表会议"))],
        widget=forms.RadioSelect,
    )
    held_on = ChineseDateField(label=_("会议日期"))
    number = forms.CharField(label=_("文号"), max_length=60, required=False)
    body = forms.CharField(label=_("会议通知"), widget=Lines(attrs={"rows": 4}), max_length=4000)

    def prepare(self) -> None:
        self.fields["occasion"].initial = self.subject.rules.second_measure

    def clean_held_on(self) -> date:
        held_on = self.cleaned_data["held_on"]
        if held_on < self.act.on:
            raise forms.ValidationError(_("会议日期不能早于今天。"))
        return held_on


class HallForm(StepForm):
    """Who is there, and how many papers are handed out; below the quorum nothing is opened."""

    present = _people(_("实到代表"))
    on_leave = _people(_("请假代表"), initial=0)
    issued = _people(_("发出测评票"))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors:
            vote = selectors.ballot_under_way(self.subject)
            hall = Hall(vote.deputies_in_office, data["present"], data["issued"])
            quorum = self.subject.rules.quorum
            for sentence in attendance_problems(hall, on_leave=data["on_leave"], quorum=quorum):
                self.add_error(None, sentence)
        return data


class KeyingForm(StepForm):
    """One keying of the tally: per project the three grades and what was left empty; it must balance by itself.

    Nothing of it enters the trail before both tellers have signed (integrity.md §2.6).
    """

    returned = _people(_("收回测评票"))
    valid = _people(_("有效票"))
    invalid = _people(_("无效票"), initial=0)

    def prepare(self) -> None:
        self.vote = selectors.ballot_under_way(self.subject)
        for option in self.vote.options.all():
            for field, (word, _name) in GRADES.items():
                more = {"initial": 0} if field == "not_pressed" else {}
                self.fields[f"{field}_{option.pk}"] = _people(f"{option.title}：{word}", **more)
            words = {f"{field}_{option.pk}": word for field, (word, _name) in GRADES.items()}
            self.together(f"{option.position}. {option.title}", words)

    def sheet(self) -> Sheet:
        """The keyed figures as a sheet, once every field is valid."""
        data = self.cleaned_data
        sums = {
            option.title: Sum(**{field: data[f"{field}_{option.pk}"] for field in GRADES})
            for option in self.vote.options.all()
        }
        return Sheet(data["returned"], data["valid"], data["invalid"], sums)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.errors:
            return data
        sheet = self.sheet()
        for sentence in balance_problems(sheet, selectors.hall_of(self.vote)):
            self.add_error(None, sentence)
        return data | {"sheet": sheet}

    def for_trail(self) -> dict[str, Any]:
        return {}


class SigningForm(StepForm):
    """A teller's signature under the agreed figures.

    The figures come with the form, because only the teller whose turn it is gets one: the page's other readers do not.
    """

    checked = forms.BooleanField(label=_("我已核对以上各项数字，与纸质计票单一致"))

    def prepare(self) -> None:
        self.sheet = selectors.sheet_to_sign(self.subject)


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


class ArchiveForm(StepForm):
    """移交归档: to whom, and who put it together and checked it (备考表)."""

    receiver = forms.CharField(label=_("接收单位"), max_length=80)
    keeper = forms.CharField(label=_("整理人"), max_length=40)
    checker = forms.CharField(label=_("检查人"), max_length=40)
    body = forms.CharField(
        label=_("情况说明"), widget=Lines(attrs={"rows": 3}), max_length=2000, required=False
    )
    private = ("keeper", "checker")


class LookBackForm(MeetingForm):
    """翌年回头看: the meeting, and project by project whether it still serves."""

    STATES = [("good", _("运行良好")), ("problem", _("存在问题，交责任单位整改"))]

    def prepare(self) -> None:
        super().prepare()
        for project in selectors.projects_to_look_back_at(self.subject):
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

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not self.agreed():
            self.add_error(None, _("回头看记录须经主席团全体成员过半数同意。"))
        return data
