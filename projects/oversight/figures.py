"""What a county or whoever is above it sees of its townships' years: read from the figures the writers keep.

A figure of several years, or of a county's townships, is the sum of theirs. Money in fen. Days and what is overdue are
worked out from the day asked for, so a figure is never as of yesterday.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from projects.cycles.models import STEP_OF_STATE, CycleState
from projects.cycles.shares import share
from projects.cycles.steps import STEPS
from workflow.calendar.offsets import SOON
from workflow.people.models import Unit

DONE = ("completed", "accepted")
CLOSED = 7  # the step after the last: where a closed year stands
DEPUTIES = ("deputy", "senior_deputy")
RESIDENTS = ("resident", "village", "station", "enterprise")

# `key` is what the sums are of: a year, or the unit above its township. What is counted on a day is never below zero in any
# year: where nothing is left of a day in all of them together, nothing is left of it in each.
_SUMS = """
WITH net AS (
    SELECT {key} AS key, f.measure, f.facet, f.day, sum(f.amount) AS n FROM {rows} GROUP BY 1, 2, 3, 4 HAVING sum(f.amount) <> 0
)
SELECT key, measure, facet, sum(n)::bigint, coalesce(sum(n) FILTER (WHERE day < %(today)s), 0)::bigint, min(day)
FROM net GROUP BY 1, 2, 3
"""
_OF_CYCLES = "projects_yearfigure f {} WHERE f.cycle_id = ANY (%(cycles)s)"
BY_YEAR = _SUMS.format(key="f.cycle_id", rows=_OF_CYCLES.format(""))
BY_PARENT = _SUMS.format(
    key="u.parent_id", rows=_OF_CYCLES.format("JOIN workflow_unit u ON u.id = f.unit_id")
)
# The sums that are kept, and what no sum holds yet: one statement, so that none is counted twice.
BELOW = _SUMS.format(
    key="f.year",
    rows="""(
        SELECT year, measure, facet, day, amount FROM projects_yearsum WHERE unit_id = %(unit)s
        UNION ALL
        SELECT y.year, y.measure, y.facet, y.day, y.amount FROM projects_yearfigure y
        JOIN workflow_unit u ON u.id = y.unit_id WHERE NOT y.summed AND u.path LIKE %(below)s
    ) f""",
)
# Every year the viewer's context shows, from the figures alone.
YEARS = """
SELECT f.unit_id, f.cycle_id, f.year, max(f.facet) FROM projects_yearfigure f
WHERE f.measure = 'cycle' GROUP BY 1, 2, 3, f.facet HAVING sum(f.amount) > 0
"""


@dataclass(frozen=True)
class YearOf:
    """A township's year as the figures know it."""

    unit_id: int
    cycle_id: int
    year: int
    state: str


def years_seen() -> list[YearOf]:
    """The years the viewer's context shows, the latest first, by township; one query."""
    with connection.cursor() as cursor:
        cursor.execute(YEARS)
        found = [YearOf(*row) for row in cursor.fetchall()]
    return sorted(found, key=lambda one: (-one.year, -one.cycle_id))


def chosen(seen: Iterable[YearOf], year: int | None) -> list[YearOf]:
    """Those of one year, or every township's latest. seen: the latest first."""
    if year:
        return [one for one in seen if one.year == year]
    latest: dict[int, YearOf] = {}
    for one in seen:
        latest.setdefault(one.unit_id, one)
    return list(latest.values())


@dataclass(frozen=True)
class Cell:
    """A step: done, running, soon, overdue, waiting, archived or ended; days to or past the first deadline.

    late: tasks done late. archived: the year is closed, and what is open, as its 回头看, has time. ended: the year was
    ended before its vote, and nothing goes on in it. margin: of a step that is done how many
    days it ended before its planned end, below zero after it, as `selectors.margins` has them.
    """

    state: str
    days: int | None = None
    late: int = 0
    margin: int | None = None

    @property
    def was_late(self) -> bool:
        """Whether the step ended after its planned end."""
        return self.margin is not None and self.margin < 0


