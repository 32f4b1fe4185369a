"""抄送: a task, or what became of it, shown to an office or a person who need not act on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localdate

from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.flows.errors import NotYourTurn, Refused, Taken
from workflow.flows.models import Copy, CopyRead, Deadline
from workflow.flows.services import busy_if_locked
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, User
from workflow.people.saying import bracketed
from workflow.people.saying import said as _
from workflow.people.services import ancestors_of
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants
from workflow.roles.services import holder_for_update


@dataclass(frozen=True)
class Receiver:
    """Who a copy is for: everybody who holds an office at a unit, or one of them."""

    office: str
    seat: Unit
    person: User | None = None

    @property
    def code(self) -> str:
        """Its value in a form."""
        return f"{self.office}:{self.seat.pk}:{self.person.pk if self.person else ''}"

    @property
    def name(self) -> str:
        """As it is chosen and shown: the unit and the office in its hall's words, before them the one person meant."""
        where = f"{self.seat.name} · {registry.title_of(self.office, self.seat.tenant)}"
        return bracketed(self.person.name, where) if self.person else where


def copy(task_id: int, *, actor: User, to: Receiver, words: str, at: datetime, request_id: str = "") -> Entry:
    """Copy a task to a receiver, by a holder of its office or whoever did it; open or done, not called off.

    Refused: a task that is not one's own, a receiver of another township, an office nobody holds or a person who
    does not hold it, oneself, no words, and a second copy of the same to the same receiver.
    """
    with transaction.atomic(), busy_if_locked():
        deadline = _task(task_id)
        act = _act(deadline, actor, at, request_id)
        if not words.strip():
            raise Refused(_("请写明抄送说明。"))
        _check(to, deadline, act)
        finished = deadline.done_at is not None
        if _copies_to(to, deadline).filter(finished=finished).exists():
            raise Taken(_("此事项已抄送过%(who)s。") % {"who": to.name})
        entry = _written(act, deadline, to, words, finished=finished)
        Copy.objects.create(
            unit=deadline.unit,
            task_id=deadline.pk,
            sender=actor,
            sender_office=act.office,
            office=to.office,
            seat=to.seat,
            person=to.person,
            words=words,
            finished=finished,
            at=at,
            entry_id=entry.pk,
        )
        return entry


def _task(task_id: int) -> Deadline:
    # The row is held: two copies of one task to one receiver come one after the other.
    deadline = (
        Deadline.objects.select_related("task", "unit", "seat")
        .select_for_update(of=("self",))
        .filter(pk=task_id)
        .first()
    )
    if deadline is None:
        raise NotYourTurn(_("没有这一事项，或者它不归您办理。"))
    if deadline.cancelled:
        raise Taken(_("此事项已终止，不能抄送。"))
    return deadline


def _act(deadline: Deadline, actor: User, at: datetime, request_id: str) -> Act:
    grant = holder_for_update(actor, deadline.office, deadline.seat_id, localdate(at))
    if grant is None:
        raise NotYourTurn(_("只有办理此事项的职务可以抄送。"))
    task = f"{deadline.key}/{deadline.pk}"
    return grant.act(deadline.unit, at, task=task, request_id=request_id)


def _check(to: Receiver, deadline: Deadline, act: Act) -> None:
    if not _is_within_reach(to, deadline.unit):
        raise Refused(_("不能抄送给其他乡镇，只能抄送本单位的职务、人员或者上级。"))
    if to.person and to.person.pk == act.person.pk:
        raise Refused(_("不能抄送给自己。"))
    holders = _holders(to, deadline.unit, act.on) - {act.person.pk}
    if to.person and to.person.pk not in holders:
        raise Refused(_("%(who)s不担任这一职务，不能抄送。") % {"who": to.person.name})
    if not holders:
        raise Refused(_("%(who)s目前无人任职，不能抄送。") % {"who": to.name})


def _holders(to: Receiver, tenant: Unit, on: date) -> set[int]:
    """Who holds the receiving office; a township's context does not show the offices above it."""
    held = live_grants(on).filter(office=to.office, unit=to.seat, user__is_active=True)
    if to.seat.tenant_id == tenant.pk:
        return set(held.values_list("user_id", flat=True))
    with within(SYSTEM):
        return set(held.values_list("user_id", flat=True))


def _is_within_reach(to: Receiver, tenant: Unit) -> bool:
    """The task's own township, or an office above it that reads what lies below."""
    if to.seat.tenant_id == tenant.pk:
        return _may_receive(to.office)
    return to.seat.pk in ancestors_of(tenant) and _may_receive(to.office) and _looks_down(to.office)


