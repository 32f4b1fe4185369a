"""Calling a body to a meeting on several matters: day, hour, place and agenda, told to every member (组织法 14, 19).

A call decides nothing and does no task: what it was called for is recorded afterwards (`sittings.hold`). Calling again
on any of its matters replaces it; a meeting that is not to be held any more is called off, of itself where none of its
matters is left (`notices`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _

from workflow.audit.services import Act, write_down
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.flows.models import Deadline, MeetingCall, Sitting
from workflow.flows.notices import facts_of, write_off
from workflow.flows.services import busy_if_locked, named
from workflow.flows.sittings import check_open, one_body
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
        deadlines = _named_by(task_ids)
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
        _held_open(body, seat)
        _check_waiting(deadlines)
        # Asked again: whoever called on one of these tasks while it was waited for has ended by now.
        replaced = [one for one in _held_open(body, seat) if set(one.tasks) & set(task_ids)]
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


def _named_by(task_ids: Sequence[int]) -> list[Deadline]:
    """The tasks in the order of the agenda."""
    found = Deadline.objects.select_related("task", "unit", "seat").in_bulk(task_ids)
    if len(found) < len(set(task_ids)):
        raise NotYourTurn(_("没有这一事项，或者它不归您办理。"))
    if len(found) < 2:
        raise Refused(_("合并议事至少要有两项议题；只有一项的，请在该事项中直接记录会议。"))
    return [found[number] for number in task_ids]


def _check_waiting(deadlines: Sequence[Deadline]) -> None:
    """Refuse tasks that are over. They are locked in the order everybody locks them in, after the notices as in `hold`."""
    rows = Deadline.objects.filter(pk__in=[row.pk for row in deadlines])
    held = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    if over := [named(row.pk) for row in held if row.done_at or row.cancelled]:
        raise Taken(_("%(what)s已经办结或者终止，不能列入议题。") % {"what": listed(over)})


def call_off(number: int, *, actor: User, reason: str, at: datetime) -> MeetingCall:
    """Call a meeting off (取消会议), with a letter to each of those called; one entry. Its matters wait as before.

    Refused: no reason, one that is recorded, replaced or called off already, somebody who is neither of the body nor
    keeps its record.
    """
    with transaction.atomic(), busy_if_locked():
        called = MeetingCall.objects.select_related("unit", "seat").get(pk=number)
        grant = holder_for_update(actor, called.body, called.seat_id, localdate(at))
        if grant is None:
            raise NotYourTurn(_("会议由召集机构的组成人员或者会议记录人取消。"))
        if not reason.strip():
            raise Refused(_("请写明取消理由。"))
        check_open(called)
        write_off(called, grant.act(called.unit, at, task="meeting.call_off"), reason=reason)
    return called


def _open(body: str, seat: Unit) -> QuerySet[MeetingCall]:
    waiting = MeetingCall.objects.filter(MeetingCall.STANDS, body=body, seat=seat, sitting=None)
    return waiting.select_related("unit").order_by("held_on", "hour", "pk")


def _held_open(body: str, seat: Unit) -> list[MeetingCall]:
    """The open calls of a body, held until the end: one recorded or called off meanwhile is not replaced too.

    A record inserts its meeting and leaves the call's row as it is, so that whoever has waited for that row still reads
    it without one; whether there is one is asked again once the rows are held.
    """
    held = list(_open(body, seat).select_for_update(of=("self",), no_key=True))
    recorded = set(Sitting.objects.filter(call__in=held).values_list("call", flat=True))
    return [one for one in held if one.pk not in recorded]


def open_calls(body: str, seat: Unit) -> list[MeetingCall]:
    """The calls of a body that stand and that no meeting has followed yet, the earliest first."""
    return list(_open(body, seat))


def open_call_on(task_id: int, body: str, seat: Unit) -> MeetingCall | None:
    """The call of a body to a meeting on a task, among others, that no meeting has followed yet."""
    return next((one for one in open_calls(body, seat) if task_id in one.tasks), None)


def _written(act: Act, made: MeetingCall, members: Sequence[User], replaced: Sequence[MeetingCall]) -> None:
    write_down(
        act,
        "meeting.call",
        made.reference,
        after=facts_of(made, members) | {"replaces": sorted(one.pk for one in replaced)},
        reason=made.words,
    )
