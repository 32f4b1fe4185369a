"""Whose turn it is: the boxes of a person acting in an office."""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from math import inf
from typing import Any, NamedTuple

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import TruncMonth
from django.utils.timezone import make_aware
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS

from workflow.audit.models import Entry
from workflow.calendar.offsets import SOON
from workflow.flows.base import BEGUN_AT, begun_at, flows
from workflow.flows.copies import copies_for, unread_by
from workflow.flows.models import Comment, Copy, Deadline, NotesRead, Urge
from workflow.flows.nodes import BeginFlows, SubFlow
from workflow.flows.services import barring
from workflow.flows.taking_back import following
from workflow.people.isolation import within
from workflow.people.models import Unit, User
from workflow.people.wording import kinds_with_own_words, worded
from workflow.reminders import services
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of

FAR = date.max
# How long what one has begun stays listed once it has ended.
ENDED_KEPT = timedelta(days=90)
COPIES = "copies"
AS_TOLD = ("task__owner", "seat")  # what an open task is told with (`pages.who_may_do`)


@dataclass(frozen=True)
class Figures:
    """The four numbers above the inbox."""

    overdue: int
    soon: int
    open: int
    done_this_month: int


def offices_served(grant: RoleGrant) -> list[str]:
    """The office itself, and the bodies whose record it may keep."""
    return [grant.office, *registry.recorded_by(grant.office)]


def own_claims(grant: RoleGrant) -> list[int]:
    """Whose claims count as one's own: the person, and the holder they stand in for."""
    return [grant.user_id, *([grant.principal_id] if grant.principal_id else [])]


def _tasks() -> QuerySet[Deadline]:
    return Deadline.objects.filter(cancelled=False)


def _as_listed(tasks: QuerySet[Deadline]) -> QuerySet[Deadline]:
    """The tasks with what a list says of each."""
    shown = tasks.select_related("task", "unit", "seat", "started_by", "task__owner")
    return shown.annotate(urged=Count("task__urges", distinct=True))


def _queued(grant: RoleGrant) -> QuerySet[Deadline]:
    return _tasks().filter(
        task__owner_permission_obj_pk=str(grant.unit_id),
        task__owner_permission__in=offices_served(grant),
        task__status="NEW",
        task__flow_task_type="HUMAN",
    )


def _claimed(grant: RoleGrant) -> QuerySet[Deadline]:
    return _tasks().filter(
        task__owner_id__in=own_claims(grant),
        task__status="ASSIGNED",
        seat_id=grant.unit_id,
        office__in=offices_served(grant),
    )


def _done(user: User, grant: RoleGrant) -> QuerySet[Deadline]:
    return _tasks().filter(done_by=user, unit=grant.tenant)


def queue_of(grant: RoleGrant) -> QuerySet[Deadline]:
    """Unclaimed tasks of the office; the literals are those of the partial index `piaojue_queue`."""
    return _as_listed(_queued(grant))


def claimed_by(grant: RoleGrant) -> QuerySet[Deadline]:
    """Tasks of the office this person has taken or been given (`piaojue_mine`)."""
    return _as_listed(_claimed(grant))


def done_by(user: User, grant: RoleGrant) -> QuerySet[Deadline]:
    """What this person has done in this township, the latest first."""
    return _as_listed(_done(user, grant)).order_by("-done_at")


def _begun(user: User, grant: RoleGrant, today: date) -> QuerySet[Deadline]:
    """Where the matters stand that a person has begun of their own accord: what is open of each, of one that is over what
    it ended with, for as long as ENDED_KEPT.

    A year has no task of its own: it is followed on its page.
    """
    later = _tasks().filter(task__process=OuterRef("task__process"), done_at__gt=OuterRef("done_at"))
    ended = Q(task__process__status=PROCESS.DONE, done_at__gte=at_midnight(today - ENDED_KEPT))
    return _tasks().filter(Q(done_at=None) | ended & ~Exists(later), begun_by=user, unit=grant.tenant)


