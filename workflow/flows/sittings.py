"""One meeting on several matters: a body meets once and decides each of its waiting tasks (组织法 19, 25).

Every task is done by `complete()` like any other, with its own votes and its own entry, which names the meeting; all of
them in one transaction, or none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localdate

from workflow.audit.services import write_down
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.flows.forms import MeetingForm
from workflow.flows.holding import takes_files
from workflow.flows.membership import not_members
from workflow.flows.models import Deadline, Meeting, MeetingCall, Sitting
from workflow.flows.nodes import MeetingView
from workflow.flows.services import busy_if_locked, complete, named
from workflow.people.models import Unit, User
from workflow.people.saying import listed
from workflow.people.saying import said as _
from workflow.roles.selectors import members_on
from workflow.roles.services import holder_for_update

COMMON = ("held_on", "attended")  # of every matter's form, the same for all of one meeting


@dataclass(frozen=True)
class Called:
    """What a meeting is called with: held on a day at a place, presided over by a member, these members attending."""

    held_on: date
    place: str
    presided_by: User
    attended: Collection[User]


def may_be_joined(node: Any) -> bool:
    """Whether a step is one a small body decides and may decide together with others.

    Not the congress's, which records numbers; not one whose form takes files, nor one done in person.
    """
    return (
        isinstance(node, MeetingView)
        and issubclass(node.form, MeetingForm)
        and not takes_files(node.form)
        and not node.in_person
    )


def hold(
    matters: Mapping[int, Mapping[str, Any]],
    *,
    called: Called,
    actor: User,
    at: datetime,
    call: MeetingCall | None = None,
) -> Sitting:
    """Record one meeting on several tasks. matters: task id → its form's own data, without what is common to all.

    call: the notice it was called by; what is left of its agenda is recorded, be it one matter. Refused: a notice that
    does not stand, that a meeting has followed already, that is another body's or calls it for a later day, a task that is
    not on its agenda; without one fewer than two tasks; tasks of different bodies or seats, one that is not decided so, a
    presiding person who did not attend; and, each by name, whatever `complete()` refuses of any of them. Nothing is left
    behind then.

    Locked as whoever calls a meeting or calls it off locks: the grant, then the notice, then the tasks.
    """
    with transaction.atomic(), busy_if_locked():
        deadlines = _matters(matters, least=1 if call else 2)
        body, seat = one_body(deadlines)
        members = members_on(body, seat, called.held_on, [user.pk for user in called.attended])
        _check_attendance(called, members)
        grant = holder_for_update(actor, deadlines[0].office, seat.pk, localdate(at))
        if grant is None:
            raise NotYourTurn(_("会议由该机构的成员或者记录人记录。"))
        if call:
            _check_call(call, deadlines, body, seat)
            if early := why_too_early(call, called.held_on):
                raise Refused(early)
        sitting = Sitting.objects.create(
            unit=deadlines[0].unit,
            seat=seat,
            body=body,
            held_on=called.held_on,
            place=called.place,
            presided_by=called.presided_by.name,
            members=len(members),
            recorded_by=actor,
            at=at,
            call=call,
        )
        sitting.attended.set(called.attended)
        _decide(deadlines, matters, sitting, called, actor, at)
        write_down(
            grant.act(sitting.unit, at, task="meeting.hold"),
            "meeting.hold",
            sitting.reference,
            after={
                "body": body,
                "held_on": called.held_on.isoformat(),
                "members": len(members),
                "place": called.place,
                "present": len(called.attended),
                "tasks": [d.pk for d in deadlines],
            }
            | ({"call": call.pk} if call else {}),
        )
    return sitting


def sittings_of(bodies: Collection[str], seat: Unit) -> QuerySet[Sitting]:
    """The meetings of bodies at a seat with how many matters each had (`n`) and agreed to (`agreed`), the latest first."""
    agreed = Count("matters", filter=Q(matters__agreed=True))
    held = Sitting.objects.filter(body__in=bodies, seat=seat).annotate(n=Count("matters"), agreed=agreed)
    return held.select_related("unit").order_by("-held_on", "-pk")


def sitting_of(task_id: int) -> Sitting | None:
    """The meeting a task was one of several matters of; None for any other task."""
    decided = Meeting.objects.filter(task=task_id).exclude(sitting=None).select_related("sitting").first()
    return decided.sitting if decided else None


def _matters(matters: Mapping[int, Any], *, least: int) -> list[Deadline]:
    """The tasks, in the one order everybody locks them in."""
    rows = Deadline.objects.select_related("task", "unit", "seat").filter(pk__in=matters)
    found = list(rows.order_by("pk"))
    if len(found) < len(matters):
        raise NotYourTurn(_("没有这一事项，或者它不归您办理。"))
    if len(found) < least:
        raise Refused(_("合并议事至少要有两项议题；只有一项的，请在该事项中直接记录会议。"))
    return found


def one_body(deadlines: list[Deadline]) -> tuple[str, Any]:
    """The body that decides all of these, and where it sits; refused where there is no such one."""
    nodes = [d.task.flow_task for d in deadlines]
    if unfit := [named(d.pk) for d, node in zip(deadlines, nodes, strict=True) if not may_be_joined(node)]:
        raise Refused(_("%(what)s不能合并议事，请单独办理。") % {"what": listed(unfit)})
    if len({(node.deciding, d.seat_id) for node, d in zip(nodes, deadlines, strict=True)}) > 1:
        raise Refused(_("所选事项不由同一机构决定，不能在一次会议上合并研究。"))
    return nodes[0].deciding, deadlines[0].seat


def _check_call(call: MeetingCall, deadlines: list[Deadline], body: str, seat: Any) -> None:
    if (call.body, call.seat_id) != (body, seat.pk):
        raise Refused(_("会议通知与所选事项不是同一机构的。"))
    if strange := [named(row.pk) for row in deadlines if row.pk not in call.tasks]:
        raise Refused(_("会议通知没有列入%(what)s，请另行记录。") % {"what": listed(strange)})
    check_open(call)


def check_open(call: MeetingCall) -> None:
    """Refuse a call that no longer stands or that a meeting has followed.

    The row is held: two records of one called meeting, or a record and a calling off, come one after the other.
    """
    held = MeetingCall.objects.select_for_update(of=("self",)).get(pk=call.pk)
    if over := why_over(held):
        raise Taken(over)


def why_too_early(call: MeetingCall, day: date) -> str:
    """Why a meeting of a day cannot be the one a notice calls; empty where it can."""
    if day >= call.held_on:
        return ""
    said = _(
        "会议通知载明的会议日期是 %(day)s，不能记录为在此之前召开；提前召开的，请先取消该会议通知，再直接记录。"
    )
    return said % {"day": date_format(call.held_on)}


def why_over(call: MeetingCall) -> str:
    """Why no meeting can be recorded by a call any more; empty where it stands and none has followed it."""
    if Sitting.objects.filter(call=call).exists():
        return _("这次会议已经记录过。")
    if call.called_off_at:
        return _("这次会议已经取消。")
    if call.replaced_by_id:
        return _("这次会议已经重新召集，以新的会议通知为准。")
    return ""


def _check_attendance(called: Called, members: Collection[User]) -> None:
    there = {user.pk for user in called.attended}
    if there - {user.pk for user in members}:
        strangers = [user.name for user in called.attended if user.pk in there - {m.pk for m in members}]
        raise Refused(not_members(strangers))
    if called.presided_by.pk not in there:
        raise Refused(_("主持人须在出席人员之中。"))


def _decide(
    deadlines: list[Deadline],
    matters: Mapping[int, Mapping[str, Any]],
    sitting: Sitting,
    called: Called,
    actor: User,
    at: datetime,
) -> None:
    """Complete every task; what is refused is told of each of them."""
    common = {
        "held_on": called.held_on.isoformat(),
        "attended": [str(pk) for pk in sorted(user.pk for user in called.attended)],
    }
    reasons = []
    for deadline in deadlines:
        data = {**matters[deadline.pk], **common}
        try:
            complete(deadline.pk, actor=actor, data=data, at=at, sitting=sitting)
        except Refused as refused:
            reasons.append(_("“%(what)s”：%(why)s") % {"what": named(deadline.pk), "why": refused})
    if reasons:
        raise Refused(*reasons)