def _looks_down(code: str) -> bool:
    return registry.office(code).reads_below


def _may_receive(code: str) -> bool:
    """The auditor reads of its own accord, and the administrator reads no business at all."""
    office = registry.office(code)
    return office.works and not office.reads_recorded


def _copies_to(to: Receiver, deadline: Deadline) -> QuerySet[Copy]:
    return Copy.objects.filter(task_id=deadline.pk, office=to.office, seat=to.seat, person=to.person)


def _written(act: Act, deadline: Deadline, to: Receiver, words: str, *, finished: bool) -> Entry:
    return write_down(
        act,
        "task.copy",
        deadline.subject,
        about=deadline.about,
        step=deadline.step,
        after={
            "finished": finished,
            "office": to.office,
            "seat": to.seat.code,
            "task": deadline.key,
            "task_id": deadline.pk,
            "to": to.person.username if to.person else "",
        },
        reason=words,
        label=deadline.label,
    )


def receivers_for(deadline: Deadline, sender: User, on: date) -> list[Receiver]:
    """Whoever a task may be copied to: the offices of the township, those above it, then single persons."""
    held = (
        live_grants(on)
        .filter(user__is_active=True)
        .exclude(user=sender)
        .select_related("unit__tenant", "user")
    )
    inside = list(held.filter(tenant=deadline.unit).order_by("unit__code", "pk"))
    with within(SYSTEM):
        above = list(held.filter(unit__in=ancestors_of(deadline.unit)).order_by("-unit__path", "pk"))
    offices = _offices([*inside, *above], deadline.unit)
    persons = {(g.user_id, g.office, g.unit_id): Receiver(g.office, g.unit, g.user) for g in inside}
    return [*offices, *(one for one in persons.values() if _may_receive(one.office))]


def _offices(grants: Iterable[RoleGrant], tenant: Unit) -> list[Receiver]:
    found = {(g.office, g.unit_id): Receiver(g.office, g.unit) for g in grants}
    place = {office.code: at for at, office in enumerate(registry.offices())}
    within_reach = [to for to in found.values() if _is_within_reach(to, tenant)]
    return sorted(
        within_reach, key=lambda to: (to.seat.tenant_id != tenant.pk, place[to.office], to.seat.code)
    )


def copies_for(grant: RoleGrant, offices: Iterable[str]) -> QuerySet[Copy]:
    """What has been copied to a person or to an office they act in, the latest first, with `read` on every row."""
    mine = CopyRead.objects.filter(copy=OuterRef("pk"), user=grant.user_id)
    to_office = Q(person=None, seat=grant.unit_id, office__in=list(offices))
    return (
        Copy.objects.filter(to_office | Q(person=grant.user_id))
        .exclude(sender=grant.user_id)
        .annotate(read=Exists(mine))
        .select_related("task", "task__deadline", "sender", "unit", "seat")
        .order_by("-pk")
    )


def unread_by(grant: RoleGrant, offices: Iterable[str]) -> QuerySet[Copy]:
    """Those of them this person has not opened."""
    return copies_for(grant, offices).exclude(readings__user=grant.user_id)


def mark_read(deadline: Deadline, grant: RoleGrant, offices: Iterable[str], at: datetime) -> None:
    """The person has opened the task: its copies to them are read from now on. The first reading's time stays."""
    unread = unread_by(grant, offices).filter(task_id=deadline.pk)
    readings = [CopyRead(copy=one, unit=one.unit, user_id=grant.user_id, at=at) for one in unread]
    if readings:
        CopyRead.objects.bulk_create(readings, ignore_conflicts=True)


def mark_all_read(
    grant: RoleGrant, offices: Iterable[str], at: datetime, *, only: Iterable[int] | None = None
) -> int:
    """Mark the person's unread copies as read, `only` these of them where it is given; how many there were."""
    unread = unread_by(grant, offices)
    unread = unread if only is None else unread.filter(pk__in=list(only))
    readings = [CopyRead(copy=one, unit=one.unit, user_id=grant.user_id, at=at) for one in unread]
    CopyRead.objects.bulk_create(readings, ignore_conflicts=True)
    return len(readings)


def copies_of(deadline: Deadline) -> QuerySet[Copy]:
    """To whom a task was copied, with who has opened it, the latest first."""
    return (
        Copy.objects.filter(task_id=deadline.pk)
        .select_related("sender", "seat", "person")
        .prefetch_related("readings__user")
        .order_by("-pk")
    )
