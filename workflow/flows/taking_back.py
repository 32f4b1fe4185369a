"""取回: whoever did a task takes it back until somebody acts on what follows.

Only a step that says so may be taken back (`OfficeView.undo`): a study, an opinion, a return. What goes out of the house
or binds others (a vote, an announcement, a notice served) never is. The tasks that follow are called off, the record's
change is undone by the step's own counter-act, which is written down like any other, and the task is open again. After a
flow's last step there is nobody to open what follows: it may be taken back on the day it was done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.acting import acting
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.flows.models import Deadline
from workflow.flows.nodes import MeetingView, OfficeView
from workflow.flows.notices import standing_on
from workflow.flows.services import busy_if_locked, held_task, refused_in_words_of
from workflow.people.models import User
from workflow.people.saying import in_the_records_language
from workflow.people.saying import said as _
from workflow.people.wording import worded
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import holders_of
from workflow.roles.services import holder_for_update

GONE = (STATUS.CANCELED, STATUS.REVIVED)
# What the library makes by itself between two tasks of people.
PASSED = ("SPLIT", "PARALLEL_GATEWAY", "EXCLUSIVE_GATEWAY", "JOIN", "END")


def nothing_to_undo(act: Act, subject: Any, *, done: Entry, reason: str, **_item: Any) -> None:
    """The counter-act of a step that changes no record: it has only moved the matter on."""


def what_was(done: Entry) -> Any:
    """What an act's entry keeps of how things stood before it, for its counter-act (`Outcome(after={"was": …})`)."""
    return json.loads(done.body)["after"]["was"]


def take_back(task_id: int, *, actor: User, reason: str, at: datetime, request_id: str = "") -> Entry:
    """Open a done task again for whoever did it, call off what followed, undo what it changed; all or nothing.

    Refused: a step that is not taken back, somebody else's act, an office no longer held, no reason, and (Taken, by
    name) whatever follows that somebody has claimed, urged, written on or done. Opening it and typing on it is no act:
    the draft stays, and is shown where the task comes once more.
    """
    with transaction.atomic(), busy_if_locked():
        task = held_task(task_id)
        act = _checked(task, actor, at, request_id)
        with acting(act), refused_in_words_of(act.unit):
            if not reason.strip():
                raise Refused(_("请写明取回理由。"))
            if why_not := obstacles_to_taking_back(task, act.on):
                raise Taken(*why_not)
            with in_the_records_language():
                return _taken_back(task, act, reason)


def _checked(task: Task, actor: User, at: datetime, request_id: str) -> Act:
    deadline, node = task.deadline, task.flow_task
    if deadline.done_at is None or deadline.done_by_id != actor.pk:
        raise NotYourTurn(_("只有办结此事项的人可以取回。"))
    grant = holder_for_update(actor, node.office, deadline.seat_id, localdate(at))
    if grant is None:
        raise NotYourTurn(_("您已不再担任这一职务，不能取回。"))
    return grant.act(deadline.unit, at, task=f"{node.key}/{task.pk}", request_id=request_id)


def reasons_against(deadline: Deadline, grant: RoleGrant, on: date) -> list[str] | None:
    """Why the task's page does not offer it to whoever did the task, on a day; empty offers it, the service decides again.

    None for everybody else, who is not told of it.
    """
    if deadline.done_by_id != grant.user_id or deadline.seat_id != grant.unit_id:
        return None
    return [worded(reason, deadline.unit) for reason in obstacles_to_taking_back(deadline.task, on)]


def return_taken_back(task: Task) -> dict[str, str]:
    """To whom and why a matter was sent back, where that very return was taken back last; empty otherwise."""
    subject, action = task.process.artifact.reference, f"{task.flow_task.key}.take_back"
    for entry in Entry.objects.filter(subject=subject, action=action).order_by("-pk"):
        body = json.loads(entry.body)
        if body["after"]["task_id"] == task.pk:
            done = json.loads(Entry.objects.get(pk=body["before"]["entry"]).body)
            to = done["after"].get("returns_to")
            return {"to": to, "reason": done["reason"]} if to else {}
    return {}


def taken_back_before(deadline: Deadline) -> Entry | None:
    """The entry by which a task was called off because what came before it was taken back; None for any other."""
    if not deadline.cancelled:
        return None
    entries = Entry.objects.filter(about=deadline.about, action__endswith=".take_back").select_related(
        "actor"
    )
    for entry in entries.order_by("-pk"):
        if deadline.pk in json.loads(entry.body)["after"]["called_off_tasks"]:
            return entry
    return None


def obstacles_to_taking_back(task: Task, on: date) -> list[str]:
    """Why a done task cannot be taken back on a day any more; empty means it can."""
    node = task.flow_task
    if node.undo is None:
        return [_why_never(node) % {"title": node.task_title, "why": node.stays}]
    if task.process.status != PROCESS.NEW and not _ended_with(task):
        return [_("后续流程已经结束，不能取回。")]
    if task.process.status == PROCESS.DONE and localdate(task.deadline.done_at) != on:
        return [_("“%(title)s”没有后续事项，只能在办结当日取回。") % {"title": node.task_title}]
    found: list[str] = []
    for next_task in following(task):
        if next_task.flow_task_type == "HUMAN":
            found += acts_on(next_task)
        elif not _is_passed_over(next_task, node):
            found.append(_("后续的“%(title)s”已经开始，不能取回。") % {"title": _title(next_task)})
    return found


