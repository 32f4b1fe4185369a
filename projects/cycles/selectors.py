"""Reads of cycles, sessions and papers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from projects.cycles.feasibility import Outlook, outlook
from projects.cycles.models import (
    Cycle,
    CycleSession,
    CycleState,
    Paper,
    Rulebook,
    Session,
    SessionState,
    Term,
    TermState,
)
from projects.cycles.over import CLOSE
from projects.cycles.rulebook import Rules
from workflow.audit.models import Entry
from workflow.flows.meetings import BY_DEPUTIES, Standard
from workflow.machines.references import number_in
from workflow.people.models import Unit, User
from workflow.people.prepared import Prepared
from workflow.roles.selectors import grants_between, holders_of, was_held

# The offices of whoever sits at a session: in office, and elected to a new congress.
SITTING = ("deputy", "deputy_elect")


def cycle_of(subject: Any) -> Cycle | None:
    """The cycle a record belongs to: itself, its `cycle`, or the one its `about` names; None outside any."""
    if isinstance(subject, Cycle):
        return subject
    if getattr(subject, "cycle_id", None):
        return subject.cycle
    number = number_in(subject.about, Cycle)
    return None if number is None else Cycle.objects.select_related("unit").get(pk=number)


def cycles_of(unit: Unit) -> QuerySet[Cycle]:
    """A township's cycles, the latest first."""
    return Cycle.objects.filter(unit=unit).select_related("unit")


def collecting_cycles(unit: Unit) -> list[Cycle]:
    """The cycles that are collecting now, the one whose window ends first leading; several may at once."""
    return list(
        cycles_of(unit)
        .filter(state=CycleState.COLLECTING)
        .order_by(F("window_to").asc(nulls_last=True), "pk")
    )


def open_windows(unit: Unit, on: date) -> list[Cycle]:
    """The cycles into which a proposal of this day goes, the one whose window ends first leading."""
    return [
        cycle
        for cycle in collecting_cycles(unit)
        if cycle.window_from and cycle.window_to and cycle.window_from <= on <= cycle.window_to
    ]


def session_of(cycle: Cycle, use: str) -> Session | None:
    """The session a cycle uses for its vote ("vote", T) or evaluation ("evaluation", T2)."""
    found = _USE.first(cycle_id=cycle.pk, use=use)
    return found.session if found else None


_USE = Prepared(
    lambda cycle_id, use: (
        CycleSession.objects.filter(cycle_id=cycle_id, use=use).select_related("session").order_by()
    ),
    cycle_id=-1,
    use="\0use",
)


def session_date(cycle: Cycle, use: str) -> date:
    """T or T2: the convened session's day, the planned one until then."""
    session = session_of(cycle, use)
    planned = cycle.planned_t if use == "vote" else cycle.planned_t2
    return session.held_on if session else planned


def closing_day(cycle: Cycle) -> date:
    """The day the year was closed; until then that of its evaluation session, which closes it where nothing is late."""
    closed = Entry.objects.filter(subject=cycle.reference, action=CLOSE).order_by("id").first()
    return localdate(closed.at) if closed else session_date(cycle, "evaluation")


def years_at(cycle: Cycle, use: str) -> list[tuple[Cycle, str]]:
    """Every year the session of a use serves, and what for, by year; that year alone while none is fixed."""
    session = session_of(cycle, use)
    if session is None:
        return [(cycle, use)]
    uses = CycleSession.objects.filter(session=session).exclude(use=CycleSession.Use.REMEASURE)
    others = [u for u in uses.select_related("cycle__unit").order_by("cycle_id") if u.cycle_id != cycle.pk]
    return [(cycle, use), *((other.cycle, other.use) for other in others)]


def open_session(unit: Unit) -> Session | None:
    """The session that is being held now; 询问 and 质询 belong only inside one (组织法 23, 24)."""
    return Session.objects.filter(unit=unit, state=SessionState.OPEN).first()


def sitting_term(unit: Unit) -> Term | None:
    """The congress in office; None where no session of it was held in this installation yet."""
    return Term.objects.filter(unit=unit, state=TermState.SITTING).first()


def coming_term(unit: Unit) -> Term | None:
    """The congress elected and not yet assembled (换届)."""
    return Term.objects.filter(unit=unit, state=TermState.ELECTED).order_by("number").first()


