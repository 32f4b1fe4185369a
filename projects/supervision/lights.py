"""A light set by hand (rules.md §7): by the chair, who answers for the presidium's day-to-day work between its meetings.

It stands until the next progress report is handed in, or the work is reported complete, suspended or ended: the facts it
was made for are others then. While a report is missing it yields where that asks for a more urgent light.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from projects.supervision.models import Project, ProjectState
from projects.supervision.rules import Lit, set_by_hand, setting_faults
from projects.supervision.selectors import overdue_reports, scale_of
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.machines.services import fire
from workflow.people.saying import said as _

FIELDS = ("light", "light_set_aside", "light_reason")


def hold(project: Project) -> None:
    """Hold the project's row and read its light as it now stands: whoever sets it holds the row as well."""
    rows = Project.objects.select_for_update(no_key=True)
    project.refresh_from_db(fields=FIELDS, from_queryset=rows)


def relit(project: Project, lit: Lit) -> dict[str, Any]:
    """The fields an arrow sets for a light: its colour always, the rest where a setting by hand begins, changes or ends."""
    fields = dict(zip(FIELDS, (lit.shown, lit.set_aside, lit.reason), strict=True))
    return {
        name: value for name, value in fields.items() if name == "light" or value != getattr(project, name)
    }


def setting_ended(project: Project) -> dict[str, Any]:
    """What an arrow sets beside its own fields where a setting by hand ends with it; nothing where there is none."""
    hold(project)
    return relit(project, Lit(project.lit.worked_out)) if project.light_reason else {}


def faults_in_setting(project: Project, colour: str, at: datetime) -> list[str]:
    """Why the project's light may not be set to this colour by hand at this moment."""
    scale, overdue = scale_of(project.cycle.rules), overdue_reports(project, at)
    return setting_faults(scale, project.lit, colour, overdue)


def obstacles_to_setting(project: Project, at: datetime) -> list[str]:
    """A light says something only of work under way."""
    if project.state == ProjectState.BUILDING:
        return []
    state = {"state": project.get_state_display()}
    return [_("项目当前为“%(state)s”，只有实施中的项目可以人工调整亮灯。") % state]


def obstacles_to_restoring(project: Project, at: datetime) -> list[str]:
    """There is something to withdraw only while the light is set by hand."""
    return [] if project.light_reason else [_("项目的亮灯没有人工调整，不需要撤销。")]


def set_light(act: Act, project: Project, *, light: str, reason: str) -> None:
    """Set the light by hand; the entry names the colour before, the one after, the one worked out and why. Or Refused."""
    hold(project)
    if faults := faults_in_setting(project, light, act.at):
        raise Refused(*faults)
    _fire(act, project, "adjust_light", set_by_hand(project.lit, light, reason), reason)


def restore_light(act: Act, project: Project, *, reason: str) -> None:
    """Withdraw what was set by hand: the light worked out is shown again. Refused where nothing was set."""
    hold(project)
    if why_not := obstacles_to_restoring(project, act.at):
        raise Refused(*why_not)
    _fire(act, project, "restore_light", Lit(project.lit.worked_out), reason)


def _fire(act: Act, project: Project, arrow: str, lit: Lit, reason: str) -> None:
    before = {"light_before": project.light}
    fire(project, arrow, act, reason=reason, besides=before, **relit(project, lit))
