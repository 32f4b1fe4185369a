"""Change of an elected project: the only way its target, cost, deadline or place ever moves (陕西 18)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from projects.ballots.desk import Desk
from projects.ballots.models import Purpose, Vote
from projects.ballots.questions import figures_by_ballot, is_carried
from projects.ballots.reporting import report_text
from projects.ballots.services import put_question
from projects.ballots.tellers import obstacles_at_desk
from projects.cycles.deadlines import DEADLINES
from projects.cycles.divisions import figures_of
from projects.cycles.due import due_date
from projects.cycles.models import Paper
from projects.cycles.papers import make_paper
from projects.cycles.selectors import open_session, standard_of
from projects.selection.models import Item
from projects.supervision import lights, rules
from projects.supervision.models import (
    Change,
    ChangeGrade,
    ChangeKind,
    ChangeState,
    Plan,
    Project,
    ProjectState,
)
from projects.supervision.selectors import (
    deputies_in_office,
    lines_of,
    pending_changes,
    projects_of,
    value_of,
)
from projects.supervision.services import found_project
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.models import Deadline, Meeting
from workflow.flows.services import Outcome
from workflow.machines.references import number_in
from workflow.machines.services import fire
from workflow.people.models import Unit
from workflow.people.saying import said as _

ALTERING = (ChangeKind.CONTENT, ChangeKind.COST, ChangeKind.DEADLINE, ChangeKind.PLACE, ChangeKind.UNIT)
# The act by which 人大办 enters whom the session has adopted to count its votes, before any of them opens (`events`).
ADOPTING = gettext_lazy("登记大会通过的监票人、计票人")
UNDONE_BY = {ChangeKind.SUSPEND: "resume", ChangeKind.RESUME: "suspend"}


# Asking


def obstacles_to_asking(project: Project, at: datetime) -> list[str]:
    """One change of a project at a time; none once it is finished or stopped."""
    found = []
    if project.state in (ProjectState.STOPPED, ProjectState.COMPLETED, ProjectState.ACCEPTED):
        found.append(_("项目已“%(state)s”，不能再申请调整。") % {"state": project.get_state_display()})
    if pending_changes(project).exists():
        found.append(_("该项目还有一项调整申请未决定或未公告，须先办完。"))
    return found


def ask_change(
    act: Act,
    project: Project,
    *,
    what: str,
    reason: str,
    proposed: dict[str, Any],
    grade: str = ChangeGrade.MAJOR,
) -> Change:
    """The government asks; nothing of the project moves. The caller begins the flow of the body that decides.

    grade: what the government takes it for; only the presidium makes it a minor one.
    """
    minor = grade == ChangeGrade.MINOR
    faults = [*rules.change_faults(what, project.state), *(rules.minor_faults(what) if minor else [])]
    if reasons := [*obstacles_to_asking(project, act.at), *faults]:
        raise Refused(*reasons)
    change = Change.objects.create(
        unit=project.unit,
        project=project,
        what=what,
        proposed=proposed,
        reason=reason,
        asked_on=act.on,
        grade=grade,
        body="presidium" if minor else rules.deciding_body(project.cycle.rules.change_policy, what),
    )
    write_down(
        act,
        "change.ask",
        change.reference,
        about=change.about,
        step=5,
        after={
            "project": project.reference,
            "what": what,
            "grade": grade,
            "body": change.body,
            "proposed": proposed,
        },
        reason=reason,
        label=change.label,
    )
    return change


# Classifying


def classify_change(act: Act, change: Change, *, meeting: Meeting, grounds: str) -> None:
    """The presidium finds the change minor and by that decides it, or finds it major: then the body for that decides.

    Either way with its grounds, in the minutes and in the trail.
    """
    if meeting.agreed:
        fire(change, "agree", act, reason=grounds, grade=ChangeGrade.MINOR, grounds=grounds)
    else:
        body = rules.deciding_body(change.project.cycle.rules.change_policy, change.what)
        fire(change, "make_major", act, reason=grounds, grade=ChangeGrade.MAJOR, grounds=grounds, body=body)
    make_paper(
        act,
        change.project.cycle,
        "minutes",
        _("主席团会议纪要（认定“%(title)s”%(what)s为%(grade)s）")
        % {
            "title": change.project.title,
            "what": change.get_what_display(),
            "grade": change.get_grade_display(),
        },
        body=meeting.minutes,
        data={"grade": change.grade, "grounds": grounds, "for": meeting.votes_for, "of": meeting.members},
        subject=change.reference,
        step=5,
    )


# Deciding


def obstacles_to_congress(change: Change, at: datetime) -> list[str]:
    """The congress decides in session, and on a known number of deputies in office (组织法 14, 25)."""
    found = []
    if open_session(change.unit) is None:
        found.append(_("须在人民代表大会会议期间决定；目前没有正在举行的会议，由主席团召集。"))
    if not deputies_in_office(change):
        found.append(_("尚未核定实有代表人数，由人大办核定。"))
    return found


def vote_on(change: Change) -> Vote:
    """The secret ballot the congress decides a change by; Vote.DoesNotExist before it is put to the vote."""
    held = Vote.objects.filter(purpose=Purpose.CHANGE, options__reference=change.reference)
    vote = held.select_related("session", "follows", "unit").order_by("pk").last()
    if vote is None:
        raise Vote.DoesNotExist(change.reference)
    return vote


def votes_on(changes: Sequence[Change]) -> dict[int, Vote]:
    """The same of several changes, by their primary keys, in two queries; one not put to the vote yet is not among them."""
    numbers = {change.reference: change.pk for change in changes}
    held = Vote.objects.filter(purpose=Purpose.CHANGE, options__reference__in=numbers).order_by("pk")
    options = [(option, vote) for vote in held.prefetch_related("options") for option in vote.options.all()]
    return {numbers[option.reference]: vote for option, vote in options if option.reference in numbers}


def is_put_to_vote(change: Change) -> bool:
    """Whether its ballot is defined."""
    return Vote.objects.filter(purpose=Purpose.CHANGE, options__reference=change.reference).exists()


def obstacles_to_voting(change: Change, at: datetime) -> list[str]:
    """The session, the deputies in office, and the tellers and counters of the desk."""
    return [
        *obstacles_to_congress(change, at),
        *obstacles_at_desk(change.project.cycle.unit, at, door=ADOPTING),
    ]


def put_to_vote(act: Act, change: Change) -> Outcome:
    """付表决: a question to the congress (`ballots.questions`)."""
    cycle = change.project.cycle
    vote = put_question(
        act,
        open_session(change.unit),
        cycle.rules,
        about=cycle.reference,
        purpose=Purpose.CHANGE,
        title=_("关于“%(title)s”%(what)s的表决")
        % {"title": change.project.title, "what": change.get_what_display()},
        option=(change.reference, str(change)),
        deputies_in_office=deputies_in_office(change),
        step=5,
    )
    return Outcome(after={"vote": vote.reference})


def _voted_on(vote: Vote) -> Iterable[Change]:
    numbers = [number_in(option.reference, Change) or 0 for option in vote.options.all()]
    return Change.objects.filter(pk__in=numbers)


DESK = Desk(
    vote_of=vote_on,
    votes_of=votes_on,
    purposes=(Purpose.CHANGE,),
    subjects_of=_voted_on,
    name=gettext_lazy("项目调整表决"),
    ready=obstacles_to_voting,
)


def declare_change(act: Act, change: Change, **_confirmed: bool) -> None:
    """The chair announces the vote: the change is agreed to, or the project stays as it is."""
    vote = DESK.declare(act, change)
    agreed = is_carried(vote)
    fire(change, "agree" if agreed else "refuse", act)
    told = f"{vote.session}以无记名投票方式对{change}进行表决。{report_text(vote)}"
    data = figures_by_ballot(vote) | {"vote": vote.reference}
    _by_congress(act, change, agreed=agreed, body=told, data=data)


def decide_change(act: Act, change: Change, *, meeting: Meeting) -> None:
    """The presidium agrees (more than half of all its members) or the project stays as it is."""
    fire(change, "agree" if meeting.agreed else "refuse", act)
    _decision_paper(act, change, meeting)


def ratify_change(act: Act, change: Change, *, meeting: Meeting) -> None:
    """The congress confirms the presidium's decision; where it does not, the project is put back."""
    if meeting.agreed:
        fire(change, "ratify", act)
    _decision_paper(act, change, meeting)


