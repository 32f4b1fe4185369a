"""The only way a task is done, sent back, claimed, released or handed over (architecture.md §5)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, TypeVar, cast

from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, connection, transaction
from django.db.models import prefetch_related_objects
from django.http import QueryDict
from django.utils.timezone import localdate
from viewflow.workflow.exceptions import FlowLockFailed
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from workflow.audit.models import Entry
from workflow.audit.services import Act, done_with, write_down
from workflow.flows import drafts
from workflow.flows.acting import acting, recording
from workflow.flows.answers import decided_by
from workflow.flows.errors import (
    AlreadyDone,
    Barred,
    Busy,
    InvalidForm,
    NotInPerson,
    NotYourTurn,
    Obstructed,
    Refused,
    Taken,
)
from workflow.flows.forms import MinutesForm, ReturnForm, StepForm, digest_of
from workflow.flows.models import Comment, CommentFile, Deadline, Draft, Meeting, Sitting, Urge
from workflow.flows.nodes import MeetingView, OfficeView
from workflow.flows.notices import settle_notices
from workflow.flows.uploads import Checked
from workflow.machines.services import Conflict
from workflow.people.models import Unit, User
from workflow.people.prepared import Prepared, PreparedUpdate
from workflow.people.saying import in_the_records_language, said_again
from workflow.people.saying import said as _
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.selectors import holders_at, live_grants
from workflow.roles.services import holder_for_update

Done = TypeVar("Done")


@dataclass
class Outcome:
    """What a step's service may say beyond having worked.

    returns_to: the name of a node to go back to instead of on; reason: why; after: facts for the trail.
    """

    returns_to: str = ""
    reason: str = ""
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """A task held for an act: its row locked, its office checked."""

    task: Task
    node: OfficeView
    subject: Any
    act: Act


@contextmanager
def _turn(task_id: int, actor: User, at: datetime, request_id: str) -> Iterator[Turn]:
    """Lock the process, then check that the task is open and the actor's office still holds."""
    with transaction.atomic(), busy_if_locked():
        task = held_task(task_id)
        act = _checked(task, actor, at, request_id)
        subject = _subject_of(task)
        if subject.unit_id == act.unit.pk:
            subject.unit = act.unit  # read already, with the deadline
        with acting(act), refused_in_words_of(act.unit):
            yield Turn(task, task.flow_task, subject, act)


@contextmanager
def refused_in_words_of(unit: Unit) -> Iterator[None]:
    """A refusal is told in the words of the hall it happens in."""
    try:
        yield
    except Refused as refused:
        refused.said_in(unit)
        raise


@contextmanager
def busy_if_locked() -> Iterator[None]:
    """Wait for a lock as long as the run-time role may (settings: lock_timeout), then say so.

    A machine's conflict is somebody else having been first.
    """
    try:
        yield
    except FlowLockFailed as error:
        raise Busy(_("有人正在办理同一事项，请稍后再试。")) from error
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in ("55P03", "40P01"):
            raise Busy(_("有人正在办理同一事项，请稍后再试。")) from error
        raise
    except Conflict as error:
        raise Taken(*error.args) from error


# Whoever refers to the task need not wait, hence no_key. The process is locked first, as everywhere.
_HELD = Prepared(
    lambda task_id: (
        Task.objects.select_related("process", "deadline", "deadline__unit")
        .select_for_update(of=("process", "self"), no_key=True)
        .filter(pk=task_id)
        .order_by()
    ),
    task_id=-1,
)


def held_task(task_id: int) -> Task:
    """The task with its process, both locked by the very read: what was waited for is read as it now stands."""
    task = _HELD.first(task_id=task_id)
    if task is None or not hasattr(task, "deadline"):
        raise NotYourTurn(_("没有这一事项，或者它不归您办理。"))
    deadline = task.deadline
    if deadline.seat_id == deadline.unit_id:
        deadline.seat = deadline.unit
    return task


