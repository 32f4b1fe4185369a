"""What the booklet of a year is put together from, read in the caller's context: what that does not show is not in it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.timezone import localdate

from projects.cycles.due import offset_of
from projects.cycles.feasibility import chain
from projects.cycles.models import OVER, Cycle, Session
from projects.cycles.over import CLOSE, END, ENDINGS
from projects.cycles.rulebook import Rules
from projects.cycles.selectors import rules_for, session_of
from projects.cycles.steps import STEPS
from projects.evaluation.conforming import entries_of
from projects.evaluation.selectors import measurement_table, ratings_of
from projects.lifecycle.booklet.rules import Planned, Stretch, Trace, Turn, road, together
from projects.lifecycle.seat_table import SeatRow, grants_held, rows_of
from projects.supervision.models import Project
from projects.supervision.selectors import going_on_after, projects_of
from workflow.audit.models import Entry
from workflow.calendar.offsets import DueDate, resolve
from workflow.flows.base import flows
from workflow.flows.events import events, open_acts
from workflow.flows.models import Deadline
from workflow.inbox.story import Line, lines_of
from workflow.people.models import Unit
from workflow.people.wording import worded
from workflow.roles import registry

# The arrow by which a year comes to each step, and by which it ends.
ARROWS = {
    "cycle.open": 1,
    "cycle.begin_selection": 2,
    "cycle.begin_deliberation": 3,
    "cycle.begin_vote": 4,
    "cycle.begin_supervision": 5,
    "cycle.begin_evaluation": 6,
}


@dataclass(frozen=True)
class Opened:
    """A task that came to a seat. seat: the unit inside the township, "" for the township's own; by: who did it, or "".

    counts: whether it is one of the year's own in a step, as the county counts them: a session's may serve several years,
    and what belongs to no step is counted apart.
    """

    key: str
    step: int
    counts: bool
    title: str
    office: str
    seat: str
    turn: Turn
    by: str


@dataclass(frozen=True)
class Meeting:
    """A session of the congress the year uses. use: "vote" or "evaluation"; held_on: None while it is only planned."""

    use: str
    planned: date
    held_on: date | None


@dataclass(frozen=True)
class Account:
    """A project's money and progress. Fen; measured, rated: the last round's verdict and the residents' rate, "" before."""

    project: Project
    measured: str
    rated: str


@dataclass(frozen=True)
class Facts:
    """All of it. readable: the steps whoever asks may read; holders: (office, seat) → names, in the order of the grants.

    offices: code → title, in the order of the registry; places: a unit inside the township → its place among them.
    acts: how many the whole account has; account: those of its lines that are told; words: their entries, by number.
    reached: the step the year stands in, 7 once it is over. going_on: how many projects are supervised still although it
    has gone on.
    """

    cycle: Cycle
    on: date
    readable: frozenset[int]
    steps: Mapping[int, str]
    offices: Mapping[str, str]
    places: Mapping[str, int]
    seats: list[SeatRow]
    holders: Mapping[tuple[str, str], list[str]]
    opened: list[Opened]
    stretches: list[Stretch]
    going_on: int
    meetings: list[Meeting]
    acts: int
    account: Sequence[tuple[Trace, ...]]
    words: Mapping[int, Line]
    accounts: list[Account]
    reached: int


def account_of(cycle: Cycle) -> list[tuple[Trace, ...]]:
    """The lines of a year's account, none of them told in words yet."""
    entries = entries_of(cycle).filter(action__in=acts_of_office()).order_by("id")
    return together(_trace(*row) for row in entries.values_list("pk", "at", "body"))


def facts_of(
    cycle: Cycle,
    readable: frozenset[int],
    on: date,
    account: Sequence[tuple[Trace, ...]],
    shown: Sequence[tuple[Trace, ...]],
) -> Facts:
    """What the booklet of a year tells on a day. readable: the steps the reader's office covers; account: all of
    `account_of`; shown: the lines of it that are told."""
    unit = cycle.unit
    return Facts(
        cycle=cycle,
        on=on,
        readable=readable,
        steps={step: worded(name, unit) for step, name in STEPS.items()},
        offices={office.code: registry.title_of(office.code, unit) for office in registry.offices()},
        places=dict(Unit.objects.filter(tenant=unit).order_by("pk").values_list("name", "pk")),
        seats=rows_of(unit, cycle, on),
        holders=_holders(cycle, on),
        opened=list(_opened(cycle)),
        stretches=roads_of([cycle])[cycle.pk],
        going_on=going_on_after(cycle),
        meetings=list(_meetings(cycle)),
        acts=sum(map(len, account)),
        account=shown,
        words=_words([trace.number for line in shown for trace in line]),
        accounts=list(_accounts(cycle)),
        reached=len(STEPS) + 1 if cycle.state in OVER else cycle.step,
    )