def _handed_on(user: User, grant: RoleGrant) -> QuerySet[Deadline]:
    """Tasks that a person's acts have put before somebody else, until these act."""
    own_queue = Q(task__owner=None, seat=grant.unit_id, office__in=offices_served(grant))
    rows = _tasks().filter(started_by=user, unit=grant.tenant, done_at=None)
    return rows.exclude(Q(task__owner=user) | own_queue)


def started_by(user: User, grant: RoleGrant, today: date) -> QuerySet[Deadline]:
    """What a person has begun and what they have passed on, each task once: as they fall due, then what has ended, the
    latest first."""
    # Two reads told apart by their own indexes: put into one condition neither would be of use.
    found = [rows.order_by().values("pk") for rows in (_begun(user, grant, today), _handed_on(user, grant))]
    rows = _as_listed(_tasks().filter(pk__in=found[0].union(found[1], all=True)))
    return rows.order_by(F("done_at").desc(nulls_first=True), F("due_on").asc(nulls_last=True), "pk")


def in_box(box: str, grant: RoleGrant, today: date) -> list[QuerySet[Deadline]]:
    """What a list of the inbox is made of: one read, or two that are put together by date (`by_date`)."""
    if box == "done":
        return [done_by(grant.user, grant)]
    if box == "started":
        return [started_by(grant.user, grant, today)]
    if box == "queue":
        last = Case(When(key__in=_closing(), then=1), default=0)
        return [queue_of(grant).order_by(F("due_on").asc(nulls_last=True), last, "pk")]
    both = [claimed_by(grant), queue_of(grant)]
    if box == "urged":
        return [rows.filter(pk__in=Urge.objects.values("task")) for rows in both]
    return both


def is_late(today: date) -> Q:
    """What could be missed by a day and was."""
    return Q(binds_on__lt=today)


def is_due_soon(today: date) -> Q:
    """What falls due on a day or shortly after it."""
    return Q(due_on__range=(today, today + SOON))


DUE = {"late": is_late, "soon": is_due_soon}


def listed(box: str, grant: RoleGrant, today: date, **asked: Any) -> list[QuerySet[Any]]:
    """A list of the inbox, narrowed (`narrowed`): what its page shows, its sheet holds and its figure counts.

    Of tasks, and of copies of them in the box of these (`copies_narrowed`).
    """
    if box == COPIES:
        copied = unread_by if asked.pop("unread", False) else copies_for
        return [copies_narrowed(copied(grant, offices_served(grant)), today, **asked)]
    rows = in_box(box, grant, today)
    if box == "started" and asked.get("due"):
        rows = [one.filter(done_at=None) for one in rows]  # what is done cannot be missed any more
    return [narrowed(one, today, **asked) for one in rows]


def narrowed(
    rows: QuerySet[Deadline],
    today: date,
    *,
    year: int | None = None,
    step: int | None = None,
    due: str = "",
    words: str = "",
    month: date | None = None,
) -> QuerySet[Deadline]:
    """The rows of a year, a step, a deadline (of `DUE`) that say these words; what is empty narrows nothing.

    words: in the title, the matter, or the name of whoever did the step before or has claimed this one.

    month: the first day of the one they were done in.
    """
    if year:
        rows = rows.filter(year=year)
    if step:
        rows = rows.filter(step=step)
    if due:
        rows = rows.filter(DUE[due](today))
    if month:
        begins, ends = (at_midnight(day) for day in (month, last_day_of(month) + timedelta(days=1)))
        rows = rows.filter(done_at__gte=begins, done_at__lt=ends)
    if words:
        people = Q(started_by__name__icontains=words) | Q(task__owner__name__icontains=words)
        rows = rows.filter(people | Q(label__icontains=words) | _titled(words))
    return rows


def copies_narrowed(
    rows: QuerySet[Copy],
    today: date,
    *,
    year: int | None = None,
    step: int | None = None,
    due: str = "",
    words: str = "",
) -> QuerySet[Copy]:
    """The copies of tasks of a year, a step, a deadline that is still to be kept, which say these words."""
    if year:
        rows = rows.filter(task__deadline__year=year)
    if step:
        rows = rows.filter(task__deadline__step=step)
    if due:
        waiting = Deadline.objects.filter(DUE[due](today), done_at=None, cancelled=False)
        rows = rows.filter(task__deadline__in=waiting)
    if words:
        said = Q(words__icontains=words) | Q(sender__name__icontains=words)
        said |= Q(task__deadline__label__icontains=words) | _titled(words, "task__deadline__")
        rows = rows.filter(said)
    return rows


