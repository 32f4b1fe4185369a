"""What an office may do of its own accord, without a task: propose, visit, inspect, ask, withdraw (steps.md, *event*)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.timezone import localdate

from workflow.audit.models import Entry
from workflow.audit.services import Act, done_with, write_down
from workflow.flows.acting import acting
from workflow.flows.base import OfficeFlow
from workflow.flows.drafts import drop_draft_of_act
from workflow.flows.errors import AlreadyDone, InvalidForm, NotYourTurn, Obstructed
from workflow.flows.forms import StepForm
from workflow.flows.holding import key_of_event
from workflow.flows.nodes import OfficeView
from workflow.flows.services import (
    Outcome,
    busy_if_locked,
    in_person_of,
    refuse_unless_in_person,
    refuse_who_stands_in,
    refused_in_words_of,
)
from workflow.machines.models import Record
from workflow.people.isolation import unlimited
from workflow.people.models import Unit, User
from workflow.people.saying import in_the_records_language, listed, said_again
from workflow.people.saying import said as _
from workflow.people.services import ancestors_of
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.services import grants_for_update


@dataclass(frozen=True)
class Event:
    """One kind of act without a task. key: room.act, as in the rulebook and the trail.

    offices: who may; subject: the record it is done on, Unit for what concerns the township itself.
    form: a StepForm; act: the service, act(act, subject, **cleaned).
    in_person: asks the actor for their own password again, as a step may.
    not_at: the kinds of units that know no such matter; `when` refuses it there.
    from_above: done by an office that only reads the record (the county): it is not locked.
    linked: what a link to it may name before anybody has typed: fields of its form, or what the form fills itself in from.
    rank: its place among the acts of its step; those alike stand by their keys.
    then: what comes after it and with whom, or that nothing does, in a sentence for the page that asks to confirm it and for
    its done page; that names besides whatever tasks the act has begun. Every act has it or one of the next two.
    asks: the flow in which a second person answers, where the act only asks for something.
    leads_to: the step on the same record that is somebody's turn once it is done; where the act gives a task back, its done
    page finds that by itself.
    handed_out, handed_told: what its done page shows besides, as a step's (`OfficeView`).
    when: subject, at → reasons why not now; offered: subject, grant → whether it makes sense to show.
    listed_when: subject, at → whether it is listed even while something is in its way, with the reason: somebody else has
    to act first, and whoever waits for that must find it. also_on: subject → another record whose page lists it too.
    """

    key: str
    title: str | Promise
    offices: tuple[str, ...]
    subject: type[Record] | type[Unit]
    form: type[StepForm]
    act: Callable[..., Any]
    step: int | None = None
    when: Callable[[Any, datetime], Sequence[str]] | None = None
    offered: Callable[[Any, RoleGrant], bool] | None = None
    listed_when: Callable[[Any, datetime], bool] | None = None
    also_on: Callable[[Any], Record | None] | None = None
    basis: str | Promise = ""
    output: str | Promise = ""
    hint: str | Promise = ""
    page: str = ""
    context: Callable[[Any], dict[str, Any]] | None = None
    irreversible: bool = False
    in_person: bool = False
    body: str = ""
    from_above: bool = False
    not_at: frozenset[str] = frozenset()
    linked: tuple[str, ...] = ()
    then: str | Promise = ""
    rank: int = 0
    asks: type[OfficeFlow] | None = None
    leads_to: OfficeView | None = None
    handed_out: str = ""
    handed_told: Callable[[Any, RoleGrant], dict[str, Any]] | None = None

    def __post_init__(self) -> None:
        if not (self.then or self.asks or self.leads_to):
            raise ValueError(f"{self.key}: says what comes after it, or that nothing does")

    @property
    def kind(self) -> str:
        """The word before the number in its subject's reference."""
        return "unit" if issubclass(self.subject, Unit) else self.subject.kind

    @property
    def task_title(self) -> str | Promise:
        return self.title

    @property
    def deciding(self) -> str:
        return self.body

    def form_for(
        self, subject: Any, act: Act, grant: RoleGrant, data: Any = None, files: Any = None, **more: Any
    ) -> StepForm:
        """The event's form, bound when data is given."""
        return self.form(data, files, subject=subject, act=act, node=self, seat=grant.unit, **more)

    def obstacles_of(self, subject: Any, at: datetime) -> list[str]:
        return (
            [worded(said_again(reason), subject.unit) for reason in self.when(subject, at)]
            if self.when
            else []
        )


def at_home(unit: Unit, grant: RoleGrant) -> bool:
    """Offered on a unit's own row to an office held there: never on what sits inside it or below it."""
    return unit.pk == grant.tenant_id


_events: dict[str, Event] = {}


def register_event(event: Event) -> Event:
    """Make an event known to the pages and the seat table."""
    _events[event.key] = event
    return event


