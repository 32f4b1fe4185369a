"""Acts that put a task before somebody: the record and its flow in one transaction; and the sweep of periods."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localdate

from projects.cycles.models import Cycle
from projects.supervision import asking, changing, inspecting, lights, money, rules
from projects.supervision.flows.changes import begin_deciding
from projects.supervision.flows.findings import begin_finding_flows
from projects.supervision.flows.money import AuditFlow
from projects.supervision.flows.progress import ProgressFlow, begin_red_light, follow_light
from projects.supervision.flows.seats import department_of
from projects.supervision.flows.sessions import InterpellationFlow
from projects.supervision.models import Inspection, Interpellation, Project, ProjectState
from projects.supervision.selectors import overdue_reports, reports_quarterly
from workflow.audit.services import Act, write_down
from workflow.flows.acting import acting
from workflow.flows.processes import running
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.isolation import SYSTEM, within

log = logging.getLogger(__name__)


def inspect(act: Act, project: Project, **fields: Any) -> None:
    """A visit of one's own accord, at any time; findings go to the department at once."""
    visit: Inspection = inspecting.record_inspection(act, project, **fields)
    begin_finding_flows(visit.project)


def receive_audit(act: Act, project: Project, **fields: Any) -> Outcome:
    """An audit report that has come in: before the finance office, which registers it."""
    audit = money.receive_audit(act, project, **fields)
    AuditFlow.begin(audit)
    return Outcome(after={"audit": audit.reference})


def ask_change(act: Act, project: Project, **fields: Any) -> None:
    """The request, before the body that decides."""
    begin_deciding(changing.ask_change(act, project, **fields))


def set_light(act: Act, project: Project, *, light: str, reason: str) -> Outcome:
    """The light set by hand, with the 督办 that goes with a red one; the responsible unit is told."""
    before = project.light
    lights.set_light(act, project, light=light, reason=reason)
    follow_light(act, project, before)
    return _told_to_department(project, reason)


def restore_light(act: Act, project: Project, *, reason: str) -> Outcome:
    """The light worked out once more, and its 督办 as for any other; the responsible unit is told."""
    before = project.light
    lights.restore_light(act, project, reason=reason)
    follow_light(act, project, before)
    return _told_to_department(project, reason)


def _told_to_department(project: Project, reason: str) -> Outcome:
    seat = department_of(project, {}).code
    return Outcome(after={"office": "department", "seat": seat, "to": ""}, reason=reason)


def interpellate(act: Act, cycle: Cycle, **fields: Any) -> Outcome:
    """The interpellation: before the presidium where enough have signed its paper, else before its co-signers."""
    tabled: Interpellation = asking.table_interpellation(act, cycle, **fields)
    return Outcome(after={"interpellation": tabled.reference, "lodged": _lodged(act, tabled)})


def cosign(act: Act, interpellation: Interpellation) -> Outcome:
    """One more signature; with the tenth it is before the presidium."""
    asking.cosign(act, interpellation)
    return Outcome(after={"movers": interpellation.movers.count(), "lodged": _lodged(act, interpellation)})


def _lodged(act: Act, interpellation: Interpellation) -> bool:
    if not asking.lodge_if_signed(act, interpellation):
        return False
    InterpellationFlow.begin(interpellation)
    return True


# Periods


def open_due_reports(at: datetime, *, cycle: Cycle | None = None) -> int:
    """Ask for every progress report that has become due, and light up late ones; returns how many were asked for.

    Safe to run as often as one likes: a period of a project is asked for once. cycle: this year's projects only.
    Each project is a transaction of its own; one that fails is logged by its number and keeps nobody else's waiting.
    """
    with within(SYSTEM):
        building = Project.objects.filter(state=ProjectState.BUILDING).order_by("pk")
        ids = list((building.filter(cycle=cycle) if cycle else building).values_list("pk", flat=True))
    return sum(_open_or_log(pk, at) for pk in ids)


def _open_or_log(project_id: int, at: datetime) -> int:
    try:
        return _open_for(project_id, at)
    except Exception:
        log.exception("project:%s was not asked for its progress", project_id)
        return 0


def _open_for(project_id: int, at: datetime) -> int:
    with within(SYSTEM):
        project = (
            Project.objects.select_for_update(of=("self",))
            .select_related("cycle__unit", "unit", "department")
            .get(pk=project_id)
        )
        if project.state != ProjectState.BUILDING:
            return 0
        act = Act(None, "system", project.unit, at, task="supervision.sweep")
        periods = _unasked(project, localdate(at))
        with acting(act):
            for period in periods:
                _ask(act, project, period)
            _light_up_late(project, act)
    return len(periods)


def _ask(act: Act, project: Project, period: rules.Period) -> None:
    """One period's report asked for, and written down: nobody's step leads to it."""
    ProgressFlow.begin(project, period=period.label)
    write_down(
        act,
        "project.ask_progress",
        project.reference,
        about=project.cycle.reference,
        step=5,
        after={"period": period.label},
        label=project.title,
    )


def _unasked(project: Project, today: date) -> list[rules.Period]:
    """Periods that are over and nobody has been asked about; none that overlaps one already asked about."""
    since = project.building_since
    if since is None:
        return []
    ended = rules.ended_periods(since, today, quarterly=reports_quarterly(project))
    last = _last_asked(project)
    return [period for period in ended if last is None or period.first > last]


def _last_asked(project: Project) -> date | None:
    asked = [*project.reports.values_list("period", flat=True)]
    asked += [process.data["period"] for process in running(ProgressFlow, project)]
    return max((rules.period_named(label).last for label in asked), default=None)


def _light_up_late(project: Project, act: Act) -> None:
    """A late report is at least a yellow light, two are red; red is a 督办 task (steps.md)."""
    before, lit = project.lit, rules.lit_while_late(project.lit, overdue_reports(project, act.at))
    if lit == before:
        return
    fire(project, "report", act, **lights.relit(project, lit))
    if lit.shown == rules.RED != before.shown:
        begin_red_light(project)
