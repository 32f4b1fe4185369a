"""A person's days: what is due of their tasks, and what the domain above holds on a day (a session)."""

from __future__ import annotations

import calendar
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from workflow.audit.services import Act, write_down
from workflow.calendar.ics import Event
from workflow.calendar.workdays import is_working_day
from workflow.flows.models import CalendarFeed, Deadline, MeetingCall
from workflow.inbox.selectors import claimed_by, offices_served, queue_of
from workflow.people.isolation import SYSTEM, within
from workflow.people.models import Unit, User
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import context_of, was_held

BEFORE, AHEAD = timedelta(days=60), timedelta(days=400)  # how far a feed reaches


@dataclass(frozen=True)
class Dated:
    """Something on a day. uid: stable; url: its page, empty where the office acted in does not see it.

    begins, place: of a meeting that has been called, when (aware) and where.
    """

    uid: str
    on: date
    title: str
    words: str = ""
    url: str = ""
    due: bool = False
    late: bool = False
    provisional: bool = False
    begins: datetime | None = None
    place: str = ""


Source = Callable[[Unit, date, date], Iterable[Dated]]
_sources: list[Source] = []


def show_dates(source: Source) -> Source:
    """Register what the domain holds on days of a township: unit, first and last day → what there is."""
    if source not in _sources:
        _sources.append(source)
    return source


def has_inbox(grant: RoleGrant) -> bool:
    """Whether tasks come to an office at all."""
    office = registry.office(grant.office)
    return office.works and not office.reads_below


def dates_of(
    grants: Sequence[RoleGrant], first: date, last: date, today: date, *, acting: RoleGrant | None = None
) -> list[Dated]:
    """What several offices have on days from `first` to `last`, each read as that office sees it; by day.

    acting: the office whose pages may be linked; None links nothing.
    """
    found: dict[str, Dated] = {}
    for grant in grants:
        with within(context_of(grant)):
            here = acting is not None and acting.tenant_id == grant.tenant_id
            dated = (
                *_deadlines(grant, first, last, today),
                *meetings_called(grant, first, last, acting),
                *_held(grant, first, last),
            )
            for one in dated:
                shown, known = one if here else _unlinked(one), found.get(one.uid)
                if known is None or (shown.url and not known.url):
                    found[one.uid] = shown
    return sorted(found.values(), key=lambda one: (one.on, one.due, one.begins is None, one.uid))


def _deadlines(grant: RoleGrant, first: date, last: date, today: date) -> Iterator[Dated]:
    rows = [
        row for one in (claimed_by(grant), queue_of(grant)) for row in one.filter(due_on__range=(first, last))
    ]
    for row in rows:
        yield _dated(row, today)


def _dated(row: Deadline, today: date) -> Dated:
    assert row.due_on is not None
    title = worded(row.task.flow_task.task_title, row.unit)
    return Dated(
        uid=f"task-{row.pk}",
        on=row.due_on,
        title=_("%(title)s（暂定）") % {"title": title} if row.provisional else title,
        words=f"{row.unit.name} · {row.label}",
        url=reverse("task", args=[row.pk]),
        due=True,
        late=row.binds_on is not None and row.binds_on < today,
        provisional=row.provisional,
    )


def meetings_called(grant: RoleGrant, first: date, last: date, acting: RoleGrant | None) -> Iterator[Dated]:
    """The meetings a body has been called to, for its members of that day and for whoever keeps its record.

    A member reads the notice in any office; whoever keeps the record, in an office that does.
    """
    served = offices_served(acting) if acting else []
    serves = {"body__in": offices_served(grant), "seat": grant.unit_id}
    calls = MeetingCall.objects.filter(MeetingCall.STANDS, **serves, held_on__range=(first, last))
    for call in calls.select_related("seat", "unit").order_by("pk"):
        if was_held(grant, call.held_on):
            yield Dated(
                uid=f"call-{call.pk}",
                on=call.held_on,
                title=_("%(meeting)s（%(n)s 项议题）")
                % {"meeting": registry.meeting_of(call.body, call.unit), "n": len(call.tasks)},
                words=_("%(hour)s %(place)s") % {"hour": f"{call.hour:%H:%M}", "place": call.place},
                url=reverse("meeting_call", args=[call.pk]) if call.body in (grant.office, *served) else "",
                begins=make_aware(datetime.combine(call.held_on, call.hour)),
                place=call.place,
            )


def _held(grant: RoleGrant, first: date, last: date) -> Iterator[Dated]:
    for source in _sources:
        yield from source(grant.tenant, first, last)


def _unlinked(one: Dated) -> Dated:
    return Dated(**{**one.__dict__, "url": ""})


@dataclass(frozen=True)
class Day:
    """One square of a month."""

    on: date
    inside: bool
    works: bool
    dates: list[Dated]


def month_of(year: int, month: int) -> tuple[date, date]:
    """The first and the last day a month's page shows: whole weeks from Monday to Sunday."""
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    return weeks[0][0], weeks[-1][-1]


@dataclass(frozen=True)
class Week:
    """Seven days from a Monday."""

    days: list[Day]

    @property
    def holds(self) -> bool:
        """Whether anything is on one of its days that lie in the month."""
        return any(day.inside and day.dates for day in self.days)

    @property
    def is_provisional(self) -> bool:
        """Whether any of that is due on a day that is not fixed yet."""
        return any(one.provisional for day in self.days if day.inside for one in day.dates)


def weeks_of(year: int, month: int, dates: Iterable[Dated]) -> list[Week]:
    """A month by weeks, with what is on each day and whether it is a working one."""
    on: dict[date, list[Dated]] = {}
    for one in dates:
        on.setdefault(one.on, []).append(one)
    return [
        Week([Day(day, day.month == month, is_working_day(day), on.get(day, [])) for day in week])
        for week in calendar.Calendar().monthdatescalendar(year, month)
    ]


# ------------------------------------------------------------------------------- the secret address


def make_link(user: User, act: Act) -> str:
    """A new secret address for a person's calendar, said once; the one before reads nothing from now on."""
    token = secrets.token_urlsafe(32)
    CalendarFeed.objects.update_or_create(
        user=user, defaults={"digest": digest_of_token(token), "made_at": act.at}
    )
    write_down(act, "calendar.make_link", f"user:{user.pk}")
    return token


def drop_link(user: User, act: Act) -> bool:
    """Nobody reads the person's calendar without signing in any longer; False where nobody could."""
    dropped, _rows = CalendarFeed.objects.filter(user=user).delete()
    if dropped:
        write_down(act, "calendar.drop_link", f"user:{user.pk}")
    return bool(dropped)


def digest_of_token(token: str) -> str:
    """What is kept of a token: it is long and random, so that nothing slower than one hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def owner_of(token: str) -> User | None:
    """Whose calendar a secret address opens; None for an unknown one and for an account that is closed."""
    with within(SYSTEM):  # until the token is found nobody is known, and a link is its person's alone
        feed = CalendarFeed.objects.select_related("user").filter(digest=digest_of_token(token)).first()
    return feed.user if feed and feed.user.is_active else None


def events_of(dates: Iterable[Dated], absolute: Callable[[str], str], host: str) -> list[Event]:
    """What is dated as events of a feed. absolute: makes an address of a path."""
    return [_event(one, absolute, host) for one in dates]


def _event(one: Dated, absolute: Callable[[str], str], host: str) -> Event:
    title: Any = _("到期：%(title)s") % {"title": one.title} if one.due else one.title
    url = absolute(one.url) if one.url else ""
    return Event(f"{one.uid}@{host}", one.on, title, one.words, url, one.begins, one.place)