def _titled(words: str, to: str = "") -> Q:
    """The tasks whose title says these words as it is shown: in any case, in the words of the hall it is shown in.

    to: how a task is reached from what is looked through.
    """
    own = kinds_with_own_words()
    found = Q(**{f"{to}key__in": _keys_saying(words, None)}) & ~Q(**{f"{to}unit__kind__in": own})
    for kind in own:
        found |= Q(**{f"{to}key__in": _keys_saying(words, Unit(kind=kind)), f"{to}unit__kind": kind})
    return found


def _keys_saying(words: str, hall: Unit | None) -> list[str]:
    nodes = {node.key: node for flow in flows() for node in flow.steps()}
    return [
        key for key, node in nodes.items() if words.casefold() in worded(node.task_title, hall).casefold()
    ]


def _closing() -> set[str]:
    """The keys of the steps that end a day's session."""
    return {node.key for flow in flows() for node in flow.steps() if node.closes}


def by_date(rows: Iterable[Deadline]) -> list[Deadline]:
    """Rows in the order they fall due, overdue on top, those without a date after them; last what is done, the latest first.

    What ends a day's session (`OfficeView.closes`) was there before all that is done at it, and stands after it.
    """
    closing = _closing()

    def place(row: Deadline) -> tuple[float, date, bool, int]:
        done = -row.done_at.timestamp() if row.done_at else -inf
        return done, row.due_on or FAR, row.key in closing, row.pk

    return sorted(rows, key=place)


class Counted(NamedTuple):
    """Of a task in one of an office's boxes what the figures and the filter of years are made of."""

    pk: int
    year: int | None
    box: str
    late: bool | None
    soon: bool | None


def counted_of(grant: RoleGrant, today: date) -> list[Counted]:
    """What is claimed, what is queued and what has been done this month of an office, in one read."""
    flags = {name: ExpressionWrapper(due(today), BooleanField()) for name, due in DUE.items()}
    boxes = {
        "claimed": _claimed(grant),
        "queue": _queued(grant),
        "done": narrowed(_done(grant.user, grant), today, month=today.replace(day=1)),
    }
    first, *others = (
        rows.annotate(box=Value(box), **flags).values_list(*Counted._fields) for box, rows in boxes.items()
    )
    return [Counted(*row) for row in first.union(*others, all=True)]


@dataclass(frozen=True)
class Served:
    """Several offices of one person, each read as that office sees it.

    acting: the one whose context the request has already; None where it has none of theirs.
    """

    grants: Sequence[RoleGrant]
    acting: RoleGrant | None
    today: date

    @cached_property
    def counted(self) -> list[Counted]:
        """What is counted of any of them, a task once."""
        found: dict[int, Counted] = {}
        for grant in self.grants:
            with seen_by(grant, self.acting):
                found.update((one.pk, one) for one in counted_of(grant, self.today))
        return list(found.values())

    def years(self, box: str) -> list[int]:
        """The years a list reaches over, the latest first."""
        boxes = {"todo": ("claimed", "queue"), "queue": ("queue",)}.get(box)
        if boxes:
            found = {one.year for one in self.counted if one.box in boxes}
        else:
            found = self._different("task__deadline__year" if box == COPIES else "year", partial(listed, box))
        return sorted(filter(None, found), reverse=True)

    def months(self) -> list[date]:
        """The first days of the months somebody did something in, the latest first; this one is always among them."""
        found = self._different(TruncMonth("done_at"), partial(listed, "done"))
        return sorted({self.today.replace(day=1), *(day.date() for day in found)}, reverse=True)

    def figures(self) -> Figures:
        """The four numbers: as many as their links list. However the open list is narrowed beside that, they stay."""
        waiting = [one for one in self.counted if one.box != "done"]
        return Figures(
            overdue=sum(bool(one.late) for one in waiting),
            soon=sum(bool(one.soon) for one in waiting),
            open=len(waiting),
            done_this_month=len(self.counted) - len(waiting),
        )

    def _different(self, what: Any, rows_of: Callable[..., list[QuerySet[Any]]]) -> set[Any]:
        """The different values of a column, or of what is worked out of one, over the rows of all of them."""
        found: set[Any] = set()
        for grant in self.grants:
            with seen_by(grant, self.acting):
                for rows in rows_of(grant=grant, today=self.today):
                    found.update(rows.order_by().values_list(what, flat=True).distinct())
        return found