@dataclass
class Figures:
    """The sums of some years: (measure, facet) → amount, and of what has days how much is past and the first of them."""

    amounts: dict[tuple[str, str], int] = field(default_factory=dict)
    past: dict[tuple[str, str], int] = field(default_factory=dict)
    first: dict[tuple[str, str], date] = field(default_factory=dict)

    def add(self, measure: str, facet: str, amount: int, past: int, first: date | None) -> None:
        key = (measure, facet)
        self.amounts[key] = self.amounts.get(key, 0) + amount
        self.past[key] = self.past.get(key, 0) + past
        if first:
            self.first[key] = min(first, self.first.get(key, first))

    def of(self, measure: str, *facets: str) -> int:
        """How much of a measure, of some of its sorts or of all of them."""
        return _sum(self.amounts, measure, facets)

    # -- how far along

    @property
    def proposals(self) -> int:
        return self.of("proposal")

    @property
    def accepted(self) -> int:
        return self.of("accepted")

    @property
    def items(self) -> int:
        return self.of("item")

    @property
    def candidates(self) -> int:
        return self.of("candidate")

    @property
    def elected(self) -> int:
        return self.of("elected")

    @property
    def projects(self) -> int:
        """Elected and not stopped."""
        return self.of("project") - self.of("project", "stopped")

    @property
    def done(self) -> int:
        return self.of("project", *DONE)

    @property
    def judged(self) -> int:
        """Finished, and passed the deputies' measurement of satisfaction; one carried over may pass before that."""
        return self.of("judged")

    @property
    def failing(self) -> int:
        return self.of("failing")

    @property
    def red(self) -> int:
        return self.of("red")

    @property
    def done_percent(self) -> int | None:
        return share(*SHARES["done_percent"](self))

    # -- money

    @property
    def budget(self) -> int:
        return self.of("budget")

    @property
    def invested(self) -> int:
        return self.of("invested")

    @property
    def funded(self) -> int:
        return self.of("funded")

    @property
    def paid(self) -> int:
        """What has been paid out, from every source; what was paid back taken off."""
        return self.of("paid")

    @property
    def invested_percent(self) -> int | None:
        return share(*SHARES["invested_percent"](self))

    @property
    def funded_percent(self) -> int | None:
        return share(*SHARES["funded_percent"](self))

    # -- what people say of it

    @property
    def ratings(self) -> int:
        return self.of("rating")

    @property
    def ratings_content(self) -> int:
        return self.of("rating", "satisfied", "basic")

    @property
    def ratings_percent(self) -> int | None:
        """Residents satisfied or basically so, of those who rated."""
        return share(*SHARES["ratings_percent"](self))

    @property
    def marks_base(self) -> int:
        return self.of("mark", "base")

    @property
    def marks_percent(self) -> int | None:
        """Deputies' marks satisfied or basically so, of the base of each measurement that counts."""
        return share(*SHARES["marks_percent"](self))

    # -- who takes part

    @property
    def by_residents(self) -> int:
        return self.of("proposal", *RESIDENTS)

    @property
    def by_deputies(self) -> int:
        return self.of("proposal", *DEPUTIES)

    @property
    def visits(self) -> int:
        return self.of("visit")

    @property
    def voters(self) -> int:
        return self.of("voters")

    @property
    def inspections(self) -> int:
        return self.of("inspection")

    @property
    def due(self) -> int:
        return self.of("due")

    @property
    def present(self) -> int:
        return self.of("present")

    @property
    def present_percent(self) -> int | None:
        return share(*SHARES["present_percent"](self))

    # -- what stands open

    @property
    def findings_open(self) -> int:
        return self.of("finding", "open", "rectified")

    @property
    def oldest_finding(self) -> date | None:
        return min((day for (measure, _f), day in self.first.items() if measure == "finding"), default=None)

    @property
    def overdue(self) -> int:
        """Open tasks past the day that binds (`Deadline.binds_on`), of the six steps."""
        return sum(self.overdue_steps.values())

    @property
    def late(self) -> int:
        """Tasks that were done after their day."""
        return self.of("late", *map(str, STEPS))

    @property
    def ended(self) -> int:
        """Tasks that were done."""
        return self.of("ended", *map(str, STEPS))

    @property
    def on_time_percent(self) -> int | None:
        """Tasks done by their day, of all that were done; those without a day are never late."""
        return share(*SHARES["on_time_percent"](self))

    @property
    def findings(self) -> int:
        return self.of("finding")

    @property
    def rectified_percent(self) -> int | None:
        """Findings closed (销号), of all that were raised."""
        return share(*SHARES["rectified_percent"](self))

    @property
    def notes_open(self) -> int:
        """工作提示函 of the county that wait for their reply."""
        return self.of("note")

    @property
    def notes_late(self) -> int:
        """Those of them past the day named."""
        return _sum(self.past, "note", ())

    # -- what the checks of conformance found

    @property
    def deviations(self) -> int | None:
        """Checks not held, as last examined (`examining`); None before any examination."""
        return self.of("check", "not_held") if self.of("examined") else None

    @property
    def checks_held(self) -> int:
        return self.of("check", "held")

    @property
    def checks_decided(self) -> int:
        """Checks held or not held; one that is not yet or not applicable decides nothing."""
        return self.of("check", "held", "not_held")

    @property
    def conforming_percent(self) -> int | None:
        return share(*SHARES["conforming_percent"](self))

    @property
    def examined_on(self) -> date | None:
        """The day of the examination longest ago."""
        return self.first.get(("examined", ""))

    @property
    def overdue_steps(self) -> dict[int, int]:
        """Open tasks past their day by step."""
        found: dict[int, int] = defaultdict(int)
        for (measure, facet), n in self.past.items():
            if measure == "open" and n:
                found[_step(facet)] += n
        return {step: n for step, n in found.items() if step in STEPS}

    @property
    def townships_at(self) -> dict[int, int]:
        """How many of the years stand in each step; 7 for those that are closed, 0 for those that were ended."""
        found: dict[int, int] = defaultdict(int)
        for (measure, state), n in self.amounts.items():
            if measure == "cycle" and n:
                found[reached(state)] += n
        return dict(found)

    def first_due(self, step: int) -> date | None:
        """The first day that binds of what is open in a step; None where nothing is, or nothing has such a day."""
        open_ones = [
            day for (measure, facet), day in self.first.items() if measure == "open" and _step(facet) == step
        ]
        return min(open_ones, default=None)

    def overdue_by_office(self) -> dict[str, int]:
        """Open tasks past their day by the office whose turn it is, the most first."""
        found: dict[str, int] = defaultdict(int)
        for (measure, facet), n in self.past.items():
            if measure == "open" and n and _step(facet) in STEPS:
                found[facet.partition(":")[2]] += n
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def cells(self, state: str, today: date) -> tuple[Cell, ...]:
        """One year's six steps. state: where the year stands."""
        return tuple(self._cell(step, reached(state), today) for step in STEPS)

    def _cell(self, step: int, at: int, today: date) -> Cell:
        is_open = any(key[0] == "open" and n and _step(key[1]) == step for key, n in self.amounts.items())
        return cell_of(step, at, is_open, self.first_due(step), today, late=self.of("late", str(step)))


