"""From a batch of entries to letters: routes, audience and words put together, with a fixed number of reads."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.timezone import localdate, localtime
from viewflow.workflow.models import Task

from notifications.audience import Roster, authors_of, named
from notifications.channels import channel
from notifications.choosing import USUAL, Choice, Sending, sendings
from notifications.desk import Desk
from notifications.links import link_to_page, link_to_record, link_to_tasks
from notifications.models import Address as GroupAddress
from notifications.models import Delivery, Status, Told
from notifications.openings import Opened, Written, entry_that_opened
from notifications.rendering import Facts, Letter, TaskFacts, render
from notifications.routing import Audience, Route, routes_of
from notifications.wording import filled
from workflow.audit.models import Entry, Leaf
from workflow.flows.models import Deadline
from workflow.flows.nodes import MeetingView
from workflow.flows.services import barring
from workflow.inbox.story import OUTSIDE, title_of_action
from workflow.inbox.telling import labels_in
from workflow.people.models import Unit, User
from workflow.people.saying import listed
from workflow.people.wording import worded
from workflow.roles import registry

# A letter to one person: who, the tasks it is about, the row of the table that reached them.
Address = tuple[User, list[Deadline], Route]
# Whose groups are told with an audience; the others are one person's own business.
GROUPS_TOLD = {
    Audience.NEXT: "here",
    Audience.ASKED: "here",
    Audience.OFFICES: "here",
    Audience.ABOVE: "above",
}


def tasks_untold(unit: Unit) -> list[Deadline]:
    """The unit's tasks nobody has been written to about, in the order they were opened."""
    told = Told.objects.filter(task=OuterRef("task"))
    return list(_tasks().filter(~Exists(told), unit=unit).order_by("task__created", "pk"))


def _tasks() -> QuerySet[Deadline]:
    return Deadline.objects.select_related("task__owner", "task__process", "seat")