def _subject_of(task: Task) -> Any:
    """The record a task is on; its process has it from here on."""
    process = task.process
    kind = ContentType.objects.get_for_id(process.artifact_content_type_id)
    process.artifact = _record(kind.model_class()).first(pk=process.artifact_object_id)
    return process.artifact


@cache
def _record(model: type[Any]) -> Prepared[Any]:
    """The read of one record of a kind."""
    return Prepared(lambda pk: model._base_manager.filter(pk=pk).order_by(), pk=-1)


def is_return(done: Entry) -> bool:
    """Whether a task ended with the matter sent back."""
    return done.action.endswith(".return")


def sent_back_with(deadline: Deadline) -> Entry | None:
    """The act a task ended with where that sent the matter back; None where it was done, or is not."""
    ended = Entry.objects.filter(pk=deadline.entry_id).first() if deadline.entry_id else None
    return ended if ended and is_return(ended) else None


def _checked(task: Task, actor: User, at: datetime, request_id: str) -> Act:
    deadline, node = task.deadline, task.flow_task
    if task.status not in (STATUS.NEW, STATUS.ASSIGNED):
        done = Deadline.objects.select_related("done_by").get(pk=task.pk)
        who = done.done_by or _("他人")
        if back := sent_back_with(done):
            why = json.loads(back.body)["reason"]
            raise Taken(_("此事项已由%(who)s退回，无须再办。退回理由：%(why)s") % {"who": who, "why": why})
        raise Taken(_("此事项已由%(who)s办结，无须再办。") % {"who": who})
    grant = holder_for_update(actor, node.office, deadline.seat_id, localdate(at))
    if grant is None:
        raise NotYourTurn(
            _("此事项由%(seat)s办理，您没有或已不再担任这一职务。")
            % {"seat": registry.seat_called(node.office, deadline.seat)}
        )
    if task.owner_id and task.owner_id not in (actor.pk, grant.principal_id):
        raise Taken(_("此事项已由%(who)s认领。") % {"who": task.owner})
    return grant.act(deadline.unit, at, task=f"{node.key}/{task.pk}", request_id=request_id)


def complete(
    task_id: int,
    *,
    actor: User,
    data: Mapping[str, Any],
    files: Mapping[str, Any] | None = None,
    at: datetime,
    request_id: str = "",
    reauthenticated: bool = False,
    sitting: Sitting | None = None,
) -> Entry:
    """Do a task: check office, form and obstacles, run its service, write down, move the flow, all or nothing.

    data: the form's raw values. reauthenticated: the caller has just compared the actor's own password; without it an
    act in person is refused. sitting: the meeting this is one of several matters of. Raises a Refused: NotYourTurn,
    Barred, Taken, Busy, InvalidForm, Obstructed, NotInPerson, or what the service refuses with. Returns the act's entry.
    """
    with _turn(task_id, actor, at, request_id) as turn:
        _refuse_who_is_barred(turn)
        refuse_who_stands_in(turn.node, turn.act)
        refuse_unless_in_person(turn.node, reauthenticated)
        form = form_of(turn, data, files)
        if not form.is_valid():
            raise InvalidForm(form)
        if reasons := obstacles_of(turn.node, turn.subject, at):
            raise Obstructed(*reasons)
        with in_the_records_language():
            meeting = (
                _meeting(turn, cast(MinutesForm, form), sitting)
                if isinstance(turn.node, MeetingView)
                else None
            )
            outcome = turn.node.act(turn.act, turn.subject, **_arguments(turn, form, meeting)) or Outcome()
            after = form.for_trail() | outcome.after | in_person_of(turn.node)
            entry = _finish(turn, outcome, after=after | ({"sitting": sitting.pk} if sitting else {}))
        if meeting:
            by_notice = sitting is not None and sitting.call_id is not None
            settle_notices(_seated(turn.task), turn.act, met_on=None if by_notice else meeting.held_on)
        form.keep_salt(entry)
        _drop_drafts(turn)
        if turn.node.undo and form.drafts:
            _keep_draft(turn, data)  # taken back, the form shows what was handed in
        return entry