# What each share is of: how much of how much.
SHARES: Mapping[str, Callable[[Figures], tuple[int, int]]] = {
    "done_percent": lambda f: (f.done, f.projects),
    "invested_percent": lambda f: (f.invested, f.budget),
    "funded_percent": lambda f: (f.funded, f.budget),
    "ratings_percent": lambda f: (f.ratings_content, f.ratings),
    "marks_percent": lambda f: (f.of("mark", "satisfied", "basic"), f.marks_base),
    "present_percent": lambda f: (f.present, f.due),
    "on_time_percent": lambda f: (f.ended - f.late, f.ended),
    "rectified_percent": lambda f: (f.of("finding", "closed"), f.findings),
    "conforming_percent": lambda f: (f.checks_held, f.checks_decided),
}


def cell_of(step: int, at: int, is_open: bool, first: date | None, today: date, *, late: int = 0) -> Cell:
    """A step of a year. at: the step the year stands in, as `reached` says.

    is_open: whether a task of it is; first: the first day that binds, None where none does.
    """
    if not is_open and not at:
        return Cell("ended", late=late)
    if not is_open:
        return Cell("done" if step < at else "running" if step == at else "waiting", late=late)
    days = (first - today).days if first else None
    if days is not None and days < 0:
        return Cell("overdue", -days, late)
    if step == 6 and at == CLOSED and (days is None or days > SOON.days):
        return Cell("archived", late=late)
    return Cell("soon" if days is not None and days <= SOON.days else "running", days, late)


def reached(state: str) -> int:
    """The step a year in this state stands in, 7 once it is closed; 0 for one that was ended and stands in none."""
    if state == CycleState.ENDED:
        return 0
    return CLOSED if state == CycleState.CLOSED else STEP_OF_STATE[CycleState(state)]


def _step(facet: str) -> int:
    return int(facet.partition(":")[0])


def _sum(amounts: Mapping[tuple[str, str], int], measure: str, facets: Sequence[str]) -> int:
    if facets:
        return sum(amounts.get((measure, facet), 0) for facet in facets)
    return sum(n for key, n in amounts.items() if key[0] == measure)


def figures_by_year(cycles: Iterable[int], today: date) -> dict[int, Figures]:
    """The figures of each of these years, empty ones too; one query."""
    wanted = list(cycles)
    return dict.fromkeys(wanted, Figures()) | _read(BY_YEAR, today, cycles=wanted)


def figures_below(unit: Unit, today: date) -> dict[int, Figures]:
    """The figures of all townships below a unit by the calendar year they are of, from the sums kept of it; one query."""
    return _read(BELOW, today, unit=unit.pk, below=f"{unit.path}%")


def figures_by_parent(cycles: Iterable[int], today: date) -> dict[int, Figures]:
    """The figures of these years by the unit above their township: a county's sums; one query."""
    return _read(BY_PARENT, today, cycles=list(cycles))


def _read(statement: str, today: date, **given: list[int] | int | str) -> dict[int, Figures]:
    found: dict[int, Figures] = defaultdict(Figures)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"today": today, **given})
        for key, *figure in cursor.fetchall():
            found[key].add(*figure)
    return found


def together(parts: Iterable[Figures]) -> Figures:
    """The sums of several."""
    whole = Figures()
    for part in parts:
        for (measure, facet), n in part.amounts.items():
            key = (measure, facet)
            whole.add(measure, facet, n, part.past.get(key, 0), part.first.get(key))
    return whole
