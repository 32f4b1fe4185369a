"""What is done on one project: its plan, reports and acceptance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from projects.cycles.papers import attach, detach, make_paper, take_out
from projects.supervision import lights, rules
from projects.supervision.models import (
    Contract,
    Milestone,
    Plan,
    Progress,
    Project,
    ProjectState,
)
from projects.supervision.selectors import (
    awaited_of,
    expected_of,
    open_findings,
    pending_changes,
    scale_of,
)
from workflow.audit.models import Entry
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.flows.taking_back import what_was
from workflow.machines.services import fire
from workflow.people.saying import said as _


def draw_up_plan(
    act: Act,
    project: Project,
    *,
    target: str = "",
    starts_on: date,
    finish_by: date,
    tender_by: date | None = None,
    no_tender: str = "",
    contract_by: date | None = None,
    funds: str,
    safeguards: str,
    responsible: str,
    milestones: Sequence[rules.Point],
    titles: Sequence[str],
) -> None:
    """项目建设计划书: the five things 陕西规定 17 asks for, and the dated nodes progress is measured by.

    target: only for a project of which the congress decided none; a decided one is no plan's to alter (陕西规定 18).
    """
    if target and project.target:
        raise Refused(_("年度目标由代表大会票决确定，实施计划不能改动；确需调整的，由乡镇长按规定提出。"))
    with transaction.atomic():
        Plan.objects.update_or_create(
            project=project,
            defaults={
                "unit": project.unit,
                "target": target,
                "starts_on": starts_on,
                "finish_by": finish_by,
                "tender_by": tender_by,
                "no_tender": no_tender,
                "contract_by": contract_by,
                "funds": funds,
                "safeguards": safeguards,
                "responsible": responsible,
                "replaced": _drawn_up(project),
            },
        )
        project.milestones.all().delete()
        Milestone.objects.bulk_create(
            Milestone(unit=project.unit, project=project, title=title, due_on=point.on, percent=point.percent)
            for title, point in zip(titles, milestones, strict=True)
        )


DRAWN_UP = (
    "target", "starts_on", "finish_by", "tender_by", "no_tender", "contract_by", "funds", "safeguards", "responsible",
)  # fmt: skip


def _drawn_up(project: Project) -> dict[str, Any]:
    """The plan as it was last handed in with its nodes, as JSON has it; empty where there is none yet."""
    plan = Plan.objects.filter(project=project).values(*DRAWN_UP).first()
    if plan is None:
        return {}
    days = {name: day and day.isoformat() for name, day in plan.items() if isinstance(day, date)}
    nodes = project.milestones.values_list("title", "due_on", "percent")
    return {**plan, **days, "milestones": [[title, on.isoformat(), part] for title, on, part in nodes]}


def undo_plan(act: Act, project: Project, *, done: Entry, reason: str) -> None:
    """The counter-act of drawing up a plan: the one handed in before stands again, or there is none."""
    plan = Plan.objects.select_for_update().get(project=project)
    before = dict(plan.replaced)
    project.milestones.all().delete()
    if not before:
        plan.delete()
        return
    nodes = before.pop("milestones")
    Plan.objects.filter(pk=plan.pk).update(**before, replaced={})
    Milestone.objects.bulk_create(
        Milestone(unit=project.unit, project=project, title=title, due_on=on, percent=part)
        for title, on, part in nodes
    )


def confirm_plan(act: Act, project: Project) -> None:
    """The head of the government stands behind the plan; nothing of it changes."""
    if not Plan.objects.filter(project=project).exists():
        raise Refused(_("实施计划尚未编制。"))


def review_plan(act: Act, project: Project, *, meeting: Meeting, return_reason: str) -> Outcome | None:
    """The presidium agrees and the plan is published, or it goes back to the department."""
    if not meeting.agreed:
        return Outcome(returns_to="plan", reason=return_reason)
    Plan.objects.filter(project=project).update(published_at=act.at, replaced={})
    fire(project, "begin", act, building_since=act.on)
    return None


def obstacles_to_plan(project: Project, at: datetime) -> list[str]:
    """A plan moves on while the project is assigned; a suspended one waits."""
    if project.state == ProjectState.ASSIGNED:
        return []
    return [
        _("项目当前为“%(state)s”，实施计划暂不能办理；恢复实施须由乡镇长提出、依规定决定。")
        % {"state": project.get_state_display()}
    ]


def report_progress(
    act: Act,
    project: Project,
    *,
    item: dict[str, Any],
    percent: int,
    invested_fen: int,
    funded_fen: int,
    problems: str,
    milestones_done: Sequence[Milestone] = (),
    photos: Sequence[UploadedFile] = (),
) -> Outcome:
    """One period's report: expected progress and the light are worked out as of the period's last day.

    A light set by hand ends with it: that was judged by what was known before.
    """
    period = rules.period_named(item["period"])
    expected = expected_of(project, period.last)
    standing = rules.Standing(percent, expected, project.plan.starts_on, period.last)
    light = rules.light_of(scale_of(project.cycle.rules), standing)
    lights.hold(project)
    was = {name: getattr(project, name) for name in REPORTED}
    fire(
        project,
        "report",
        act,
        percent=percent,
        invested_fen=invested_fen,
        funded_fen=funded_fen,
        **lights.relit(project, rules.Lit(light)),
    )
    Progress.objects.create(
        unit=project.unit,
        project=project,
        period=period.label,
        on=act.on,
        percent=percent,
        expected=expected,
        invested_fen=invested_fen,
        funded_fen=funded_fen,
        problems=problems,
        light=light,
        by=act.person,
    )
    reached = Milestone.objects.filter(pk__in=[m.pk for m in milestones_done], done_on=None)
    was["milestones"] = sorted(reached.values_list("pk", flat=True))
    reached.update(done_on=act.on)
    for photo in photos:
        attach(act, project.reference, photo, public=True)
    return Outcome(after={"light": light, "expected": expected, "period": period.label, "was": was})


REPORTED = ("percent", "invested_fen", "funded_fen", *lights.FIELDS)  # what a report changes of its project


def undo_report(act: Act, project: Project, *, done: Entry, reason: str, item: dict[str, Any]) -> None:
    """The counter-act of a period's report: its figures, its light, nodes and photos are gone, the last ones stand.

    Refused where the next period is reported already, the work has been reported complete, or the light has been set by
    hand on the strength of it.
    """
    was = what_was(done)
    nodes = was.pop("milestones")
    report = project.reports.get(period=rules.period_named(item["period"]).label)
    if project.reports.filter(period__gt=report.period).exists():
        raise Refused(_("之后的报告期已经报告，不能取回；请在下一期报告中更正。"))
    lights.hold(project)
    if project.light_reason:
        raise Refused(_("报告之后人大主席已人工调整亮灯，不能取回；须先撤销人工调整。"))
    fire(project, "unreport", act, reason=reason, **was)
    report.delete()
    Milestone.objects.filter(pk__in=nodes).update(done_on=None)
    detach(project.reference, done)


def answer_red_light(act: Act, project: Project, *, measures: str, responsible: str, back_on: date) -> None:
    """督办: what is done about it, by whom, and by when the project is back on plan."""
    make_paper(
        act,
        project.cycle,
        "rectification",
        _("红灯督办办理情况：“%(title)s”") % {"title": project.title},
        body=measures,
        data={"responsible": responsible, "back_on": str(back_on), "light": project.light},
        subject=project.reference,
        step=5,
    )


def undo_red_light(act: Act, project: Project, *, done: Entry, reason: str) -> None:
    """The counter-act of an answer to a red light: its paper leaves the file."""
    take_out(project.cycle, "rectification", done)


def obstacles_to_accepting(project: Project, at: datetime) -> list[str]:
    """What stands in the way of completion: the state, open findings, a change under way, a missing group."""
    found = []
    if project.state != ProjectState.BUILDING:
        found.append(_("项目当前为“%(state)s”，不能申请验收。") % {"state": project.get_state_display()})
    found += obstacles_to_agreeing(project, at)
    if pending_changes(project).exists():
        found.append(_("还有一项调整申请未决定或未公告，须先办完。"))
    if {Contract.Kind.TENDER, Contract.Kind.CONTRACT} & awaited_of(project):
        found.append(_("实施计划列明的招标采购、合同尚未登记，由责任单位登记。"))
    if project.group_id is None:
        found.append(_("代表监督小组尚未组建，由主席团组建。"))
    return found


def apply_for_acceptance(
    act: Act, project: Project, *, completed_on: date, materials: str, files: Sequence[UploadedFile] = ()
) -> None:
    """验收材料: the department reports completion."""
    if reasons := obstacles_to_accepting(project, act.at):
        raise Refused(*reasons)
    ended = lights.setting_ended(project)
    fire(project, "finish", act, completed_on=completed_on, percent=100, **ended)
    Milestone.objects.filter(project=project, done_on=None).update(done_on=completed_on)
    paper = make_paper(
        act,
        project.cycle,
        "acceptance",
        _("验收材料：“%(title)s”") % {"title": project.title},
        body=materials,
        data={"completed_on": str(completed_on)},
        subject=project.reference,
        step=5,
    )
    for upload in files:
        attach(act, paper.reference, upload)


def obstacles_to_agreeing(project: Project, at: datetime) -> list[str]:
    """A problem found after completion was reported is put right before the group agrees, or the matter goes back."""
    count = open_findings(project).count()
    return (
        [_("还有 %(count)s 个问题未整改销号，由责任单位整改、提出人复查。") % {"count": count}]
        if count
        else []
    )


def accept(act: Act, project: Project, *, words: str) -> None:
    """验收: the deputies' group agrees."""
    if reasons := obstacles_to_agreeing(project, act.at):
        raise Refused(*reasons)
    light = rules.accepted_light(scale_of(project.cycle.rules))
    fire(project, "accept", act, accepted_on=act.on, light=light)
    make_paper(
        act,
        project.cycle,
        "acceptance",
        _("代表监督小组验收意见：“%(title)s”") % {"title": project.title},
        body=words,
        data={"signature": project.group.name} if project.group else None,
        subject=project.reference,
        step=5,
    )


def refuse_acceptance(act: Act, project: Project, *, to: str, reason: str) -> None:
    """The group does not agree that it is complete: back to the department."""
    reported = project.reports.order_by("period").last()
    percent = reported.percent if reported else 0
    fire(project, "reopen", act, reason=reason, completed_on=None, percent=percent)