def _decision_paper(act: Act, change: Change, meeting: Meeting) -> Paper:
    if meeting.body != "congress":
        told = {"agreed": meeting.agreed, "for": meeting.votes_for, "of": meeting.members}
        return _paper(act, change, "minutes", _("主席团会议纪要"), body=meeting.minutes, data=told)
    data = figures_of(meeting, standard_of(change))
    return _by_congress(act, change, agreed=meeting.agreed, body=meeting.minutes, data=data)


def _by_congress(act: Act, change: Change, *, agreed: bool, body: str, data: dict[str, Any]) -> Paper:
    """决定 of the congress; what it did not agree to is no decision but a record of how it voted."""
    kind, word = ("resolution", _("决定")) if agreed else ("minutes", _("表决情况"))
    return _paper(act, change, kind, word, body=body, data=data)


def _paper(act: Act, change: Change, kind: str, word: Any, *, body: str, data: dict[str, Any]) -> Paper:
    title = _("关于“%(title)s”%(what)s的%(kind)s") % {
        "title": change.project.title,
        "what": change.get_what_display(),
        "kind": word,
    }
    return make_paper(
        act,
        change.project.cycle,
        kind,
        title,
        body=body,
        data=data,
        subject=change.reference,
        step=5,
    )


# Announcing and putting into effect


