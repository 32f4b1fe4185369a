"""Reports by the period, and the red light."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.supervision import lights, rules
from projects.supervision.forms.days import DayForm
from projects.supervision.models import Milestone
from projects.supervision.selectors import expected_of, light_shown, scale_of
from workflow.flows.fields import ChineseDateField, FenField, PhotosField, choice_field, record_field
from workflow.flows.forms import StepForm
from workflow.people.saying import bracketed, listed


def _published_reason(label: Any) -> forms.CharField:
    """Why a light is set by hand or no longer: everybody reads it."""
    return forms.CharField(
        label=label,
        help_text=_("写明实际情况和依据；理由向社会公开，不要写入个人信息。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        min_length=4,
        max_length=300,
    )


class MilestonesField(forms.ModelMultipleChoiceField):
    """A choice of milestones, each named with its day and what should be reached by then."""

    def label_from_instance(self, obj: Milestone) -> str:
        return bracketed(obj.title, listed([obj.due_on, f"{obj.percent}%"], "，"))


class ProgressForm(StepForm):
    """One period's figures; the light is worked out, never entered."""

    percent = forms.IntegerField(label=_("形象进度（%）"), min_value=0, max_value=100)
    invested_fen = FenField(label=_("累计完成投资"))
    funded_fen = FenField(label=_("累计资金到位"))
    milestones_done = MilestonesField(
        Milestone.objects.none(),
        label=_("已完成的节点"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    problems = forms.CharField(
        label=_("存在问题"),
        help_text=_("落后计划时必填，写明原因和办法。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )
    photos = PhotosField(label=_("现场照片"), required=False)

    def prepare(self) -> None:
        rows = self.subject.milestones.filter(done_on=None)
        record_field(self, "milestones_done").queryset = rows
        for name in ("percent", "invested_fen", "funded_fen"):
            self.fields[name].initial = getattr(self.subject, name)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "percent" in data and data["percent"] < self.subject.percent:
            self.add_error(
                "percent", _("累计进度不能小于上期的 %(last)s%%。") % {"last": self.subject.percent}
            )
        if not self.errors and self.behind(data["percent"]) and not data["problems"]:
            self.add_error("problems", _("进度落后于计划，须写明原因和办法。"))
        return data

    def behind(self, percent: int) -> bool:
        """Whether the period ends at least a yellow light's lag behind plan."""
        expected = expected_of(self.subject, rules.period_named(self.item["period"]).last)
        return expected - percent >= self.subject.cycle.rules.light_yellow_points


class RedLightForm(DayForm):
    """红灯督办: measures, who answers for them, and the day the project is back on plan."""

    private = ("responsible",)
    measures = forms.CharField(
        label=_("督办内容和措施"), widget=forms.Textarea(attrs={"rows": 4}), min_length=4, max_length=4000
    )
    responsible = forms.CharField(label=_("责任人"), max_length=40)
    back_on = ChineseDateField(label=_("赶上计划的期限"))

    def clean_back_on(self) -> Any:
        day = self.cleaned_data["back_on"]
        if day <= self.act.on:
            raise forms.ValidationError(_("期限须晚于今天。"))
        return day


class SetLightForm(StepForm):
    """人工调整亮灯: one of the scale's colours and why; what it brings with it is shown before it is confirmed."""

    foresees = True
    light = forms.ChoiceField(label=_("调整为"), widget=forms.RadioSelect)
    reason = _published_reason(_("调整理由"))

    def prepare(self) -> None:
        field = choice_field(self, "light")
        field.choices = [
            (colour, bracketed(rules.COLOURS[colour], rules.LIGHT_WORDS[colour]))
            for colour in rules.colours_to_set(scale_of(self.subject.cycle.rules))
        ]
        field.help_text = _("现在：%(light)s") % {"light": light_shown(self.subject).words}

    def clean_light(self) -> str:
        colour: str = self.cleaned_data["light"]
        if faults := lights.faults_in_setting(self.subject, colour, self.act.at):
            raise forms.ValidationError(faults)
        return colour

    def foreseen(self) -> list[str]:
        """Until when it stands, and what becomes of the 督办."""
        return _foreseen(self.subject.light, self.cleaned_data["light"])


class RestoreLightForm(StepForm):
    """撤销亮灯的人工调整: why what was set by hand stands no longer."""

    foresees = True
    reason = _published_reason(_("撤销理由"))

    def foreseen(self) -> list[str]:
        """What becomes of the 督办."""
        return _foreseen(self.subject.light, self.subject.lit.worked_out)


def _foreseen(before: str, light: str) -> list[str]:
    """What the change of a light brings with it."""
    told = [gettext("责任单位将收到通知；公开页面同时更新。")]
    if light == rules.RED:
        told.append(gettext("亮红灯即督办：没有正在办理的督办的，由乡镇长办理。"))
    elif before == rules.RED:
        told.append(gettext("不再是红灯：正在办理的红灯督办随即终止。"))
    return told