class Batch:
    """Entries of one unit in the order of the chain, and the tasks they may have opened.

    leaves: with entry and actor; complete: the trail ends with them.
    """

    def __init__(
        self, unit: Unit, leaves: Sequence[Leaf], untold: Sequence[Deadline], *, complete: bool
    ) -> None:
        self.unit = unit
        self.entries = {leaf.entry_id: leaf.entry for leaf in leaves}
        self.bodies: dict[int, dict[str, Any]] = {e.pk: json.loads(e.body) for e in self.entries.values()}
        self.written = [self._written(leaf) for leaf in leaves]
        self.opened: dict[int, list[Deadline]] = defaultdict(list)
        self.unsure: set[int] = set()
        self._letters: dict[tuple[int, str, tuple[int, ...], str], Letter] = {}
        for deadline in untold:
            self._attribute(deadline, complete)

    def told(self) -> list[Told]:
        """The marks that keep a task from being told again; also where its office has no holder."""
        return [
            Told(task_id=deadline.pk, unit=self.unit, entry_id=entry_id)
            for entry_id, deadlines in self.opened.items()
            for deadline in deadlines
        ]

    def letters(self, at: datetime) -> list[Delivery]:
        """Every letter of the batch, unsaved; none to the actor of an entry."""
        written = [(w, list(self._addresses_of(w))) for w in self.written]
        desk = Desk.of(
            {person.pk for _w, addresses in written for person, _tasks, _route in addresses},
            [*self._units_above, self.unit.pk],
        )
        return [
            letter
            for w, addresses in written
            for letter in (*self._copies(w, addresses, desk, at), *self._to_groups(w, addresses, desk, at))
        ]

    @cached_property
    def roster(self) -> Roster:
        return Roster.of(self.unit)

    @cached_property
    def _asked(self) -> dict[int, Deadline]:
        ids = {number for w in self.written if (number := self._task_named(w)) is not None}
        return {d.pk: d for d in _tasks().filter(pk__in=ids)} if ids else {}

    @cached_property
    def _labels(self) -> dict[str, str]:
        return labels_in(self.bodies.values())

    @cached_property
    def _authors(self) -> dict[str, User]:
        return authors_of({body["subject"] for _, body in self._going(Audience.AUTHOR)})

    @cached_property
    def _named(self) -> dict[str, User]:
        return named(name for route, body in self._going(Audience.NAMED) for name in _usernames(route, body))

    @cached_property
    def _barred(self) -> Callable[[Task, User], list[str]]:
        """Why a rule keeps a person from a task that waits; read once for the batch."""
        there = [*(d for deadlines in self.opened.values() for d in deadlines), *self._asked.values()]
        return barring([deadline.task for deadline in there if deadline.waits])

    def _going(self, audience: Audience) -> Iterator[tuple[Route, dict[str, Any]]]:
        """The rows of an audience that entries of this batch go by, with the entry."""
        for body in self.bodies.values():
            for route in routes_of(body["action"], body["after"]):
                if route.audience is audience:
                    yield route, body

    def _written(self, leaf: Leaf) -> Written:
        entry, body = leaf.entry, self.bodies[leaf.entry_id]
        return Written(
            entry_id=entry.pk,
            action=body["action"],
            actor=entry.actor_id,
            about=body["about"] or body["subject"],
            task=body["task"],
            at=entry.at,
            on=localdate(entry.at),
            recorded_at=leaf.recorded_at,
        )

    def _attribute(self, deadline: Deadline, complete: bool) -> None:
        task = Opened(
            deadline.pk, deadline.started_by_id, deadline.about, deadline.opened_on, deadline.task.created
        )
        entry, sure = entry_that_opened(task, self.written, complete=complete)
        if entry is not None:
            self.opened[entry.entry_id].append(deadline)
            if not sure:
                self.unsure.add(deadline.pk)

    @cached_property
    def _units_above(self) -> list[int]:
        own = self.unit.pk
        return [number for part in self.unit.path.split("/") if part and (number := int(part)) != own]

    def _addresses_of(self, w: Written) -> Iterator[Address]:
        """Whom an entry is told to: each person once, by the first row that reaches them."""
        reached = {w.actor}
        for route in routes_of(w.action, self.bodies[w.entry_id]["after"]):
            for person, tasks in self._people(route, w):
                if person.pk not in reached:
                    reached.add(person.pk)
                    yield person, tasks, route

    def _copies(
        self, w: Written, addresses: Iterable[Address], desk: Desk, at: datetime
    ) -> Iterator[Delivery]:
        for person, tasks, route in addresses:
            choice = desk.choice(person)
            wanted = sendings(
                choice, route.urgency, localtime(at), duty=bool(route.duty), outside=route.outside
            )
            for sending in wanted:
                if route.only in ("", sending.channel) and desk.reaches(person, sending.channel):
                    told = tasks, route, choice
                    yield self._delivery(w, told, desk, sending, at, recipient=person)

    def _to_groups(
        self, w: Written, addresses: Iterable[Address], desk: Desk, at: datetime
    ) -> Iterator[Delivery]:
        """One letter of an entry to each group whose offices it is told to; what is personal is not told to groups."""
        told: set[int] = set()
        for _person, tasks, route in addresses:
            units = GROUPS_TOLD.get(route.audience)
            if units is None or not route.outside:
                continue
            here = self._units_above if units == "above" else [self.unit.pk]
            for group in desk.groups_of(here, route.urgency, w.at):
                if group.pk not in told:
                    told.add(group.pk)
                    yield self._delivery(
                        w, (tasks, route, USUAL), desk, Sending(group.channel), at, group_id=_unit_of(group)
                    )

    def _delivery(
        self,
        w: Written,
        told: tuple[list[Deadline], Route, Choice],
        desk: Desk,
        sending: Sending,
        at: datetime,
        **whom: Any,
    ) -> Delivery:
        tasks, route, choice = told
        entry = self.entries[w.entry_id]
        letter = self._worded(w, route.letter, tasks, desk, choice.language)
        status = Status.HELD if sending.digest else channel(sending.channel).STATUS_WHEN_WRITTEN
        return Delivery(
            unit=self.unit,
            entry=entry,
            channel=sending.channel,
            urgency=route.urgency,
            letter=route.letter,
            language=choice.language,
            title=letter.title,
            body=letter.body,
            link=self._link(w, route, tasks),
            status=status,
            not_before=sending.not_before,
            created_at=at,
            changed_at=at,
            **whom,
        )

    def _link(self, w: Written, route: Route, tasks: list[Deadline]) -> str:
        if tasks:
            return link_to_tasks([d.pk for d in tasks])
        if route.page:
            return link_to_page(route.page, self.bodies[w.entry_id]["subject"])
        return link_to_record(w.about)

    def _worded(self, w: Written, name: str, tasks: list[Deadline], desk: Desk, language: str) -> Letter:
        """One letter's words; three hundred deputies read the same ones."""
        key = (w.entry_id, name, tuple(d.pk for d in tasks), language)
        if key not in self._letters:
            with translation.override(language):
                facts, own = (
                    self._facts(self.entries[w.entry_id], w, tasks),
                    desk.wordings.get((name, language)),
                )
                said = filled(name, own.title, own.body, facts) if own else None
                self._letters[key] = said or render(name, facts)
        return self._letters[key]

    def _people(self, route: Route, w: Written) -> Iterable[tuple[User, list[Deadline]]]:
        if route.audience is Audience.NEXT:
            return self._next(w, sure=route.pattern != "*")
        if route.audience is Audience.ASKED:
            deadline = self._asked.get(self._task_named(w) or 0)
            return [(p, [deadline]) for p in self._able(deadline, w.on)] if deadline else []
        tasks = [d for d in [self._asked.get(self._task_named(w) or 0)] if d]
        return [(person, tasks) for person in self._plain_audience(route, w)]

    def _plain_audience(self, route: Route, w: Written) -> list[User]:
        body = self.bodies[w.entry_id]
        if route.audience is Audience.AUTHOR:
            return _present(self._authors.get(body["subject"]))
        if route.audience is Audience.NAMED:
            return [self._named[name] for name in _usernames(route, body) if name in self._named]
        if route.audience is Audience.SEATED:
            after = body["after"]
            holders = self.roster.seated(after["office"], after["seat"], w.on)
            return [one for one in holders if after["to"] in ("", one.username)]
        find = self.roster.above if route.audience is Audience.ABOVE else self.roster.in_offices
        return find(route.offices, w.on)

    def _next(self, w: Written, *, sure: bool) -> Iterable[tuple[User, list[Deadline]]]:
        """Whose turn it is now, with their tasks; sure: only tasks that this very act opened."""
        turns: dict[int, tuple[User, list[Deadline]]] = {}
        for deadline in self.opened.get(w.entry_id, []):
            if sure and deadline.pk in self.unsure:
                continue
            for person in self._able(deadline, w.on):
                turns.setdefault(person.pk, (person, []))[1].append(deadline)
        return turns.values()

    def _able(self, deadline: Deadline, on: date) -> list[User]:
        """Whose turn a task is, without whom a rule keeps from it; all of them where it keeps everybody.

        Of a task that waits no more no rule is asked: they read the record as it stands now, and it may be gone.
        """
        turn = self.roster.whose_turn(deadline, on)
        if not deadline.waits:
            return turn
        return [person for person in turn if not self._barred(deadline.task, person)] or turn

    def _task_named(self, w: Written) -> int | None:
        """The task an urge, a reminder or a handing over is about."""
        if w.action == "task.hand_over":
            return int(w.task.rpartition("/")[2])
        return self.bodies[w.entry_id]["after"].get("task_id")

    def _facts(self, entry: Entry, w: Written, tasks: Sequence[Deadline]) -> Facts:
        body = self.bodies[entry.pk]
        return Facts(
            unit=self.unit.name,
            who=str(OUTSIDE.get(body["office"]) or registry.title_of(body["office"], self.unit)),
            office=registry.title_of((body["after"] | body["before"]).get("office", ""), self.unit),
            label=body["label"] or self._labels.get(body["subject"], ""),
            reason=body["reason"],
            on=w.on,
            before=body["before"],
            after=body["after"],
            tasks=[_task_facts(deadline, self.unit) for deadline in tasks],
            ended=listed(
                (worded(title_of_action(key), self.unit) for key in body["after"].get("steps", [])), "；"
            ),
        )


