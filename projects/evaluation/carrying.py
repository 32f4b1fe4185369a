"""跨年续建: a project not finished in its year goes on by the presidium's decision, and adds to the dossier later."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from projects.cycles.models import CycleState
from projects.cycles.papers import make_paper
from projects.cycles.services import presidium_decided
from projects.evaluation import wording
from projects.evaluation.models import Archive
from projects.supervision.changing import move_what_hangs_on_the_end
from projects.supervision.models import GOING_ON, Project
from workflow.audit.services import Act
from workflow.machines.services import fire
from workflow.people.saying import said as _


def obstacles_to_carrying(project: Project, at: datetime) -> list[str]:
    """Between the government's report on completion and the closing of the year, for what is not accepted yet."""
    found = []
    if project.cycle.state != CycleState.EVALUATING:
        found.append(_("政府报告完成情况以后、年度归档以前，由主席团决定跨年续建。"))
    if project.state not in GOING_ON:
        found.append(_("项目当前为“%(state)s”，不需要跨年续建。") % {"state": project.get_state_display()})
    if project.carried_on:
        found.append(_("已经决定跨年续建。"))
    return found


def carry_over(act: Act, project: Project, *, reason: str, carried_until: date, **minutes: Any) -> None:
    """The year may close over the project; target, cost, deadline and place stay as the congress decided them.

    Its open tasks that hang on the plan's finish, the acceptance above all, are due by the day now expected.

    minutes: the presidium's meeting as its form took it down; the form has refused one that did not agree.
    """
    meeting = presidium_decided(act, project.cycle, _("决定项目跨年续建"), **minutes)
    fire(
        project,
        "carry_over",
        act,
        reason=reason,
        carried_on=act.on,
        carried_until=carried_until,
        carried_reason=reason,
    )
    move_what_hangs_on_the_end(project)
    make_paper(
        act,
        project.cycle,
        "minutes",
        _("主席团会议纪要（“%(title)s”跨年续建）") % {"title": project.title},
        body=wording.joined(meeting.minutes, wording.carried_text(project)),
        data={"carried_until": str(carried_until), "for": meeting.votes_for, "of": meeting.members},
        subject=project.reference,
        step=6,
    )


def adds_to_dossier(project: Project) -> bool:
    """Whether what happens to the project now is too late for its year's own dossier."""
    return bool(project.carried_on) and Archive.objects.filter(cycle=project.cycle_id).exists()


def hand_addendum(act: Act, project: Project, *, receiver: str, keeper: str, checker: str, body: str) -> None:
    """移交补充卷宗: the list of what is handed over; a worker puts it together."""
    make_paper(
        act,
        project.cycle,
        "transfer_list",
        _("补充卷宗移交清单：“%(title)s”") % {"title": project.title},
        body=wording.joined(body, wording.handed_over_text(project.unit, receiver)),
        data={"receiver": receiver, "keeper": keeper, "checker": checker},
        subject=project.reference,
        step=6,
    )
