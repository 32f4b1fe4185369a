"""Calling a body to a meeting on several matters: day, hour, place and agenda, told to every member (组织法 14, 19).

A call decides nothing and does no task: what it was called for is recorded afterwards (`sittings.hold`). Calling again
on any of its matters replaces it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _

from workflow.audit.services import Act, write_down
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.flows.models import Deadline, MeetingCall
from workflow.flows.services import busy_if_locked, named
from workflow.flows.sittings import one_body
from workflow.people.models import Unit, User
from workflow.people.saying import listed
from workflow.roles.selectors import members_on
from workflow.roles.services import holder_for_update


@dataclass(frozen=True)
class Planned:
    """What a meeting is called for: a day and an hour of it, a place, and a word on what to bring or read before."""

    held_on: date
    hour: time
    place: str
    words: str = ""


def call(task_ids: Sequence[int], *, planned: Planned, actor: User, at: datetime) -> MeetingCall:
    """Call a body to a meeting on these tasks, in this order, with a letter to each of its members; one entry.

    Refused: fewer than two, tasks of different bodies or seats or that are not decided so, one that is done or called
    off, an hour that is past, a body nobody sits in, somebody who is neither of the body nor keeps its record.
    """
    with transaction.atomic(), busy_if_locked():
        deadlines = _matters(task_ids)
        body, seat = one_body(deadlines)
        grant = holder_for_update(actor, deadlines[0].office, seat.pk, localdate(at))
        if grant is None:
            raise NotYourTurn(_("会议由该机构的成员或者记录人召集。"))
        now = localtime(at)
        if (planned.held_on, planned.hour) <= (now.date(), now.time()):
            raise Refused(_("开会时间须在现在以后。"))
        members = members_on(body, seat, planned.held_on)
        if not members:
            raise Refused(_("该机构在会议当日没有组成人员，请先登记任职。"))
        replaced = [one for one in open_calls(body, seat) if set(one.tasks) & set(task_ids)]
        made = MeetingCall.objects.create(
            unit=deadlines[0].unit,
            seat=seat,
            body=body,
            held_on=planned.held_on,
            hour=planned.hour,
            place=planned.place,
            words=planned.words,
            tasks=list(task_ids),
            called_by=actor,
            at=at,
        )
        MeetingCall.objects.filter(pk__in=[one.pk for one in replaced]).update(replaced_by=made)
        _written(grant.act(made.unit, at, task="meeting.call"), made, members, replaced)
    return made


def _matters(task_ids: Sequence[int]) -> list[Deadline]:
    """The tasks in the order of the agenda, locked in the order everybody locks them in."""
    rows = Deadline.objects.select_related("task", "unit", "seat").filter(pk__in=task_ids)
    found = {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True).order_by("pk")}
    if len(found) < len(set(task_ids)):
        raise NotYourTurn(_("没有这一事项，或者它不归您办理。"))
    if len(found) < 2:
        raise Refused(_("合并开会至少要有两项议题；只有一项的，请在该事项中直接记录会议。"))
    if over := [named(row.pk) for row in found.values() if row.done_at or row.cancelled]:
        raise Taken(_("%(what)s已经办结或者终止，不能列入议题。") % {"what": listed(over)})
    return [found[number] for number in task_ids]


def open_calls(body: str, seat: Unit) -> list[MeetingCall]:
    """The calls of a body that no meeting has followed and no later call has replaced, the earliest first."""
    waiting = MeetingCall.objects.filter(body=body, seat=seat, replaced_by=None, sitting=None)
    return list(waiting.order_by("held_on", "hour", "pk"))


def _written(act: Act, made: MeetingCall, members: Sequence[User], replaced: Sequence[MeetingCall]) -> None:
    write_down(
        act,
        "meeting.call",
        made.reference,
        after={
            "held_on": made.held_on.isoformat(),
            "hour": f"{made.hour:%H:%M}",
            "office": made.body,
            "place": made.place,
            "replaces": sorted(one.pk for one in replaced),
            "tasks": made.tasks,
            "told": sorted(user.username for user in members),
        },
        reason=made.words,
    )
