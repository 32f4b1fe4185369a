"""Who does what, when and on what ground: read from the flows and the registered events, never written twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext as _
from viewflow.workflow.nodes import Join

from projects.cycles.due import anchors_of, offset_of
from projects.cycles.models import Cycle
from projects.cycles.rulebook import TASK_TIMES
from projects.cycles.selectors import rules_in_force, session_date
from workflow.calendar.offsets import AnchorMissing, Offset, describe, length_of, resolve
from workflow.flows.base import flows
from workflow.flows.events import Event, OpenAct, events, open_acts
from workflow.flows.models import Deadline
from workflow.flows.nodes import MeetingView, OfficeView
from workflow.flows.terms import with_lengths
from workflow.people.models import Unit
from workflow.people.saying import listed
from workflow.people.wording import worded
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import live_grants

LAST_STEP = 6
KNOWN_ONLY_WHEN_OPEN = ("after", "receipt")


@dataclass(frozen=True)
class SeatRow:
    """One task or event and its seat.

    step: 1–6; an act that belongs to none (the county's) stands after the sixth's and says so by any_step.
    office: role code; body: who decides where it is a meeting. holder: names, with
    their inner unit where the office is held inside the township. deadline: ISO date, or words while the cycle
    gives none. returns_to: the tasks it may go back to, as {"task", "title"}; whoever gets it back outside the offices
    has no task. event: done of one's own accord.
    """

    step: int
    task: str
    title: str
    office: str
    office_title: str
    body: str
    unit: str
    holder: list[str]
    deadline: str
    provisional: bool
    basis: str
    output: str
    returns_to: list[dict[str, str]]
    event: bool
    any_step: bool


def rows_of(unit: Unit, cycle: Cycle | None, on: date) -> list[SeatRow]:
    """The seat table of a township on a day, in the order of the year; with a cycle, its dates.

    Reads in the caller's context.
    """
    rows = [*_Table(unit, cycle, on).rows()]
    order = {key: place for place, key in enumerate(TASK_TIMES)}
    return sorted(rows, key=lambda row: (row.step, row.any_step, row.event, order.get(row.task, len(order))))


def as_json(rows: list[SeatRow]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


class _Table:
    def __init__(self, unit: Unit, cycle: Cycle | None, on: date) -> None:
        self.unit, self.cycle = unit, cycle
        self.rules = cycle.rules if cycle and cycle.rules_data else rules_in_force(unit)
        self.anchors = _anchors(cycle, on) if cycle else {}
        self.sessions = {"vote": self.anchors["T"], "evaluation": self.anchors["T2"]} if cycle else {}
        self.opened = _opened(cycle) if cycle else {}
        self.grants = grants_held(unit, on)
        self.openly = {act.key: act for act in open_acts()}

    def rows(self) -> Iterator[SeatRow]:
        # A step that several flows share is one duty.
        steps: dict[tuple[str, str], OfficeView] = {}
        for flow in flows():
            for node in flow.steps() if self.unit.kind not in flow.not_at else ():
                steps.setdefault((node.key, node.office), node)
        yield from (self._task(node) for node in steps.values())
        for event in (one for one in events() if self.unit.kind not in one.not_at):
            yield from (self._event(event, office) for office in event.offices)
        yield from (self._event(act, act.office) for act in open_acts())

    def _task(self, node: OfficeView) -> SeatRow:
        back = [*node.returns, *([node.gives_back()] if node.gives_back else [])]
        targets = [step for target in back for step in _human_steps(target)]
        returns = [{"task": step.key, "title": worded(step.task_title, self.unit)} for step in targets]
        if node.outside:
            returns.append({"task": "", "title": worded(node.outside, self.unit)})
        return self._row(node, node.office, returns=returns, is_event=False)

    def _event(self, event: Event | OpenAct, office: str) -> SeatRow:
        return self._row(event, office, returns=[], is_event=True)

    def _row(self, act: Any, office: str, *, returns: list[dict[str, str]], is_event: bool) -> SeatRow:
        deadline, provisional = self._deadline(act.key, is_event)
        called = str(getattr(act, "holder", ""))
        return SeatRow(
            step=act.step or LAST_STEP,
            task=act.key,
            title=worded(act.task_title, self.unit),
            office=office,
            office_title=called or registry.title_of(office, self.unit),
            body=self._body(act),
            unit=self.unit.name if called else self._seat(office),
            holder=[called] if called else [self._named(grant) for grant in self.grants.get(office, [])],
            deadline=deadline,
            provisional=provisional,
            basis=worded(self._basis(act), self.unit),
            output=worded(act.output, self.unit),
            returns_to=returns,
            event=is_event,
            any_step=act.step is None,
        )

    def _body(self, act: Any) -> str:
        if not isinstance(act, MeetingView) and not act.body:
            return ""
        word = self.rules.words.get(act.deciding, "")
        return gettext(word) if word else registry.title_of(act.deciding, self.unit)

    def _basis(self, act: Any) -> str:
        if not act.basis:
            return gettext(TASK_TIMES[act.key].basis) if act.key in TASK_TIMES else ""
        return with_lengths(act.basis, lambda key: length_of(self.rules.offset(key), gettext))

    def _seat(self, office: str) -> str:
        """The township's name, or the kind of unit inside it."""
        kinds = registry.office(office).kinds
        if self.unit.kind in kinds:
            return self.unit.name
        inner = {str(g.unit.get_kind_display()) for g in self.grants.get(office, [])}
        return f"{self.unit.name}{listed(sorted(inner))}"

    def _named(self, grant: RoleGrant) -> str:
        if grant.unit_id == self.unit.pk:
            return grant.user.name
        return _("%(name)s（%(unit)s）") % {"name": grant.user.name, "unit": grant.unit.name}

    def _deadline(self, key: str, is_event: bool) -> tuple[str, bool]:
        openly = self.openly.get(key) if is_event else None
        if openly and openly.window:
            return openly.window(self.cycle, self.rules), False
        key = openly.term if openly else key
        if key in self.opened:
            return self.opened[key]
        offset = self._offset(key)
        if offset is None:
            return (str(_("随时")) if is_event else str(_("未定期限"))), False
        try:
            due = resolve(offset, self.anchors)
        except AnchorMissing:
            return worded(describe(offset, gettext), self.unit), False
        return due.on.isoformat(), due.provisional

    def _offset(self, key: str) -> Offset | None:
        if key not in TASK_TIMES:
            return None
        if key == "supervision.plan" and self.cycle:
            return self.rules.plan_offset(session_date(self.cycle, "vote"))
        return offset_of(self.cycle, self.rules, key, self.sessions)


def _human_steps(node: Any) -> list[OfficeView]:
    """The step itself, or where a gate or a split leads to; what waits behind a join is no longer the way back."""
    found: list[OfficeView] = []
    seen, queue = {node.name}, [node]
    while queue:
        here = queue.pop(0)
        if isinstance(here, OfficeView):
            found.append(here)
        if isinstance(here, OfficeView | Join):
            continue
        following = [edge.dst for edge in here._outgoing() if edge.dst.name not in seen]
        seen |= {step.name for step in following}
        queue += following
    return found


def _anchors(cycle: Cycle, on: date) -> dict[str, date]:
    return {name: day for name, day in anchors_of(cycle, on).items() if name not in KNOWN_ONLY_WHEN_OPEN}


def _opened(cycle: Cycle) -> dict[str, tuple[str, bool]]:
    """The dates of tasks that were opened already: the latest of each key."""
    found = (
        Deadline.objects.filter(about=cycle.reference, cancelled=False).exclude(due_on=None).order_by("pk")
    )
    return {d.key: (d.due_on.isoformat(), d.provisional) for d in found if d.due_on}


def grants_held(unit: Unit, on: date) -> dict[str, list[RoleGrant]]:
    """Offices held in the township, by office, in the order of units and persons."""
    held: dict[str, list[RoleGrant]] = {}
    # Whoever stands in for a holder for a time answers for nothing: the seat is the holder's.
    grants = (
        live_grants(on).filter(tenant=unit.tenant or unit, stands_for=None).select_related("user", "unit")
    )
    for grant in grants.order_by("unit__code", "user_id"):
        held.setdefault(grant.office, []).append(grant)
    return held