def seen_by(grant: RoleGrant, acting: RoleGrant | None) -> AbstractContextManager[None]:
    """The context of an office; that of the office acted in is the request's own, and is not set again."""
    return nullcontext() if acting is not None and grant.pk == acting.pk else within(context_of(grant))


def at_midnight(day: date) -> datetime:
    """The moment a day begins, in local time."""
    return make_aware(datetime.combine(day, time.min))


def last_day_of(month: date) -> date:
    """The last day of the month a day lies in."""
    return month.replace(day=monthrange(month.year, month.month)[1])


# Of an office at a unit whose tasks have been told: whose claims were told with them.
Told = dict[tuple[int, str], set[int]]


def tell_of(grant: RoleGrant, told: Told) -> None:
    """Note that what waits for this office has been told."""
    for office in offices_served(grant):
        told.setdefault((grant.unit_id, office), set()).update(own_claims(grant))


def count_todo(grant: RoleGrant, told: Told | None = None) -> int:
    """How many tasks wait for this office; one query, for the navigation. told: what is left out, for it is told already."""
    known = {office: (told or {}).get((grant.unit_id, office)) for office in offices_served(grant)}
    mine, free = Q(status="ASSIGNED"), Q(status="NEW", flow_task_type="HUMAN")
    claims = set(own_claims(grant))
    waiting = Q(owner_permission__in=[office for office, whose in known.items() if whose is None])
    waiting &= (mine & Q(owner_id__in=claims)) | free
    # The queue is everybody's, a claim is not: whoever one stands in for may have claimed something besides.
    for office, whose in known.items():
        if whose is not None:
            waiting |= mine & Q(owner_permission=office, owner_id__in=claims - whose)
    return Task.objects.filter(waiting, owner_permission_obj_pk=str(grant.unit_id)).count()


def count_to_go_on(grant: RoleGrant) -> int:
    """How many of the tasks that wait for this office the person may do: no rule keeps them from these."""
    asked = [
        node.key
        for flow in flows()
        for node in flow.steps()
        if node.barred and node.office in offices_served(grant)
    ]
    found = [_claimed(grant), _queued(grant)] if asked else []
    of_two = [one for rows in found for one in rows.filter(key__in=asked).select_related("task")]
    return count_todo(grant) - len(barred_among(of_two, grant.user))


def unread_notes(task_ids: Iterable[int], user: User) -> set[int]:
    """On which of these tasks others have left notes the person has not opened; one query."""
    read = NotesRead.objects.filter(task=OuterRef("task"), user=user, at__gte=OuterRef("at"))
    unread = Comment.objects.filter(~Exists(read), task__in=list(task_ids)).exclude(user=user)
    return set(unread.values_list("task_id", flat=True))


def barred_among(deadlines: Iterable[Deadline], user: User) -> set[int]:
    """Which of these tasks a rule keeps the person from, though in office; nothing is read where none asks for two people."""
    tasks = [one.task for one in deadlines]
    barred = barring(tasks)
    return {task.pk for task in tasks if barred(task, user)}


def mark_notes_read(deadline: Deadline, user: User, at: datetime) -> None:
    """The person has opened the task: the notes that stand there are read."""
    if unread_notes([deadline.pk], user):
        NotesRead.objects.update_or_create(
            task_id=deadline.pk, user=user, defaults={"at": at, "unit": deadline.unit}
        )


