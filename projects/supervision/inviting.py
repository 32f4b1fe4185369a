"""Outside experts and third parties beside the deputies of a supervision group (steps.md, Offices, inspector)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from projects.cycles.papers import make_paper
from projects.cycles.services import presidium_decided
from projects.supervision.models import GOING_ON, Project
from projects.supervision.selectors import group_members
from workflow.administration.accounts import create_person
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.people.models import User
from workflow.people.saying import said as _
from workflow.roles.services import GrantRefused, grant

EXPERT = "expert"


def obstacles_to_inviting(project: Project, at: datetime) -> list[str]:
    """There must be a group to join, and work to look at."""
    if project.group_id is None:
        return [_("代表监督小组尚未组建，由主席团组建。")]
    return [] if project.state in GOING_ON else [_("项目已不在实施，不再邀请专家、第三方。")]


def invite(
    act: Act,
    project: Project,
    *,
    username: str,
    name: str,
    capacity: str,
    organisation: str,
    until: date,
    **minutes: Any,
) -> None:
    """邀请专家、第三方: they see step 5, visit and point out problems; re-check and acceptance stay the deputies'.

    A user name nobody has makes an account, without a password anybody knows: the keeper prints its first slip.
    minutes: the presidium's meeting as its form took it down; the form has refused one that did not agree.
    """
    group = project.group
    if group is None:
        raise Refused(*obstacles_to_inviting(project, act.at))
    title = _("邀请%(who)s参加代表监督小组") % {"who": organisation}
    meeting = presidium_decided(act, project.cycle, title, **minutes)
    user = (
        User.objects.filter(username=username).first()
        or create_person(act, username=username, name=name).user
    )
    if user in group_members(project, act.on):
        raise Refused(_("该人员已是本组代表，不必邀请。"))
    try:
        grant(
            user=user,
            office=EXPERT,
            unit=group,
            act=act,
            since=act.on,
            until=until,
            title=f"{capacity}（{organisation}）"[:40],
        )
    except GrantRefused as refused:
        raise Refused(str(refused)) from refused
    make_paper(
        act,
        project.cycle,
        "minutes",
        title,
        body=meeting.minutes,
        data={"capacity": capacity, "organisation": organisation, "until": until.isoformat()},
        subject=project.reference,
        step=5,
    )