@dataclass(frozen=True)
class OpenAct:
    """An act of the seat table that is nobody's task and no office's event, with the same key where both exist.

    A resident's on the public pages, or a deputy's with a paper ballot in the hall. office: the code it is listed under;
    holder: what they are called where nobody is granted that office. term: the key of the deadline it has to keep;
    window: the year's record (None without one), its rules → when it may be done, in words.
    """

    key: str
    title: str | Promise
    office: str
    holder: str | Promise = ""
    step: int | None = None
    term: str = ""
    window: Callable[[Any, Any], str] | None = None
    basis: str | Promise = ""
    output: str | Promise = ""
    body: str = ""

    @property
    def task_title(self) -> str | Promise:
        return self.title


_open_acts: dict[tuple[str, str], OpenAct] = {}


def register_open_act(act: OpenAct) -> OpenAct:
    """Make it known to the seat table; a second one with the same key and office replaces the first."""
    _open_acts[act.key, act.office] = act
    return act


def open_act(key: str, office: str) -> OpenAct | None:
    """The registered one that is done as this office; None where there is none."""
    return _open_acts.get((key, office))


def open_acts() -> list[OpenAct]:
    """Every registered one, by step and key."""
    return sorted(_open_acts.values(), key=lambda act: (act.step or 9, act.key, act.office))


def event(key: str) -> Event:
    """The registered event; KeyError for an unknown key."""
    return _events[key]


def events() -> list[Event]:
    """Every registered event, by step, rank and key."""
    return sorted(_events.values(), key=lambda e: (e.step or 9, e.rank, e.key))


def events_on(subject: Record | Unit, grant: RoleGrant, at: datetime) -> list[Event]:
    """What the holder of an office may do now on a record, of its own accord."""
    return [event for event, reasons in listed_on(subject, grant, at) if not reasons]


def listed_on(
    subject: Record | Unit, grant: RoleGrant, at: datetime, *, also_on: Record | None = None
) -> list[tuple[Event, list[str]]]:
    """What an office finds listed on a record: what it may do now, and what waits for somebody else, with the reasons.

    also_on: of these, only what the page of this other record lists as well.
    """
    found = []
    for one in events():
        if one.subject is not type(subject) or grant.office not in one.offices:
            continue
        if also_on is not None and (one.also_on is None or one.also_on(subject) != also_on):
            continue
        if one.offered is None or one.offered(subject, grant):
            reasons = one.obstacles_of(subject, at)
            if not reasons or (one.listed_when is not None and one.listed_when(subject, at)):
                found.append((one, reasons))
    return found


def perform(
    key: str,
    subject: Record | Unit,
    *,
    actor: User,
    office: str = "",
    data: Mapping[str, Any],
    files: Mapping[str, Any] | None = None,
    at: datetime,
    request_id: str = "",
    reauthenticated: bool = False,
) -> Entry:
    """Do one event: lock the record, check the office, the form and the time, act, write down; all or nothing.

    office: the office acted in, any of the event's where it is left out. reauthenticated: as for `services.complete`.
    request_id: the one-time token of the form, kept with the entry: what was done with it is not done once more.
    Raises a Refused.
    """
    wanted = event(key)
    refuse_unless_in_person(wanted, reauthenticated)
    with transaction.atomic(), busy_if_locked():
        held = subject if wanted.from_above else _locked(subject)
        grant = _office_for(wanted, held, actor, office, at)
        act = grant.act(held.unit, at, task=key, request_id=request_id)
        refuse_who_stands_in(wanted, act)
        with acting(act), unlimited(bool(grant.scope)), refused_in_words_of(act.unit):
            # The actor's grant is held by now: the same form sent twice at once is decided one after the other.
            if before := done_with(key, [held.reference], actor, request_id):
                raise AlreadyDone(before)
            form = wanted.form_for(held, act, grant, data, files)
            if not form.is_valid():
                raise InvalidForm(form)
            if reasons := wanted.obstacles_of(held, at):
                raise Obstructed(*reasons)
            with in_the_records_language():
                outcome = wanted.act(act, held, **form.cleaned_data) or Outcome()
                entry = write_down(
                    act,
                    key,
                    held.reference,
                    about=held.about or held.reference,
                    step=wanted.step,
                    after=form.for_trail() | outcome.after | in_person_of(wanted),
                    reason=outcome.reason,
                    label=held.label,
                )
            form.keep_salt(entry)
            if form.drafts:
                drop_draft_of_act(key_of_event(key, held.reference), actor)
            return entry


def _locked(subject: Record | Unit) -> Any:
    # All but its key is held: rows that refer to it are written meanwhile, by whoever holds what this act may wait for.
    rows = type(subject)._base_manager.select_for_update(no_key=True)
    return rows.get(pk=subject.pk)


def _office_for(wanted: Event, subject: Record | Unit, actor: User, office: str, at: datetime) -> RoleGrant:
    codes = [office] if office in wanted.offices else [] if office else list(wanted.offices)
    tenants = ancestors_of(subject.unit) if wanted.from_above else [subject.unit_id]
    grants = grants_for_update(actor, codes, tenants, localdate(at))
    grant = next((g for g in grants if wanted.offered is None or wanted.offered(subject, g)), None)
    if grant is None:
        titles = listed(registry.title_of(code, subject.unit) for code in wanted.offices)
        title = worded(wanted.title, subject.unit)
        raise NotYourTurn(_("“%(title)s”由%(who)s办理。") % {"title": title, "who": titles})
    return grant