# Asked by the process alone: its tasks are few, and an index leads to them.
_OF_TASKS_OVER = Prepared(
    lambda process_id: (
        Draft.objects.select_related("task")
        .filter(task__process_id=process_id, task__status__in=(STATUS.DONE, STATUS.CANCELED))
        .order_by()
    ),
    process_id=-1,
)


def _drop_drafts(turn: Turn) -> None:
    """What was typed on a task is of no use once it is done, nor what was typed in its place before that was called off;
    nor is what was handed in on the tasks it has come of, which nobody takes back any more. What was handed in beside
    it may still be taken back, and stays."""
    found = {d.pk: d.task for d in _OF_TASKS_OVER.every(process_id=turn.task.process_id) if d.task}
    done = {pk: task.pk for pk, task in found.items() if task.status == STATUS.DONE}
    behind = _came_of(turn.task) if set(done.values()) - {turn.task.pk} else set()
    gone = [pk for pk, task_id in done.items() if task_id in {turn.task.pk, *behind}]
    gone += [pk for pk, task in found.items() if pk not in done and drafts.stood_in_place_of(task, turn.task)]
    if gone:
        Draft.objects.filter(pk__in=gone).delete()


# A year's process is dozens of steps long: one statement, however far back it goes.
_LED_TO = """
    WITH RECURSIVE led AS (
        SELECT to_task_id AS id FROM viewflow_task_previous WHERE from_task_id = %s
        UNION
        SELECT p.to_task_id FROM viewflow_task_previous p JOIN led ON p.from_task_id = led.id
    )
    SELECT id FROM led
"""


def _came_of(task: Task) -> set[int]:
    """Every task that led to this one."""
    with connection.cursor() as cursor:
        cursor.execute(_LED_TO, [task.pk])
        return {pk for (pk,) in cursor}


def _keep_draft(turn: Turn, data: Mapping[str, Any]) -> None:
    lists = dict(data.lists()) if isinstance(data, QueryDict) else {k: _listed(v) for k, v in data.items()}
    names = {key for key in lists if key.partition("-")[0] not in NO_FIELD}
    Draft.objects.create(
        task=turn.task,
        user=turn.act.person,
        unit=turn.act.unit,
        data={key: lists[key] for key in names},
        saved_at=turn.act.at,
    )


NO_FIELD = ("csrfmiddlewaretoken", "op", "held", "own_password", "own_code")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def refuse_unless_in_person(step: Any, reauthenticated: bool) -> None:
    """Refuse an act in person (a node's or an event's) whose door has not compared the actor's own password."""
    if step.in_person and not reauthenticated:
        raise NotInPerson(
            _("“%(title)s”须本人当面办理，请再次输入本人登录密码。") % {"title": step.task_title}
        )


def refuse_who_stands_in(step: Any, act: Act) -> None:
    """What is done in person (a signature, a key, a tally) nobody does for another."""
    if step.in_person and act.stands_for:
        raise NotInPerson(
            _("“%(title)s”须由任职者本人当面办理并签字，代办人不能代办；请由本人办理。")
            % {"title": step.task_title}
        )


def in_person_of(step: Any) -> dict[str, Any]:
    """What the trail says of an act in person; nothing of the others."""
    return {"reauthenticated": True} if step.in_person else {}


MEETING_FIELDS = frozenset(
    {"held_on", "attended", "present_number", "votes_for", "votes_against", "votes_abstain", "minutes"}
)


def _arguments(turn: Turn, form: StepForm, meeting: Meeting | None) -> dict[str, Any]:
    """What a step's service is called with: the form's data, the meeting in place of its fields, the item if any."""
    data = dict(form.cleaned_data)
    if meeting:
        data = {k: v for k, v in data.items() if k not in MEETING_FIELDS} | {"meeting": meeting}
    return data | ({"item": turn.task.data} if turn.task.data else {})


