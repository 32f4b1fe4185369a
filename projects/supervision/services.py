"""Step 5's acts for the whole year: founding the projects, handing them over, the groups, the special report."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from projects.cycles.models import Cycle
from projects.cycles.papers import make_paper
from projects.selection.models import Item
from projects.supervision.models import Project, ProjectState
from projects.supervision.selectors import elected_unfounded, projects_of, unwatched, votes_by_item
from workflow.audit.services import Act, write_down
from workflow.flows.models import Meeting
from workflow.machines.services import fire
from workflow.people.models import Unit, UnitKind, User
from workflow.people.services import create_unit
from workflow.roles.services import grant


def found_projects(act: Act, cycle: Cycle) -> list[Project]:
    """One project per elected item, with what the congress decided of it; what is founded already stays."""
    votes = votes_by_item(cycle)
    last = projects_of(cycle).aggregate(last=Max("number"))["last"] or 0
    return [
        found_project(act, cycle, item, number=number, votes=votes.get(item.reference))
        for number, item in enumerate(elected_unfounded(cycle), last + 1)
    ]


def found_project(act: Act, cycle: Cycle, item: Item, *, number: int, votes: int | None = None) -> Project:
    """Found one project; a deadline nobody named is the end of the project year (rules.md §1)."""
    project = Project.objects.create(
        unit=cycle.unit,
        cycle=cycle,
        item=item,
        number=number,
        title=item.title,
        content=item.content,
        category=item.category,
        place=item.place,
        target=item.target or item.milestone,
        budget_fen=item.investment_fen,
        finish_by=item.finish_by or date(cycle.year, 12, 31),
        department=item.department,
        leader=item.leader,
        votes=votes,
    )
    write_down(
        act,
        "project.found",
        project.reference,
        about=cycle.reference,
        step=5,
        after={"item": item.reference, "number": number, "finish_by": str(project.finish_by)},
        label=project.title,
    )
    return project


def hand_over(
    act: Act, cycle: Cycle, *, meeting: Meeting, number: str, words: str, rows: dict[int, dict[str, Any]]
) -> None:
    """交办: every project gets its responsible unit and leader. rows: project id → {"leader", "department"}."""
    projects = list(projects_of(cycle).filter(state=ProjectState.ELECTED))
    for project in projects:
        _name_leader(project, rows[project.pk]["leader"])
        missing = {} if project.department_id else {"department": rows[project.pk]["department"]}
        fire(project, "assign", act, **missing)
    make_paper(
        act,
        cycle,
        "assignment",
        _("%(cycle)s交办单") % {"cycle": cycle},
        body=words or meeting.minutes,
        number=number,
        data={"projects": [_assigned(project) for project in projects], "meeting": meeting.pk},
        step=5,
    )


def _name_leader(project: Project, leader: str) -> None:
    # Beside the arrow, not with it: a person's name stays out of the trail.
    Project.objects.filter(pk=project.pk).update(leader=leader)
    project.leader = leader


def _assigned(project: Project) -> dict[str, Any]:
    """One line of the 交办单; the responsible leader is an office-holder's name on a public paper."""
    return {
        "number": project.number,
        "title": project.title,
        "department": project.department.name if project.department else "",
        "leader": project.leader,
        "finish_by": project.finish_by.isoformat(),
    }


def form_groups(act: Act, cycle: Cycle, *, meeting: Meeting, members: dict[int, list[User]]) -> None:
    """One supervision group per project, of deputies (组织法 43); members: project id → its deputies."""
    for project in projects_of(cycle):
        if project.group_id is None and project.pk in members:
            form_group(act, project, members[project.pk])
    make_paper(
        act,
        cycle,
        "minutes",
        _("主席团会议纪要（组建代表监督小组）"),
        body=meeting.minutes,
        data={"groups": {str(pk): len(users) for pk, users in members.items()}},
        step=5,
    )


def form_group(act: Act, project: Project, members: list[User]) -> Unit:
    """A group's unit under the township, with every member's office of inspector."""
    group = create_unit(
        code=f"{project.unit.code}-G{project.pk}",
        name=_("“%(title)s”代表监督小组") % {"title": project.title[:50]},
        kind=UnitKind.GROUP,
        parent=project.unit,
    )
    for user in members:
        grant(user=user, office="inspector", unit=group, act=act, since=act.on)
    Project.objects.filter(pk=project.pk).update(group=group)
    project.group = group
    write_down(
        act,
        "project.form_group",
        project.reference,
        about=project.about,
        step=5,
        after={"group": group.code, "members": len(members)},
        label=project.title,
    )
    return group


def renew_groups(act: Act, cycle: Cycle, *, meeting: Meeting, members: dict[int, list[User]]) -> None:
    """New members in the groups a change of term has emptied; what their predecessors left open is theirs now."""
    for project in unwatched(cycle, act.on):
        if project.group and project.pk in members:
            for user in members[project.pk]:
                grant(user=user, office="inspector", unit=project.group, act=act, since=act.on)
    make_paper(
        act,
        cycle,
        "minutes",
        _("主席团会议纪要（换届后重新组建代表监督小组）"),
        body=meeting.minutes,
        data={"groups": {str(pk): len(users) for pk, users in members.items()}},
        step=5,
    )
