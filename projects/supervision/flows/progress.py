"""Reports by the period, and the red light."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import nodes
from viewflow.workflow.models import Process, Task

from projects.cycles.flows import YearlyFlow
from projects.supervision import building, rules, selectors
from projects.supervision.flows.seats import department_of, subject_of
from projects.supervision.forms import progress as forms
from projects.supervision.models import Project
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.base import Begin
from workflow.flows.errors import Refused, Taken
from workflow.flows.models import Deadline
from workflow.flows.nodes import Gate, OfficeEnd, OfficeView
from workflow.flows.processes import call_off, running
from workflow.flows.taking_back import acts_on


def _is_red(activation: Any) -> bool:
    return subject_of(activation).light == rules.RED


def begin_red_light(project: Project) -> None:
    """A red light is a 督办 task, one at a time."""
    if not running(RedLightFlow, project).exists():
        RedLightFlow.begin(project)


def follow_light(act: Act, project: Project, before: str) -> None:
    """The 督办 of a light set by hand or restored: a red one asks for it, one that is red no more for none."""
    if project.light == rules.RED:
        begin_red_light(project)
    elif before == rules.RED:
        call_off(RedLightFlow, project, act, reason=gettext("亮灯已调整，不再是红灯"))


def _undo_red_light(act: Act, project: Project, *, done: Entry, reason: str) -> None:
    """One at a time: where a later report has raised another, that one is answered."""
    if running(RedLightFlow, project).exists():
        raise Refused(gettext("该项目已有新的红灯督办，不能取回；请在新的督办中更正。"))
    building.undo_red_light(act, project, done=done, reason=reason)


def _raised_by(project: Project, done: Entry) -> list[Deadline]:
    """The red light a report has raised, done or not: its task was made by the report's own alarm; none for others'."""
    task = Task.objects.get(pk=str(json.loads(done.body)["task"]).rpartition("/")[2])
    alarms = task.process.task_set.filter(flow_task=ProgressFlow.alarm, pk__gt=task.pk).order_by("-pk")
    if (alarm := alarms.first()) is None:
        return []
    lights = Deadline.objects.filter(subject=project.reference, key="supervision.red_light", cancelled=False)
    return list(lights.filter(pk__gt=alarm.pk).select_related("task").order_by("pk"))


def _undo_report(act: Act, project: Project, *, done: Entry, reason: str, item: dict[str, Any]) -> None:
    """The red light it has raised goes with the report, while nobody has acted on that either."""
    raised = _raised_by(project, done)
    if acted_on := [sentence for deadline in raised for sentence in acts_on(deadline.task)]:
        raise Taken(*acted_on)
    if raised:
        call_off(RedLightFlow, project, act, reason=gettext("进度报告已取回"))
    building.undo_report(act, project, done=done, reason=reason, item=item)


class ProgressFlow(YearlyFlow):
    """一期进度报告"""

    room, step = "supervision", 5
    process_title = _("进度报告")

    start = Begin().Next(this.progress, task_data=lambda activation: activation.task.data)
    progress = OfficeView(
        office="department",
        seat=department_of,
        title=_("报告进度"),
        form=forms.ProgressForm,
        act=building.report_progress,
        context=selectors.project_file,
        page="steps/supervision/progress.html",
        basis=_("按本年度规则规定的周期报告形象进度、完成投资、资金到位；小项目每季度报告"),
        output=_("进度报告"),
        undo=_undo_report,
        undo_past=("alarm",),
    ).Next(this.lit)
    lit = Gate(_is_red).Then(this.alarm).Else(this.end)
    alarm = nodes.Function(lambda activation: begin_red_light(subject_of(activation))).Next(this.end)
    end = OfficeEnd()

    @classmethod
    def begin(cls, subject: Any, *, period: str = "", **how: Any) -> Process:
        """Ask for the report on one period ("2027-03", "2027-Q1")."""
        rules.period_named(period)
        return super().begin(subject, item={"period": period}, **how)


class RedLightFlow(YearlyFlow):
    """红灯督办"""

    room, step = "supervision", 5
    process_title = _("红灯督办")

    start = Begin().Next(this.red_light)
    red_light = OfficeView(
        office="mayor",
        title=_("办理红灯督办"),
        form=forms.RedLightForm,
        act=building.answer_red_light,
        context=selectors.project_file,
        page="steps/supervision/project.html",
        basis=_("亮红灯即督办：写明措施、责任人和期限"),
        output=_("督办办理情况"),
        undo=_undo_red_light,
    ).Next(this.end)
    end = OfficeEnd()
