"""What the county's figures must be equal to: the records themselves, counted one by one in Python."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.timezone import localdate

from projects.ballots.models import Vote
from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.deliberation.models import Visit
from projects.evaluation.models import Measurement, Rating
from projects.oversight.figures import Cell
from projects.oversight.models import Examination, Note
from projects.selection.models import Item
from projects.selection.selectors import ON_THE_LIST
from projects.supervision.models import Finding, Inspection, Payment, Project
from workflow.flows.models import Deadline


def rounded(part: int, whole: int) -> int | None:
    """Whole per cent, the half upwards; a hundred only of all of it."""
    if not whole:
        return None
    exact = Decimal(part) * 100 / Decimal(whole)
    near = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return 99 if near == 100 and part < whole else near


def firm(task: Deadline) -> bool:
    """Whether a task has a day that can be missed: nobody can have missed a provisional one."""
    return task.due_on is not None and not task.provisional


def slow_figures(cycle: Cycle, today: date) -> dict[str, Any]:
    """Every named figure of a year, from its records."""
    proposals = list(Proposal.objects.filter(cycle=cycle))
    projects = list(Project.objects.filter(cycle=cycle))
    live = [p for p in projects if p.state != "stopped"]
    grades = Counter(Rating.objects.filter(project__cycle=cycle).values_list("grade", flat=True))
    content, rated = grades["satisfied"] + grades["basic"], sum(grades.values())
    marks = list(
        Measurement.objects.filter(
            cycle=cycle, state__in=("measured", "closed", "rectifying", "rectified")
        ).select_related("project")
    )
    marked = sum((m.satisfied or 0) + (m.basic or 0) for m in marks)
    base = sum(m.base or 0 for m in marks)
    findings = list(Finding.objects.filter(project__cycle=cycle).exclude(state="closed"))
    visits = list(Visit.objects.filter(cycle=cycle))
    votes = [
        v
        for v in Vote.objects.filter(about_reference=cycle.reference, purpose="projects")
        if v.state != "void" and not v.is_recount and v.deputies_present is not None
    ]
    tasks = [d for d in Deadline.objects.filter(about=cycle.reference, cancelled=False) if d.step]
    late = [d for d in tasks if d.done_at and firm(d) and localdate(d.done_at) > d.due_on]
    overdue = [d for d in tasks if not d.done_at and firm(d) and d.due_on < today]
    kinds = Counter(p.proposer_kind for p in proposals)
    due, present = sum(v.deputies_in_office for v in votes), sum(v.deputies_present or 0 for v in votes)
    done = [p for p in projects if p.state in ("completed", "accepted")]
    money = {
        name: sum(getattr(p, f"{name}_fen") or 0 for p in live) for name in ("budget", "invested", "funded")
    }
    return {
        "proposals": len(proposals),
        "accepted": sum(p.state in ("accepted", "merged", "carried", "answered") for p in proposals),
        "items": Item.objects.filter(cycle=cycle).count(),
        "candidates": Item.objects.filter(ON_THE_LIST, cycle=cycle).count(),
        "elected": Item.objects.filter(cycle=cycle, state="elected").count(),
        "projects": len(live),
        "done": len(done),
        "judged": sum(m.state == "closed" and m.project.state in ("completed", "accepted") for m in marks),
        "failing": sum(m.state in ("rectifying", "rectified") for m in marks),
        "red": sum(p.light == "red" for p in live),
        "done_percent": rounded(len(done), len(live)),
        **money,
        "paid": sum(slow_paid(cycle).values()),
        "invested_percent": rounded(money["invested"], money["budget"]),
        "funded_percent": rounded(money["funded"], money["budget"]),
        "ratings": rated,
        "ratings_content": content,
        "ratings_percent": rounded(content, rated),
        "marks_base": base,
        "marks_percent": rounded(marked, base),
        "by_residents": sum(kinds[k] for k in ("resident", "village", "station", "enterprise")),
        "by_deputies": sum(kinds[k] for k in ("deputy", "senior_deputy")),
        "visits": len(visits),
        "voters": sum(v.voters for v in visits),
        "inspections": Inspection.objects.filter(project__cycle=cycle).count(),
        "due": due,
        "present": present,
        "present_percent": rounded(present, due),
        "findings_open": len(findings),
        "oldest_finding": min((f.raised_on for f in findings), default=None),
        "overdue": len(overdue),
        "late": len(late),
        **_of_tasks(tasks, late, overdue),
        **_of_notes(cycle, today),
        **_of_findings(cycle),
        **_of_checks(cycle),
        "townships_at": {_reached(cycle): 1},
    }


def _of_tasks(tasks: list[Deadline], late: list[Deadline], overdue: list[Deadline]) -> dict[str, Any]:
    ended = sum(bool(d.done_at) for d in tasks)
    return {
        "ended": ended,
        "on_time_percent": rounded(ended - len(late), ended),
        "overdue_steps": dict(Counter(d.step for d in overdue)),
    }


def _of_notes(cycle: Cycle, today: date) -> dict[str, int]:
    waiting = list(Note.objects.filter(cycle=cycle, state="sent"))
    return {"notes_open": len(waiting), "notes_late": sum(note.reply_by < today for note in waiting)}


def _of_checks(cycle: Cycle) -> dict[str, Any]:
    kept = Examination.objects.filter(cycle=cycle).first()
    held, broken = (kept.held, kept.not_held) if kept else (0, 0)
    return {
        "deviations": broken if kept else None,
        "checks_held": held,
        "checks_decided": held + broken,
        "conforming_percent": rounded(held, held + broken),
        "examined_on": localdate(kept.at) if kept else None,
    }


def _of_findings(cycle: Cycle) -> dict[str, Any]:
    states = list(Finding.objects.filter(project__cycle=cycle).values_list("state", flat=True))
    return {
        "findings": len(states),
        "rectified_percent": rounded(states.count("closed"), len(states)),
    }


def slow_paid(cycle: Cycle) -> dict[str, int]:
    """What was paid by source, what came back taken off; sources nothing was paid from are left out."""
    paid: Counter[str] = Counter()
    for payment in Payment.objects.filter(project__cycle=cycle):
        paid[payment.source] += payment.amount_fen
    return {source: fen for source, fen in paid.items() if fen}


def slow_offices(cycle: Cycle, today: date) -> dict[str, int]:
    """Overdue tasks by office."""
    rows = Deadline.objects.filter(about=cycle.reference, cancelled=False, done_at=None, due_on__lt=today)
    return dict(Counter(d.office for d in rows if d.step and firm(d)))


def slow_sources(cycle: Cycle) -> dict[str, int]:
    """Planned money of what was elected by source, in fen."""
    found = Counter()
    for item in Item.objects.filter(cycle=cycle, state="elected"):
        found.update({name: int(fen) for name, fen in item.funding.items() if fen})
    return dict(found)


def _reached(cycle: Cycle) -> int:
    return {"closed": 7, "ended": 0}.get(cycle.state, cycle.step)


def slow_cells(cycle: Cycle, today: date) -> tuple[Cell, ...]:
    """The six steps, from the year's tasks one by one."""
    reached = _reached(cycle)
    return tuple(_cell(cycle, step, reached, today) for step in range(1, 7))


def _cell(cycle: Cycle, step: int, reached: int, today: date) -> Cell:
    tasks = list(Deadline.objects.filter(about=cycle.reference, step=step, cancelled=False))
    late = sum(bool(d.done_at and firm(d) and localdate(d.done_at) > d.due_on) for d in tasks)
    open_ones = [d for d in tasks if not d.done_at]
    if not open_ones and cycle.state == "ended":
        return Cell("ended", late=late)
    if not open_ones:
        return Cell("done" if step < reached else "running" if step == reached else "waiting", late=late)
    days = [(d.due_on - today).days for d in open_ones if firm(d)]
    if not days:
        return Cell("archived" if reached == 7 and step == 6 else "running", late=late)
    first = min(days)
    if reached == 7 and step == 6 and first > 3:
        return Cell("archived", late=late)
    if first < 0:
        return Cell("overdue", -first, late)
    return Cell("soon" if first <= 3 else "running", first, late)