def done_for(deadline: Deadline) -> str:
    """The name of whom a task's doer stood in for; empty where they did it in an office of their own."""
    found = User.objects.filter(username=deadline.done_for).first() if deadline.done_for else None
    return found.name if found else deadline.done_for


def urges_of(deadline: Deadline) -> QuerySet[Urge]:
    """Who urged a task, when and why, the latest first."""
    return Urge.objects.filter(task_id=deadline.pk).select_related("user").order_by("-at")


@dataclass(frozen=True)
class Reported:
    """That an overdue task was reported, when, to whom (`registry.seat_called`), how many days late it was then."""

    at: datetime
    to: str
    days: int


def escalations_of(deadline: Deadline, today: date) -> list[Reported]:
    """To whom an overdue task was reported, the first first; nothing is looked for of one that is not late."""
    if deadline.binds_on is None or deadline.binds_on >= today:
        return []
    entries = services.reports_of(deadline)
    told = [json.loads(entry.body)["after"] for entry in entries]
    units = (
        {u.code: u for u in Unit.objects.filter(code__in={after["seat"] for after in told})} if told else {}
    )
    return [
        Reported(
            entry.at,
            registry.seat_called(after["office"], units[after["seat"]]),
            after["days"],
        )
        for entry, after in zip(entries, told, strict=True)
        if after["seat"] in units
    ]


def open_on(subject: str, keys: Collection[str]) -> list[Deadline]:
    """The open tasks of these keys on a record, by its reference; no query where there are none."""
    if not keys:
        return []
    rows = Deadline.objects.filter(key__in=keys, subject=subject, done_at=None, cancelled=False)
    return list(rows.select_related(*AS_TOLD).order_by("pk"))


def opened_by(entry: Entry, keys: Collection[str]) -> list[Deadline]:
    """The open tasks that an act without a task has put before somebody: those of these keys on its record, those of what it
    has begun, and where it gave a task back, what has come of that."""
    begun = Deadline.objects.filter(
        begun_by=entry.actor,
        task__process__data__contains={BEGUN_AT: begun_at(entry.at)},
        done_at=None,
        cancelled=False,
    )
    found = open_on(entry.subject, keys) + list(begun.select_related(*AS_TOLD).order_by("pk"))
    ended = Deadline.objects.filter(done_by=entry.actor, done_at=entry.at).select_related("task__process")
    returns = Entry.objects.filter(pk__in=[one.entry_id for one in ended], task=entry.action)
    by_it = set(returns.values_list("pk", flat=True))
    found += [after for one in ended if one.entry_id in by_it for after in opened_after(one.task)]
    return list({one.pk: one for one in found}.values())


def opened_after(task: Task) -> list[Deadline]:
    """The open tasks of people that have come of one, gates passed over, of flows begun by it or going on after it too.

    Of a flow it has begun anew, the one that begins it, where that is open.
    """
    come, begins = Q(pk__in=set(_come_of(task))), task.flow_task.begins
    if begins:
        come |= Q(key=begins.key, subject=task.deadline.subject)
    rows = Deadline.objects.filter(come, done_at=None, cancelled=False)
    return list(rows.select_related(*AS_TOLD).order_by("pk"))


def waited_for(task: Task) -> list[Deadline]:
    """The open tasks of people beside one that is done, where nothing has come of it yet: its flow goes on once all are."""
    beside = Deadline.objects.filter(task__process=task.process_id, done_at=None, cancelled=False)
    return list(beside.select_related(*AS_TOLD).order_by("pk"))


def _come_of(task: Task) -> Iterator[int]:
    for next_task in following(task):
        yield next_task.pk
        if next_task.flow_task_type == SubFlow.task_type:
            inside = Task.objects.filter(process__parent_task=next_task, flow_task_type="HUMAN")
            yield from inside.values_list("pk", flat=True)
        elif isinstance(next_task.flow_task, BeginFlows):
            begun = next_task.flow_task.begun_by(next_task)
            inside = Task.objects.filter(process__in=begun, flow_task_type="HUMAN")
            yield from inside.values_list("pk", flat=True)
    if task.process.status == PROCESS.DONE and task.process.parent_task:
        yield from _come_of(task.process.parent_task)