def put_into_effect(act: Act, change: Change, *, number: str, words: str) -> None:
    """项目调整公告: published, and from now on the project is as decided. Refused without a decision."""
    if change.state != ChangeState.AGREED:
        raise Refused(_("这项调整没有经过决定，不能公告、不能执行。"))
    project = Project.objects.select_related("cycle__unit", "department", "unit").get(pk=change.project_id)
    before = {name: value_of(project, name) for name in change.proposed if name != "item"}
    _move(act, project, change, change.proposed, before)
    Change.objects.filter(pk=change.pk).update(before=before)
    change.before = before
    fire(change, "announce", act)
    _notice(act, change, number=number, words=words, title=_("关于调整“%(title)s”的公告"))


def revoke_change(act: Act, change: Change, *, number: str, words: str) -> None:
    """The congress did not confirm it: the project is put back as it was, and that is announced too."""
    project = Project.objects.select_related("cycle__unit", "department", "unit").get(pk=change.project_id)
    now = {name: value_of(project, name) for name in change.before}
    _move(act, project, change, change.before, now, undo=True)
    fire(change, "revoke", act)
    _notice(
        act, change, number=number, words=words, title=_("关于“%(title)s”调整未获追认、恢复原定内容的公告")
    )


def _notice(act: Act, change: Change, *, number: str, words: str, title: str) -> None:
    make_paper(
        act,
        change.project.cycle,
        "change_notice",
        title % {"title": change.project.title},
        body=words,
        number=number,
        data={
            "what": change.what,
            "grade": change.grade,
            "grounds": change.grounds,
            "lines": [{k: str(v) for k, v in line.items()} for line in lines_of(change)],
        },
        subject=change.project.reference,
        step=5,
        publish=True,
    )


def _move(
    act: Act,
    project: Project,
    change: Change,
    values: dict[str, Any],
    before: dict[str, Any],
    *,
    undo: bool = False,
) -> None:
    """Move the project along the change's arrow with its new values, and what hangs on them."""
    kind = ChangeKind(change.what)
    arrow = UNDONE_BY.get(kind) if undo else None
    old_end = project.finish_by
    changes: dict[str, Any] = _fields(values)
    if (arrow or kind) == "resume":
        changes["building_since"] = act.on
    arrow_taken = _published(arrow or _arrow_of(kind, project.state), project)
    if arrow_taken in ("suspend", "stop"):
        changes |= lights.setting_ended(project)
    fire(project, arrow_taken, act, reason=change.reason, **changes)
    write_down(
        act,
        "change.undo" if undo else "change.effect",
        project.reference,
        about=project.about,
        step=5,
        before=before,
        after=dict(values),
        reason=change.reason,
        label=project.title,
    )
    if "finish_by" in values:
        _move_schedule(act, project, old_end)
    if "department" in values:
        _reseat(project)


