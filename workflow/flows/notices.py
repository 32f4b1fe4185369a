"""A notice of a meeting beside the matters it lists: what it holds them to, and its end once none of them is left.

A matter may be decided elsewhere before the called day; from that day on its meeting is recorded by the notice, which
otherwise is called off first. A notice none of whose matters is left is called off by the act that ended the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.formats import date_format

from workflow.audit.services import Act, write_down
from workflow.flows.errors import Obstructed
from workflow.flows.models import Deadline, MeetingCall
from workflow.people.models import User
from workflow.people.saying import in_the_records_language
from workflow.people.saying import said as _
from workflow.roles.selectors import members_on


def standing_on(tasks: Mapping[int, int]) -> QuerySet[MeetingCall]:
    """The notices that stand, that no meeting has followed, and that list any of these tasks. tasks: number → seat."""
    listing = Q()
    for number in tasks:
        listing |= Q(tasks__contains=[number])
    found = MeetingCall.objects.filter(
        MeetingCall.STANDS, listing, seat__in=set(tasks.values()), sitting=None
    )
    return found.order_by("pk")


def with_matters_left(calls: Iterable[MeetingCall]) -> set[int]:
    """Which of these calls have a matter that is neither done nor called off; one query whatever their number."""
    agenda = {one.pk: set(one.tasks) for one in calls}
    waiting = Deadline.objects.filter(pk__in=set().union(*agenda.values()), done_at=None, cancelled=False)
    left = set(waiting.values_list("pk", flat=True))
    return {number for number, tasks in agenda.items() if tasks & left}


def settle_notices(tasks: Mapping[int, int], act: Act, *, met_on: date | None = None) -> None:
    """What the end of these tasks means for the notices that list them. tasks: number → seat.

    met_on: the day of a meeting recorded on them without such a notice; refused from the day the notice names, for before
    it the body has met earlier on this matter. A notice with nothing left is called off; not by a job of the system, for
    somebody answers for that. Waits for nobody: whoever records by such a notice, calls anew or calls off holds it and
    waits for the tasks, so that this act ends with an OperationalError instead.
    """
    if act.actor is None or not tasks:
        return
    calls = standing_on(tasks).select_related("unit", "seat").select_for_update(of=("self",), nowait=True)
    held = list(calls)
    if due := [called for called in held if met_on and called.held_on <= met_on]:
        raise Obstructed(
            _(
                "此事项已列入%(day)s的会议通知，请从会议通知记录会议；会议没有按通知召开的，请先取消该会议通知。"
            )
            % {"day": date_format(due[0].held_on)}
        )
    left = with_matters_left(held) if held else set()
    with in_the_records_language():
        reason = str(_("所列议题均已另行办结或者终止，会议不再召开。"))
        for called in held:
            if called.pk not in left:
                write_off(called, replace(act, task="meeting.call_off"), reason=reason)


def write_off(called: MeetingCall, act: Act, *, reason: str) -> None:
    """A notice that is held is called off, with one entry that names whoever is told."""
    told = members_on(called.body, called.seat, called.held_on)
    MeetingCall.objects.filter(pk=called.pk).update(
        called_off_at=act.at, called_off_by=act.person, called_off_because=reason
    )
    write_down(act, "meeting.call_off", called.reference, after=facts_of(called, told), reason=reason)


def facts_of(called: MeetingCall, told: Sequence[User]) -> dict[str, Any]:
    """What the trail says of a meeting that is called or called off."""
    return {
        "held_on": called.held_on.isoformat(),
        "hour": f"{called.hour:%H:%M}",
        "office": called.body,
        "place": called.place,
        "tasks": called.tasks,
        "told": sorted(user.username for user in told),
    }