def facts_of_entry(leaf: Leaf) -> Facts:
    """What a letter about an entry may say, with the tasks it was about; in the active language."""
    batch = Batch(leaf.unit, [leaf], [], complete=True)
    w = batch.written[0]
    number = batch._task_named(w)
    told = Q(pk=number) if number else Q(pk__in=Told.objects.filter(entry=leaf.entry_id).values("task"))
    return batch._facts(leaf.entry, w, list(_tasks().filter(told).order_by("pk")))


def _usernames(route: Route, body: dict[str, Any]) -> list[str]:
    part, _, key = route.found_in.partition(".")
    found = body[part].get(key, [])
    return found if isinstance(found, list) else [found]


def _unit_of(group: GroupAddress) -> int:
    if group.unit_id is None:
        raise LookupError("This address is a person's.")
    return group.unit_id


def _present(person: User | None) -> list[User]:
    return [person] if person else []


def _task_facts(deadline: Deadline, unit: Unit) -> TaskFacts:
    node = deadline.task.flow_task
    return TaskFacts(
        task_id=deadline.pk,
        title=worded(getattr(node, "task_title", "") or deadline.label, unit),
        label=deadline.label,
        seat=deadline.seat.name,
        due_on=deadline.due_on,
        provisional=deadline.provisional,
        meeting=isinstance(node, MeetingView),
    )