def _arrow_of(kind: ChangeKind, state: str) -> str:
    if kind in ALTERING:
        return "alter" if state == ProjectState.BUILDING else "alter_planning"
    return "stop" if kind == ChangeKind.REPLACE else kind.value


def _published(arrow: str, project: Project) -> str:
    """Work resumes where it stood: a project whose plan was never published goes back to planning."""
    plan = Plan.objects.filter(project=project, published_at__isnull=False)
    return "resume_planning" if arrow == "resume" and not plan.exists() else arrow


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    """Kept values as the model's own."""
    read = {"finish_by": date.fromisoformat, "department": lambda pk: Unit.objects.get(pk=pk)}
    return {name: read.get(name, lambda v: v)(value) for name, value in values.items() if name != "item"}


def _move_schedule(act: Act, project: Project, old_end: date) -> None:
    """The plan follows a decided deadline: coming milestones are stretched, the acceptance is due on the new day."""
    Plan.objects.filter(project=project).update(finish_by=project.finish_by)
    for milestone in project.milestones.filter(done_on=None):
        milestone.due_on = rules.moved_day(
            milestone.due_on, today=act.on, old_end=old_end, new_end=project.finish_by
        )
        milestone.save(update_fields=["due_on"])
    move_what_hangs_on_the_end(project)


def move_what_hangs_on_the_end(project: Project) -> None:
    """The project's open tasks whose term is counted from the plan's finish are due from the day it now ends by."""
    hanging = [key for key, offset in DEADLINES.items() if offset.anchor == "plan"]
    for deadline in _open_tasks(project).filter(key__in=hanging):
        due = due_date(project.cycle, deadline.key, deadline.opened_on, plan=project.ends_by)
        if due:
            deadline.due_on, deadline.provisional = max(due.on, deadline.opened_on), due.provisional
            deadline.save(update_fields=["due_on", "provisional"])


def _reseat(project: Project) -> None:
    """Open tasks of the department go to the new one, unclaimed."""
    tasks = _open_tasks(project).filter(office="department")
    # The status is asked of the very rows: one that is being done meanwhile is done, and stays so.
    waiting = Task.objects.filter(pk__in=tasks.values("pk"), status__in=(STATUS.NEW, STATUS.ASSIGNED))
    waiting.update(
        owner=None, status=STATUS.NEW, assigned=None, owner_permission_obj_pk=str(project.department_id)
    )
    tasks.update(seat=project.department)


def _open_tasks(project: Project) -> Any:
    """The open tasks of a project and of its findings."""
    findings = [finding.reference for finding in project.findings.all()]
    return Deadline.objects.filter(subject__in=[project.reference, *findings], done_at=None, cancelled=False)


def found_replacement(act: Act, change: Change) -> Project:
    """替换: the item from the pool takes the place of the stopped project, with its group; the caller begins its flow.

    The decision makes it 替换入选; whatever moved it in the meantime makes the whole act a conflict.
    """
    old = change.project
    last = projects_of(old.cycle).aggregate(last=Max("number"))["last"]
    item = Item.objects.get(pk=change.proposed["item"])
    fire(item, "substitute", act, reason=change.reason, decision_reason=change.reason)
    new = found_project(act, old.cycle, item, number=last + 1)
    group = Project.objects.filter(pk=old.pk).values_list("group_id", flat=True).get()
    Project.objects.filter(pk=new.pk).update(group=group, leader=new.leader or old.leader)
    fire(new, "assign", act, department=new.department or old.department)
    if old.carried_on:
        _carry_like(act, new, old)
    new.refresh_from_db()
    return new


def _carry_like(act: Act, new: Project, old: Project) -> None:
    """In the place of a project carried over, of a year that may be closed: it goes on after its year as well."""
    fire(
        new,
        "carry_over",
        act,
        reason=old.carried_reason,
        carried_on=act.on,
        carried_until=max(new.finish_by, act.on),
        carried_reason=old.carried_reason,
    )