def form_of(turn: Turn, data: Mapping[str, Any] | None, files: Mapping[str, Any] | None = None) -> StepForm:
    """The task's form, bound when data is given."""
    return turn.node.form(
        data,
        files,
        subject=turn.subject,
        act=turn.act,
        node=turn.node,
        seat=turn.task.deadline.seat,
        item=turn.task.data,
    )


def obstacles_of(node: OfficeView, subject: Any, at: datetime) -> list[str]:
    """What still stands in the way of a step; empty means go."""
    return _told(node.obstacles(subject, at), subject) if node.obstacles else []


def barred_from(task: Task, who: User) -> list[str]:
    """Why this very person may not do a task, though in office; empty for nearly every step and everybody."""
    return barring([task])(task, who)


def barring(tasks: Iterable[Task]) -> Callable[[Task, User], list[str]]:
    """The same of any of these tasks and anybody: read once for all of them, and not at all where none asks for two people."""
    asked = [task for task in tasks if task.flow_task.barred]
    prefetch_related_objects(asked, "process__artifact__unit")
    subjects: dict[Any, list[Any]] = {}
    for task in asked:
        subjects.setdefault(task.flow_task.barred, []).append(task.process.artifact)
    rules = {barred: barred(there) for barred, there in subjects.items()}

    def barred_from_one(task: Task, who: User) -> list[str]:
        if not task.flow_task.barred:
            return []
        subject = task.process.artifact
        return _told(rules[task.flow_task.barred](subject, who), subject)

    return barred_from_one


def able_holders(deadlines: Sequence[Deadline], on: date) -> list[User]:
    """Who may do every one of these tasks: holds the office of each on a day, and no rule keeps them from it."""
    able = list(able_for_each(deadlines, on).values())
    common = set.intersection(*map(set, able))
    return [user for user in able[0] if user in common]


def able_for_each(deadlines: Collection[Deadline], on: date) -> dict[int, list[User]]:
    """Who may do each of these tasks on a day, by the task's id; read for all of them at once."""
    barred = barring([deadline.task for deadline in deadlines])
    holders = holders_at({(deadline.office, deadline.seat_id) for deadline in deadlines}, on)
    return {
        one.pk: [user for user in holders[one.office, one.seat_id] if not barred(one.task, user)]
        for one in deadlines
    }


def _told(reasons: Iterable[str], subject: Any) -> list[str]:
    return [worded(said_again(reason), subject.unit) for reason in reasons]


def _refuse_who_is_barred(turn: Turn) -> None:
    if reasons := barred_from(turn.task, turn.act.person):
        raise Barred(*reasons)


_SETTLED = PreparedUpdate(
    lambda task_id, **done: (Deadline.objects.filter(pk=task_id), done),
    task_id=-1,
    done_at=datetime.min.replace(tzinfo=UTC),
    done_by=-2,
    done_office="\0office",
    done_for="\0for",
    entry_id=-3,
)


def _finish(turn: Turn, outcome: Outcome, *, after: dict[str, Any]) -> Entry:
    node, subject = turn.node, turn.subject
    if outcome.returns_to and outcome.returns_to not in [target.name for target in node.returns]:
        title = worded(node.task_title, turn.act.unit)
        raise Refused(_("“%(title)s”不能退回到这一事项。") % {"title": title})
    entry = write_down(
        turn.act,
        f"{node.key}.return" if outcome.returns_to else node.key,
        subject.reference,
        about=subject.about or subject.reference,
        step=node.step,
        after=after | ({"returns_to": outcome.returns_to} if outcome.returns_to else {}),
        reason=outcome.reason,
        label=subject.label,
    )
    _SETTLED.apply(
        task_id=turn.task.pk,
        done_at=turn.act.at,
        done_by=turn.act.person.pk,
        done_office=turn.act.office,
        done_for=turn.act.stands_for,
        entry_id=entry.pk,
    )
    _move_on(turn, "" if node.returns_at_join else outcome.returns_to)
    return entry


def _seated(*tasks: Task) -> dict[int, int]:
    """Those a body decides, each with where that sits: what a notice of a meeting may list."""
    return {task.pk: task.deadline.seat_id for task in tasks if isinstance(task.flow_task, MeetingView)}


