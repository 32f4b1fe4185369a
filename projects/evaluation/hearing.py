"""When the year's projects are asked about: on site as each is accepted, everything from 1 October before T2 (steps.md, Q4).

It runs beside supervision and is joined where the presidium reports to the congress.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import localdate

from projects.cycles.models import Cycle, CycleState
from projects.cycles.selectors import session_date
from projects.evaluation import selectors
from projects.supervision.models import Project, ProjectState
from workflow.people.saying import said as _

UNDER_WAY = (CycleState.SUPERVISING, CycleState.EVALUATING)


def begins_on(cycle: Cycle) -> date:
    """The first day of the last fourth quarter before the evaluation session."""
    t2 = session_date(cycle, "evaluation")
    return date(t2.year if t2.month >= 10 else t2.year - 1, 10, 1)


def is_due(cycle: Cycle, on: date) -> bool:
    """Whether all of a year's projects are asked about by now."""
    return cycle.state in UNDER_WAY and on >= begins_on(cycle)


def is_to_be_reviewed(project: Project) -> bool:
    """Whether a group is still to go and see: accepted or not, unless the presidium has heard the reviews already."""
    return (
        project.group_id is not None
        and project.state != ProjectState.STOPPED
        and project.cycle.state in UNDER_WAY
        and not project.reviews.exists()
        and not selectors.reviews_heard(project.cycle)
    )


def obstacles_to_concluding(cycle: Cycle, at: datetime) -> list[str]:
    """The presidium hears every group that has a project of the year."""
    return [
        _("“%(title)s”尚未现场评议，由代表监督小组办理。") % {"title": project.title}
        for project in selectors.judged_projects(cycle)
        if is_to_be_reviewed(project)
    ]


def obstacles_to_closing_round(cycle: Cycle, at: datetime) -> list[str]:
    """The round is not over before the quarter it belongs to has begun, unless the government has reported already."""
    first = begins_on(cycle)
    if cycle.state == CycleState.EVALUATING or localdate(at) >= first:
        return []
    return [_("群众评价在第四季度集中进行，%(day)s起方可结束。") % {"day": date_format(first)}]


def still_to_be_heard(cycle: Cycle) -> list[str]:
    """What of it the presidium's report still waits for."""
    found = []
    if not selectors.residents_heard(cycle):
        found.append(_("群众评价尚未结束，由人大办办理。"))
    if not selectors.reviews_heard(cycle):
        found.append(_("主席团尚未听取现场评议情况。"))
    return found
