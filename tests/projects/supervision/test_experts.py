"""Outside experts and third parties in a supervision group: what they may do beside the deputies, and what not."""

from __future__ import annotations

import json
from datetime import date

import pytest

from projects.cycles.models import Paper
from projects.deliberation.models import Opinion
from projects.supervision.models import Finding, Inspection
from projects.supervision.selectors import experts_of, group_members
from tests.builders import at
from tests.projects.supervision.test_supervision import DONE, VISIT, fix, plan_fix
from workflow.audit.models import Entry
from workflow.flows.errors import InvalidForm, NotYourTurn, Obstructed
from workflow.flows.events import events_on
from workflow.people.isolation import SYSTEM, apply
from workflow.people.models import User
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

pytestmark = pytest.mark.django_db

EXPERT = {
    "username": "expert@T01",
    "name": "何工",
    "capacity": "专家",
    "organisation": "市质检站",
    "until": "2027-12-20",
}


def invite(year, day="2027-03-10", **more):
    data = year.presidium(day) | EXPERT | more
    return year.event("invite", year.town.of("clerk"), day, **data)


def invited(year) -> RoleGrant:
    year.building()
    invite(year)
    return RoleGrant.objects.get(office="expert")


def test_the_presidium_invites_an_expert_to_a_group(year):
    given = invited(year)
    project = year.project()
    assert (given.unit, given.title, given.until) == (project.group, "专家（市质检站）", date(2027, 12, 20))
    assert [g.user.name for g in experts_of(project, date(2027, 3, 11))] == ["何工"]
    assert group_members(project, date(2027, 3, 11)) == year.members()  # the deputies are still the deputies
    assert Paper.objects.filter(subject=project.reference, kind="minutes").exists()
    assert not Entry.objects.filter(body__contains="何工").exists()
    assert User.objects.get(username="expert@T01").must_change_password


def test_an_invitation_is_a_decision_of_the_presidium(year):
    year.building()
    n = len(year.town.people["presidium"])
    with pytest.raises(InvalidForm, match="没有形成决定"):
        invite(year, votes_for=0, votes_against=n)
    with pytest.raises(NotYourTurn):
        year.event("invite", year.town.of("mayor"), "2027-03-10", **(year.presidium("2027-03-10") | EXPERT))
    invite(year)


def test_staff_of_the_responsible_unit_are_not_invited_to_watch_it(year):
    year.building()
    clerk = year.clerk_of(year.project())
    with pytest.raises(InvalidForm, match="责任单位的工作人员"):
        invite(year, username=clerk.username, name=clerk.name)
    with pytest.raises(InvalidForm, match="属于另一人"):
        invite(year, username=clerk.username, name="别人")


def test_no_group_no_invitation(year):
    year.handed_over()
    with pytest.raises(Obstructed, match="尚未组建"):
        invite(year)


def test_an_expert_visits_the_own_project_and_no_other(year):
    given = invited(year)
    apply(context_of(given))
    year.event("inspect", given.user, "2027-05-20", **VISIT)
    apply(SYSTEM)
    assert Inspection.objects.get().by == given.user
    entry = json.loads(Entry.objects.get(action="supervision.inspect").body)
    assert entry["office"] == "expert"
    with pytest.raises(NotYourTurn):
        year.event("inspect", given.user, "2027-05-20", year.project(2), **VISIT)
    assert [e.key for e in events_on(year.project(), given, at("2027-05-20"))] == ["supervision.inspect"]


def test_what_an_expert_found_is_rechecked_by_a_deputy_of_the_group(year):
    given = invited(year)
    apply(context_of(given))
    year.event("inspect", given.user, "2027-05-20", **(VISIT | {"findings": "钢筋间距不符"}))
    apply(SYSTEM)
    finding = Finding.objects.get()
    assert finding.raised_as == "expert"
    plan_fix(year)
    fix(year, "2027-06-10")
    task = year.task("recheck")
    assert (task.office, task.task.owner) == ("inspector", None)
    with pytest.raises(NotYourTurn):
        year.do("recheck", given.user, "2027-06-12", decision="close")
    year.do("recheck", year.members()[1], "2027-06-12", decision="close")
    finding.refresh_from_db()
    assert finding.state == "closed"


def test_an_expert_neither_does_the_groups_tasks_nor_agrees_to_acceptance(year):
    given = invited(year)
    with pytest.raises(NotYourTurn):
        year.do("inspect", given.user, "2027-05-20", **VISIT)
    year.do("inspect", year.members()[0], "2027-05-20", **VISIT)
    year.do("accept", year.clerk_of(year.project()), "2027-10-09", **DONE)
    with pytest.raises(NotYourTurn):
        year.do("agree_acceptance", given.user, "2027-10-12", words="同意验收。")
    year.do("agree_acceptance", year.members()[0], "2027-10-12", words="同意验收。")


def test_an_expert_reads_step_five_alone(client, year):
    given = invited(year)
    RoleGrant.objects.filter(pk=given.pk).update(since=date(2026, 1, 1))  # pages act today
    Opinion.objects.create(
        unit=year.town.unit,
        cycle=year.cycle,
        delegation=year.town.delegations[0],
        words="审议意见。",
        by=year.town.deputies[0],
    )
    apply(context_of(given))
    assert not Opinion.objects.exists()
    User.objects.filter(pk=given.user_id).update(must_change_password=False)
    client.force_login(given.user)
    assert client.get(f"/projects/{year.project().pk}/").status_code == 200
    assert client.get("/pool/").status_code == 403
    client.force_login(year.town.of("clerk"))
    assert client.get("/pool/").status_code == 200