def _move_on(turn: Turn, goto: str) -> None:
    """viewflow's part: the task is taken, started and executed, and the next one is made."""
    turn.task.owner, turn.task.status = turn.act.actor, STATUS.ASSIGNED
    activation = turn.node.activation_class(turn.task)
    activation.goto = goto
    activation.start(None)
    activation.execute()


def _meeting(turn: Turn, form: MinutesForm, sitting: Sitting | None) -> Meeting:
    """The record of a body's decision; its form has refused figures below quorum or that do not add up."""
    data, division = form.cleaned_data, form.division()
    meeting = Meeting.objects.create(
        unit=turn.act.unit,
        task=turn.task,
        body=turn.node.deciding,
        about=turn.subject.about or turn.subject.reference,
        title=worded(turn.node.task_title, turn.act.unit)[:120],
        held_on=data["held_on"],
        members=division.members,
        present=division.present,
        votes_for=division.votes_for,
        votes_against=division.votes_against,
        votes_abstain=division.votes_abstain,
        agreed=form.agreed(),
        minutes=data["minutes"],
        finding=worded(turn.node.findings[0 if form.agreed() else 1], turn.act.unit),
        decided=[[one.label, one.text] for one in decided_by(form, besides=MEETING_FIELDS)],
        recorded_by=turn.act.actor,
        sitting=sitting,
    )
    meeting.attended.set(int(pk) for pk in data.get("attended", ()))
    return meeting


def send_back(
    task_id: int, *, actor: User, to: str = "", reason: str, at: datetime, request_id: str = ""
) -> Entry:
    """Return a matter along a modelled edge, with a written reason (退回)."""
    with _turn(task_id, actor, at, request_id) as turn:
        if isinstance(turn.node, MeetingView):
            raise Refused(_("会议事项的退回也须经会议决定，请填写会议记录并选择退回。"))
        if turn.node.returns_by_outcome:
            title = worded(turn.node.task_title, turn.act.unit)
            raise Refused(_("“%(title)s”是否退回由办理结果决定，不能单独退回。") % {"title": title})
        choices = [(target.name, worded(target.task_title, turn.act.unit)) for target in turn.node.returns]
        form = ReturnForm({"to": to or (choices[0][0] if choices else ""), "reason": reason}, choices=choices)
        if not form.is_valid():
            raise InvalidForm(form)
        outcome = Outcome(returns_to=form.cleaned_data["to"], reason=form.cleaned_data["reason"])
        with in_the_records_language():
            if turn.node.on_return:
                which = {"item": turn.task.data} if turn.task.data else {}
                turn.node.on_return(
                    turn.act, turn.subject, to=outcome.returns_to, reason=outcome.reason, **which
                )
            return _finish(turn, outcome, after={})


def give_back(subject: Any, key: str, act: Act, *, to: str, reason: str) -> Entry | None:
    """Return an open task along a modelled edge because of what another task has decided; None where it is not open.

    Whoever decided that has returned it: it is theirs in the trail. Its flow is locked like for any act on the task.
    """
    waiting = Deadline.objects.filter(key=key, subject=subject.reference, done_at=None, cancelled=False)
    task_id = waiting.values_list("task_id", flat=True).first()
    with busy_if_locked():
        task = held_task(task_id) if task_id else None
    if task is None or task.status not in (STATUS.NEW, STATUS.ASSIGNED):
        return None
    turn = Turn(task, task.flow_task, _subject_of(task), act)
    entry = _finish(turn, Outcome(returns_to=to, reason=reason), after={})
    with busy_if_locked():
        settle_notices(_seated(task), act)
    _drop_drafts(turn)
    return entry


def mark_seen(task_id: int, user: User, at: datetime) -> None:
    """Somebody whose turn it is has opened the task; who first and when is kept."""
    Deadline.objects.filter(pk=task_id, seen_at=None, done_at=None).update(seen_at=at, seen_by=user)