def _holders(cycle: Cycle, on: date) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for office, grants in grants_held(cycle.unit, on).items():
        for grant in grants:
            seat = "" if grant.unit_id == cycle.unit_id else grant.unit.name
            if grant.user.name not in found[office, seat]:
                found[office, seat].append(grant.user.name)
    return found


def _opened(cycle: Cycle) -> Iterator[Opened]:
    sessions = [session.reference for session in Session.objects.filter(uses__cycle=cycle).distinct()]
    held = Deadline.objects.filter(about__in=[cycle.reference, *sessions], cancelled=False)
    for one in held.select_related("task", "seat", "unit", "done_by").order_by("due_on", "pk"):
        yield Opened(
            key=one.key,
            step=one.step or 0,
            counts=one.about == cycle.reference and one.step in STEPS,
            title=worded(one.task.flow_task.task_title, one.unit),
            office=one.office,
            seat="" if one.seat_id == one.unit_id else one.seat.name,
            turn=Turn(one.due_on, localdate(one.done_at) if one.done_at else None, one.provisional),
            by=one.done_by.name if one.done_by else "",
        )


def roads_of(cycles: Iterable[Cycle]) -> dict[int, list[Stretch]]:
    """The six steps of some years as planned and as they went, by the year's id: what every page tells of when a step ended
    and how far from its plan. One query whatever their number; for years whose unit is at hand.
    """
    years = list(cycles)
    moves: dict[str, list[tuple[str, date]]] = defaultdict(list)
    entries = Entry.objects.filter(
        subject__in=[cycle.reference for cycle in years], action__in=[*ARROWS, *ENDINGS]
    )
    for subject, action, at in entries.order_by("id").values_list("subject", "action", "at"):
        moves[subject].append((action, localdate(at)))
    return {cycle.pk: _road(cycle, moves[cycle.reference]) for cycle in years}


def _road(cycle: Cycle, moves: Iterable[tuple[str, date]]) -> list[Stretch]:
    began: dict[int, date] = {}
    over: dict[str, date] = {}
    for action, on in moves:
        if action in ENDINGS:
            over[action] = on
        else:
            began[ARROWS[action]] = on
    return road(plan_of_steps(cycle), began, over.get(CLOSE), over.get(END))


def plan_of_steps(cycle: Cycle) -> dict[int, Planned]:
    """When each step is to begin and end by the year's rulebook and planned sessions, every task taking its whole time."""
    rules = rules_for(cycle)
    links = {task: link.due for link in chain(cycle.opens_on, rules) for task in link.tasks}
    t, t2 = cycle.planned_t, cycle.planned_t2
    ends = {
        1: links["collection.close_books"],
        2: links["selection.notice_period"],
        3: DueDate(t, False),
        4: _due(rules, "voting.announce", T=t),
        5: _due(rules, "evaluation.completion_report", T2=t2),
        6: resolve(offset_of(cycle, rules, "evaluation.archive"), {"year": date(cycle.year, 1, 1)}),
    }
    begins = [cycle.opens_on, ends[1].on, ends[2].on, t, ends[4].on, ends[5].on]
    return {
        step: Planned(since, ends[step].on, ends[step].provisional) for step, since in enumerate(begins, 1)
    }


def _due(rules: Rules, key: str, **anchors: date) -> DueDate:
    return resolve(rules.offset(key), anchors)


def _meetings(cycle: Cycle) -> Iterator[Meeting]:
    for use, planned in (("vote", cycle.planned_t), ("evaluation", cycle.planned_t2)):
        session = session_of(cycle, use)
        yield Meeting(use, planned, session.held_on if session else None)


def acts_of_office() -> list[str]:
    """The actions of entries that are acts: steps and events with their returns; a machine's own moves follow from them."""
    steps = [node.key for flow in flows() for node in flow.steps()]
    keys = {*steps, *(event.key for event in events()), *(act.key for act in open_acts())}
    return sorted(keys | {f"{key}.{way}" for key in steps for way in ("return", "take_back")})


def _trace(number: int, at: datetime, body: str) -> Trace:
    told = json.loads(body)
    alike = (told["action"], told["actor"], told["office"], told.get("stands_for", ""))
    return Trace(number, told["step"] or 0, localdate(at), alike)


def _words(numbers: Sequence[int]) -> dict[int, Line]:
    entries = Entry.objects.filter(pk__in=numbers).select_related("actor", "unit")
    return {line.entry.pk: line for line in lines_of(entries)}


def _accounts(cycle: Cycle) -> Iterator[Account]:
    measured = {
        line.project.pk: f"{line.rate} {line.verdict_label}".strip() for line in measurement_table(cycle)
    }
    rated = {line.project.pk: line.rate for line in ratings_of(cycle)}
    for project in projects_of(cycle):
        yield Account(project, measured.get(project.pk, ""), rated.get(project.pk, ""))