def _why_never(node: OfficeView) -> str:
    """Why a kind of task is never taken back: by what it is, or in its own words."""
    if node.irreversible:
        return _("“%(title)s”属于确认后不能撤销的事项，不能取回。")
    if isinstance(node, MeetingView):
        return _("“%(title)s”由会议集体决定，不能由个人取回。")
    if node.in_person:
        return _("“%(title)s”须由本人当场确认，确认后不能取回。")
    return _("“%(title)s”不能取回：%(why)s")


def _ended_with(task: Task) -> bool:
    """Whether a flow that nobody waits for came to its end by this very step."""
    process = task.process
    ends = [one for one in following(task) if one.flow_task_type == "END"]
    return process.status == PROCESS.DONE and process.parent_task_id is None and bool(ends)


def _is_passed_over(task: Task, node: Any) -> bool:
    if task.flow_task_type == "FUNCTION":
        return task.flow_task.name in node.undo_past
    return task.flow_task_type in PASSED


def _title(task: Task) -> str:
    return str(getattr(task.flow_task, "task_title", "") or task.flow_task.name)


def following(task: Task) -> Iterator[Task]:
    """What has come of a task, the farthest first; beyond a join that still waits nothing has."""
    for next_task in task.leading.exclude(status__in=GONE).order_by("-pk"):
        if next_task.status == STATUS.DONE and next_task.flow_task_type != "HUMAN":
            yield from following(next_task)
        yield next_task


def acts_on(task: Task) -> list[str]:
    """What somebody has already done with a task that follows; empty for one that was at most opened and typed on."""
    deadline = Deadline.objects.select_related("done_by", "unit").get(pk=task.pk)
    # A task meant for one person is theirs from the beginning; that is no claim.
    claimed_by = None if task.flow_task.to else task.owner
    who = deadline.done_by or claimed_by
    named = {"title": worded(_title(task), deadline.unit), "who": who or _("他人")}
    if who is None and _is_called(task):
        return [_("“%(title)s”已列入会议通知，不能取回。") % named]
    if who is None and not task.urges.exists() and not task.comments.exists():
        return []
    if deadline.done_at:
        return [_("“%(title)s”已由%(who)s办结，不能取回。") % named]
    if claimed_by:
        return [_("“%(title)s”已由%(who)s认领，不能取回。") % named]
    return [_("“%(title)s”上已有催办或留言，不能取回。") % named]


def _is_called(task: Task) -> bool:
    """Whether a body has been called to a meeting on it that has not been recorded yet."""
    return standing_on({task.pk: task.deadline.seat_id}).exists()


def _taken_back(task: Task, act: Act, reason: str) -> Entry:
    deadline, node, subject = task.deadline, task.flow_task, task.process.artifact
    done = Entry.objects.get(pk=deadline.entry_id)
    node.undo(act, subject, done=done, reason=reason, **({"item": task.data} if task.data else {}))
    called_off = _call_off(task)
    entry = write_down(
        act,
        f"{node.key}.take_back",
        subject.reference,
        about=subject.about or subject.reference,
        step=node.step,
        before={"entry": done.pk},
        after={
            "task_id": task.pk,
            "called_off": sorted({d.key for d in called_off}),
            "called_off_tasks": sorted(d.pk for d in called_off),
            "told": sorted(
                {user.username for d in called_off for user in holders_of(d.office, d.seat, act.on)}
                - {act.person.username}
            ),
        },
        reason=reason,
        label=subject.label,
    )
    # The row is opened again, not made anew as viewflow's `revive` does: its deadline, its address and what was typed stay.
    Task.objects.filter(pk=task.pk).update(status=STATUS.ASSIGNED, owner=act.person, finished=None)
    Deadline.objects.filter(pk=task.pk).update(
        done_at=None, done_by=None, done_office="", done_for="", entry_id=None
    )
    return entry


def _call_off(task: Task) -> list[Deadline]:
    """viewflow's part: what follows is cancelled or undone, the farthest first; a join that waits goes on waiting."""
    tasks: list[int] = []
    waiting: list[Task] = []
    for next_task in list(following(task)):
        activation = next_task.flow_task.activation_class(next_task)
        if next_task.flow_task_type == "HUMAN":
            tasks.append(next_task.pk)
            activation.cancel()
        elif (
            next_task.status == STATUS.DONE
            and next_task.leading.filter(pk__in=[j.pk for j in waiting]).exists()
        ):
            # The library undoes nothing that leads to what still stands; a join that waits for others stands.
            Task.objects.filter(pk=next_task.pk).update(status=STATUS.CANCELED)
        elif next_task.status == STATUS.DONE:
            activation.undo()
        else:
            waiting.append(next_task)
    for join in waiting:
        _leave(join, task)
    Deadline.objects.filter(pk__in=tasks).update(cancelled=True)
    return list(Deadline.objects.filter(pk__in=tasks).select_related("seat", "unit"))


def _leave(join: Task, task: Task) -> None:
    """A join waits for the branch once more; one nobody else has reached is not there yet."""
    if not join.previous.exclude(pk=task.pk).exclude(status__in=GONE).exists():
        join.flow_task.activation_class(join).cancel()