def claim(task_id: int, *, actor: User, at: datetime) -> None:
    """Take a task of the office's queue for oneself; not an act, so it leaves no entry. Barred: who may not do it."""
    with _turn(task_id, actor, at, "") as turn:
        _refuse_who_is_barred(turn)
        if turn.task.status == STATUS.NEW:
            turn.node.activation_class(turn.task).assign(actor)


def release(task_id: int, *, actor: User, at: datetime) -> None:
    """Give a claimed task back to the queue."""
    with _turn(task_id, actor, at, "") as turn:
        if turn.task.status == STATUS.ASSIGNED:
            turn.node.activation_class(turn.task).unassign()


def hand_over(task_id: int, *, actor: User, to: User, reason: str, at: datetime) -> Entry:
    """Give a task to another holder of the same office who may do it (转办)."""
    with _turn(task_id, actor, at, "") as turn:
        seat, node = turn.task.deadline.seat, turn.node
        held = live_grants(turn.act.on).filter(user=to, office=node.office, unit=seat)
        # Locked: an office that ends meanwhile would leave the task with somebody who may not do it.
        if held.select_for_update(of=("self",)).first() is None:
            raise Refused(_("%(who)s不担任这一职务，不能转给他。") % {"who": to.name})
        if barred_from(turn.task, to):
            raise Refused(_("此事项按规定不能由%(who)s办理，不能转给他。") % {"who": to.name})
        turn.task.owner, turn.task.status = to, STATUS.ASSIGNED
        turn.task.save(update_fields=["owner", "status"])
        with in_the_records_language():
            return write_down(
                turn.act,
                "task.hand_over",
                turn.subject.reference,
                about=turn.subject.about or turn.subject.reference,
                step=node.step,
                after={"to": to.username, "task": node.key},
                reason=reason,
                label=turn.subject.label,
            )


def hand_over_all(
    task_ids: Iterable[int], *, actor: User, to: User, reason: str, at: datetime
) -> list[Entry]:
    """Give several tasks to one colleague (批量转办): all of them, or none with the refusal of each that cannot be."""
    return _each(task_ids, lambda task_id: hand_over(task_id, actor=actor, to=to, reason=reason, at=at))


def claim_all(task_ids: Iterable[int], *, actor: User, at: datetime) -> int:
    """Take several tasks of the queue at once (批量认领): all or none, as `hand_over_all`. How many there were."""
    return len(_each(task_ids, lambda task_id: claim(task_id, actor=actor, at=at)))


def release_all(task_ids: Iterable[int], *, actor: User, at: datetime) -> int:
    """Put several tasks back into the queue at once (批量放回待领): all or none, as `hand_over_all`. How many there were."""
    return len(_each(task_ids, lambda task_id: release(task_id, actor=actor, at=at)))


def _each(task_ids: Iterable[int], act: Callable[[int], Done]) -> list[Done]:
    """Do the same to several tasks: all of them, or none with the refusal of each that cannot be, by name."""
    done, reasons = [], []
    with transaction.atomic():
        # One order for everybody, so that two of these never wait for each other.
        for task_id in sorted(set(task_ids)):
            try:
                done.append(act(task_id))
            except Refused as refused:
                reasons.append(_("“%(what)s”：%(why)s") % {"what": named(task_id), "why": refused})
        if reasons:
            raise Refused(*reasons)
    return done


def named(task_id: int) -> str:
    """A task for a sentence: its title and what it is about."""
    deadline = Deadline.objects.select_related("task", "unit").filter(pk=task_id).first()
    if deadline is None:
        return str(task_id)
    title = worded(deadline.task.flow_task.task_title, deadline.unit)
    return _("%(title)s（%(about)s）") % {"title": title, "about": deadline.label}


def save_draft(task_id: int, *, actor: User, data: dict[str, Any], at: datetime) -> None:
    """Keep what has been typed; personal, unchecked, no act. Refused for a form that keeps no drafts."""
    with _turn(task_id, actor, at, "") as turn:
        form = form_of(turn, None)
        drafts.save_draft_of_task(turn.task, form, user=actor, home=turn.act.unit, data=data, at=at)


