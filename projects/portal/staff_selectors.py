"""What the staff's pages over several rooms show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from projects.ballots.models import Vote
from projects.collection.models import Proposal
from projects.cycles.models import Cycle, CycleState, Paper
from projects.selection.models import Item
from projects.supervision.models import Project
from workflow.flows.models import Deadline
from workflow.people.models import Unit, UnitKind
from workflow.roles import registry
from workflow.roles.models import RoleGrant

STEP_NAMES = {1: _("征集"), 2: _("初定"), 3: _("审议"), 4: _("票决"), 5: _("监督"), 6: _("评估")}


@dataclass
class StepTasks:
    """One step's tasks in a year: what is done and what is open."""

    number: int
    name: Any
    open: list[Deadline] = field(default_factory=list)
    done: list[Deadline] = field(default_factory=list)


def cycles_visible(grant: RoleGrant) -> QuerySet[Cycle]:
    """The years an office sees: its township's, or all below a county."""
    cycles = Cycle.objects.select_related("unit").order_by("-year", "unit__code")
    return cycles if registry.office(grant.office).reads_below else cycles.filter(unit=grant.tenant)


def tasks_by_step(cycle: Cycle) -> list[StepTasks]:
    """Every task of a year by step, open ones by date, done ones in the order they were done."""
    steps = {n: StepTasks(n, name) for n, name in STEP_NAMES.items()}
    rows = (
        Deadline.objects.filter(about=cycle.reference, cancelled=False)
        .select_related("task", "seat", "done_by", "unit")
        .order_by("due_on", "pk")
    )
    for deadline in rows:
        step = steps[deadline.step or 1]
        (step.done if deadline.done_at else step.open).append(deadline)
    for step in steps.values():
        step.done.sort(key=lambda d: (d.done_at, d.pk))
    return list(steps.values())


def year_figures(cycle: Cycle) -> dict[str, int]:
    """The year's funnel: proposals, items, candidates, elected, completed."""
    proposals = Proposal.objects.filter(cycle=cycle).count()
    items = Item.objects.filter(cycle=cycle).aggregate(
        items=Count("pk"),
        candidates=Count(
            "pk", filter=Q(state__in=("candidate", "on_ballot", "elected", "not_elected", "reserved"))
        ),
        elected=Count("pk", filter=Q(state="elected")),
    )
    finished = Project.objects.filter(cycle=cycle, state__in=("completed", "accepted")).count()
    return {"proposals": proposals, **items, "finished": finished}


def papers_for(cycle: Cycle) -> QuerySet[Paper]:
    return Paper.objects.filter(cycle=cycle).order_by("step", "pk")


def projects_visible(grant: RoleGrant) -> QuerySet[Project]:
    """Elected projects an office sees, the latest years first."""
    projects = Project.objects.select_related("unit", "cycle", "department").order_by(
        "-cycle__year", "number"
    )
    return projects if registry.office(grant.office).reads_below else projects.filter(unit=grant.tenant)


def votes_visible(grant: RoleGrant) -> QuerySet[Vote]:
    votes = Vote.objects.select_related("unit", "session").order_by("-pk")
    return votes if registry.office(grant.office).reads_below else votes.filter(unit=grant.tenant)


# ------------------------------------------------------------------------------- the county's matrix


@dataclass(frozen=True)
class Cell:
    """A township's standing in one step: done, running, soon, overdue or waiting; days to or past the deadline."""

    state: str
    days: int | None = None


@dataclass(frozen=True)
class Row:
    """A township's year: its cells for the six steps, and how many tasks are overdue."""

    cycle: Cycle
    cells: tuple[Cell, ...]
    overdue: int


SOON_DAYS = 3


def matrix(cycles: list[Cycle], today: date) -> list[Row]:
    """Township × six steps, from two queries whatever the number of townships."""
    about = [c.reference for c in cycles]
    open_rows = (
        Deadline.objects.filter(about__in=about, done_at=None, cancelled=False)
        .values("about", "step")
        .annotate(first=Min("due_on"), late=Count("pk", filter=Q(due_on__lt=today)))
    )
    open_by = {(r["about"], r["step"]): r for r in open_rows}
    return [_row(cycle, open_by, today) for cycle in cycles]


def _row(cycle: Cycle, open_by: dict[Any, Any], today: date) -> Row:
    reached = 7 if cycle.state == CycleState.CLOSED else cycle.step
    mine = {step: open_by.get((cycle.reference, step)) for step in STEP_NAMES}
    cells = tuple(_cell(mine[step], step, reached, today) for step in STEP_NAMES)
    return Row(cycle, cells, sum(r["late"] for r in mine.values() if r))


def _cell(row: dict[str, Any] | None, step: int, reached: int, today: date) -> Cell:
    if row is None:
        return Cell("done" if step < reached else "running" if step == reached else "waiting")
    if row["first"] is None:
        return Cell("running")
    days = (row["first"] - today).days
    if days < 0:
        return Cell("overdue", -days)
    return Cell("soon", days) if days <= SOON_DAYS else Cell("running", days)


def latest_cycles(year: int | None = None) -> list[Cycle]:
    """The cycles to oversee: one year's, or every township's latest."""
    cycles = Cycle.objects.select_related("unit").order_by("unit__code", "-year", "-pk")
    if year:
        return list(cycles.filter(year=year))
    found: dict[int, Cycle] = {}
    for cycle in cycles:
        found.setdefault(cycle.unit_id, cycle)
    return list(found.values())


def townships_below(unit: Unit) -> list[Unit]:
    kinds = (UnitKind.TOWNSHIP, UnitKind.SUBDISTRICT)
    return list(Unit.objects.filter(path__startswith=unit.path, kind__in=kinds).order_by("code"))