def notice_of(session: Session) -> Paper | None:
    """The notice a session was called with, and its proposed agenda (会议通知)."""
    called = Paper.objects.filter(unit=session.unit, kind="convening", subject=session.reference)
    return called.order_by("-pk").first()


def chair_of(unit: Unit, on: date) -> str:
    """人大主席 of a hall on a day that may be past, no stand-in: the vice-chair where it has no chair.

    Empty where it has neither, and where several hold the office and their titles do not tell which of them it is.
    The chair does the presidium's day-to-day work between its meetings and calls them (组织法 18); what goes to a higher
    body the 主要负责人 signs (《党政机关公文处理工作条例》二十二).
    """
    held = [grant for grant in grants_between("chair", unit, on, on) if was_held(grant, on)]
    own = [grant for grant in held if grant.stands_for_id is None]
    first = [grant for grant in own if "副" not in grant.title] or own
    return first[0].user.name if len(first) == 1 else ""


def opens_term(session: Session | None) -> bool:
    """Whether this is the first session of a congress that is elected and not yet assembled."""
    coming = coming_term(session.unit) if session else None
    return session is not None and coming is not None and coming.number == session.term


def deputies_at(session: Session | None, unit: Unit, on: date) -> list[User]:
    """Who sits at a session, by id: the deputies in office; at the first of a new congress those elected to it."""
    in_office, elected = SITTING
    return holders_of(elected if opens_term(session) else in_office, unit, on)


def rulebook_in_force(unit: Unit) -> Rulebook | None:
    """The newest version of a township's own rulebook; None where it lives by the defaults."""
    return Rulebook.objects.filter(unit=unit).order_by("-version").first()


def rules_in_force(unit: Unit) -> Rules:
    """The rules the next cycle of a unit would freeze."""
    book = rulebook_in_force(unit)
    if book:
        return book.rules
    return Rules(body="assembly") if unit.is_subdistrict else Rules()


def rules_for(cycle: Cycle) -> Rules:
    """The rules a year runs by: the frozen ones, or those in force while it is being prepared."""
    return cycle.rules if cycle.rules_data else rules_in_force(cycle.unit)


def plan_of(cycle: Cycle, on: date) -> Outlook:
    """What a year's planned days hold, seen on a day: one not opened yet cannot open before it."""
    opens_on = cycle.opens_on if cycle.rules_data else max(cycle.opens_on, on)
    return outlook(opens_on, cycle.planned_t, cycle.planned_t2, rules_for(cycle))


def book_to_freeze(unit: Unit) -> dict[str, Any]:
    """The rulebook the next year would freeze: its version, 0 for the defaults, and its name."""
    book = rulebook_in_force(unit)
    version = book.version if book else 0
    return {"version": version, "name": book_named(version), "unit": unit}


def book_named(version: int) -> str:
    """What a version of the rulebook is called."""
    return _("规则第 %(n)s 版") % {"n": version} if version else _("默认规则")


def plan_page(cycle: Cycle) -> dict[str, Any]:
    """最迟启动日, what does not fit, what to mind, and the rulebook that is or will be frozen (steps.md, Dates)."""
    book = book_to_freeze(cycle.unit)
    if cycle.rules_data:
        book |= {"version": cycle.rules_version, "name": book_named(cycle.rules_version)}
    return {"plan": plan_of(cycle, localdate()), "book": book, "cycle": cycle}


def standard_of(subject: Any) -> Standard:
    """What a decision of the hall takes: the law's figures for a congress (组织法 14, 25), the rulebook's for an assembly."""
    cycle = cycle_of(subject)
    rules = rules_for(cycle) if cycle else rules_in_force(subject.unit)
    if rules.body == "congress":
        return BY_DEPUTIES
    # Shown hands have no invalid ones: of valid votes is of those present.
    return Standard(rules.quorum, of_present=rules.majority_base != "in_office")


def papers_of(cycle: Cycle, *, kind: str = "", step: int | None = None) -> QuerySet[Paper]:
    """The papers of a year's file in the order of the steps."""
    papers = Paper.objects.filter(cycle=cycle)
    papers = papers.filter(kind=kind) if kind else papers
    return papers.filter(step=step) if step else papers


def paper_of(cycle: Cycle, kind: str) -> Paper | None:
    """The last paper of a kind; an earlier one was superseded by it."""
    return papers_of(cycle, kind=kind).order_by("-pk").first()