@contextmanager
def _beside(task: Task, act: Act, action: str) -> Iterator[Deadline]:
    """Hold a task's row for a word said beside it: of one form sent twice at once the second reads what the first said.

    The county, the auditor and the administrator read a township's tasks and say nothing on them.
    """
    if registry.office(act.office).reads_below:
        raise NotYourTurn(_("您现在的职务只查阅，不催办、不留言。"))
    with transaction.atomic(), busy_if_locked():
        rows = Deadline.objects.select_related("unit", "seat", "started_by")
        deadline = rows.select_for_update(of=("self",), no_key=True).get(pk=task.pk)
        if before := done_with(action, [deadline.subject], act.actor, act.request_id):
            raise AlreadyDone(before)
        yield deadline


def urge(task: Task, *, act: Act, words: str) -> Entry:
    """Remind whoever's turn it is (催办); counted and shown on the task. Refused: a task that is over, a form sent before."""
    with _beside(task, act, "task.urge") as deadline:
        if deadline.done_at or deadline.cancelled:
            raise Taken(_("此事项已经办结，无须催办。"))
        Urge.objects.create(task=task, unit=deadline.unit, user=act.person, at=act.at, words=words)
        return write_down(
            act,
            "task.urge",
            deadline.subject,
            about=deadline.about,
            step=deadline.step,
            after={
                "task": deadline.key,
                "office": deadline.office,
                "seat": deadline.seat.code,
                "task_id": task.pk,
            },
            reason=words,
            label=deadline.label,
        )


def comment(task: Task, *, act: Act, words: str, files: Iterable[Checked] = ()) -> Entry:
    """Leave a note on a task for the other offices, with files; carries no decision. Refused: a form sent before.

    Told to whose turn it is, to whoever put the task before them and to those who wrote on it before. The words stay
    with the note: of it the trail keeps that it was left, and its files by the digest of what is stored.
    """
    with _beside(task, act, "task.comment") as deadline:
        told = set(Comment.objects.filter(task=task).values_list("user__username", flat=True))
        told |= {deadline.started_by.username} if deadline.started_by else set()
        note = Comment.objects.create(task=task, unit=deadline.unit, user=act.person, at=act.at, words=words)
        kept = [_keep_file(note, file) for file in files]
        return write_down(
            act,
            "task.comment",
            deadline.subject,
            about=deadline.about,
            step=deadline.step,
            after={
                "task": deadline.key,
                "task_id": task.pk,
                "told": sorted(told - {act.person.username}),
                "files": [{"file": k.name, "sha256": k.sha256} for k in kept],
            },
            label=deadline.label,
        )


def _keep_file(note: Comment, file: Checked) -> CommentFile:
    return CommentFile.objects.create(
        comment=note,
        unit=note.unit,
        file=UploadedFile(file.file, secrets.token_hex(16), size=file.size),
        name=file.name or "",
        media_type=file.content_type or "",
        size=file.size or 0,
        sha256=digest_of(file),
    )


def cancel_flow(process: Any, act: Act, *, reason: str, told: Mapping[str, Any] | None = None) -> None:
    """Call a whole flow off; cancelling one branch of a parallel pair would leave its join stuck for good.

    The entry keeps which tasks nobody does any more, by key: whoever had prepared for them reads of it. told: what it
    says besides, so that others read of it too.
    """
    with transaction.atomic(), busy_if_locked(), recording(act):
        process.flow_class.instance.cancel(process)
        ended = Deadline.objects.filter(task__process=process, done_at=None)
        tasks = [row.task for row in ended.filter(cancelled=False).select_related("task__deadline")]
        ended.update(cancelled=True)
        subject = process.artifact
        write_down(
            act,
            "flow.cancel",
            subject.reference,
            about=subject.about or subject.reference,
            after={"steps": sorted({task.deadline.key for task in tasks})} | dict(told or {}),
            reason=reason,
            label=subject.label,
        )
        settle_notices(_seated(*tasks), act)
