"""Writes to the year itself: rulebooks, cycles, sessions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localdate

from projects.cycles.deadlines_moving import recompute
from projects.cycles.feasibility import Outlook, outlook
from projects.cycles.models import Cycle, CycleSession, Rulebook, Session
from projects.cycles.rulebook import RulebookError, Rules
from projects.cycles.selectors import (
    opens_term,
    plan_of,
    rulebook_in_force,
    rules_in_force,
    session_of,
    years_at,
)
from workflow.audit.services import Act, write_down
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.machines.models import Record
from workflow.machines.services import fire
from workflow.people.models import Unit, UnitChange, User
from workflow.people.saying import said as _
from workflow.people.wording import worded
from workflow.roles.selectors import members_on

PLANNED_DAY = {"vote": "planned_t", "evaluation": "planned_t2"}


def adopt_rulebook(act: Act, unit: Unit, rules: Rules, *, note: str = "") -> Rulebook:
    """Put the next version of a unit's rulebook in force; cycles already open keep the one they froze."""
    with transaction.atomic():
        Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
        last = rulebook_in_force(unit)
        book = Rulebook.objects.create(
            unit=unit,
            version=(last.version if last else 0) + 1,
            data=rules.frozen_json(),
            note=note,
            adopted_on=act.on,
        )
        write_down(act, "rulebook.adopt", f"rulebook:{book.pk}", after={"version": book.version}, reason=note)
    return book


def revise_rules(act: Act, unit: Unit, *, setting: str, value: Any, note: str) -> Outcome:
    """One setting changed, as the next version; refused where the whole would not hold together."""
    book = adopt_rulebook(act, unit, with_one_changed(rules_in_force(unit), setting, value), note=note)
    return Outcome(after={"version": book.version}, reason=note)


def with_one_changed(rules: Rules, setting: str, value: Any) -> Rules:
    """The rules with another value of one setting; refused where the whole would not hold together."""
    try:
        return rules.with_values({setting: value})
    except RulebookError as error:
        raise Refused(*error.reasons) from error


def outlook_for(unit: Unit, *, opens_on: date, planned_t: date, planned_t2: date) -> Outlook:
    """What planned days would mean under the rules in force."""
    return outlook(opens_on, planned_t, planned_t2, rules_in_force(unit))


def create_cycle(
    act: Act, *, year: int, opens_on: date, planned_t: date, planned_t2: date, period: str = ""
) -> Cycle:
    """Found a year in preparation; refused where the period exists already."""
    if Cycle.objects.filter(unit=act.unit, year=year, period=period).exists():
        raise Refused(_("%(year)s 年度%(period)s的工作已经建立。") % {"year": year, "period": period})
    if planned_t2 <= planned_t:
        raise Refused(_("拟定评估会期须在拟定票决会期之后。"))
    cycle = Cycle.objects.create(
        unit=act.unit, year=year, period=period, opens_on=opens_on, planned_t=planned_t, planned_t2=planned_t2
    )
    write_down(
        act,
        "cycle.create",
        cycle.reference,
        about=cycle.reference,
        step=1,
        after={"year": year, "C": str(opens_on), "T": str(planned_t), "T2": str(planned_t2)},
        label=cycle.label,
    )
    return cycle


def open_cycle(act: Act, cycle: Cycle) -> Outcome:
    """C: freeze the rulebook in force and open collection. Refused while the plan cannot hold.

    What the plan was opened in spite of stands in the act's entry.
    """
    rules, book = rules_in_force(cycle.unit), rulebook_in_force(cycle.unit)
    plan = plan_of(cycle, act.on)
    if plan.obstacles:
        raise Refused(*(reason.text for reason in plan.obstacles))
    fire(
        cycle,
        "open",
        act,
        rules_data=rules.frozen_json(),
        rules_version=book.version if book else 0,
        opens_on=act.on,
    )
    return Outcome(after=plan.for_trail())


def obstacles_to_opening(cycle: Cycle, at: datetime) -> list[str]:
    """Why the planned days cannot hold, naming what does not fit and by how much; empty means go."""
    return [reason.text for reason in plan_of(cycle, localdate(at)).obstacles]


def fix_session(
    act: Act, cycle: Cycle, *, use: str, term: int, number: int, held_on: date, days: Any = 1
) -> Session:
    """Name the session a cycle votes or evaluates at; one session may serve two years at once."""
    session, _made = Session.objects.get_or_create(
        unit=cycle.unit,
        term=term,
        number=number,
        defaults={"held_on": held_on, "days": days, "called": _called_in(cycle.unit, term, number)},
    )
    if session.held_on != held_on:
        raise Refused(
            _("第%(term)s届第%(number)s次会议已定于%(day)s举行。")
            % {"term": term, "number": number, "day": date_format(session.held_on)}
        )
    CycleSession.objects.update_or_create(
        cycle=cycle, use=use, defaults={"session": session, "unit": cycle.unit}
    )
    write_down(
        act,
        "session.fix",
        session.reference,
        about=cycle.reference,
        step=cycle.step,
        after={"held_on": str(held_on), "use": use},
        label=str(session),
    )
    return session


def _called_in(unit: Unit, term: int, number: int) -> str:
    """A year of a township merged into another is finished by the other's congress, whose session it is; else empty."""
    change = UnitChange.objects.select_related("into").filter(unit=unit, what=UnitChange.What.MERGED).first()
    return str(Session(unit=change.into, term=term, number=number)) if change else ""


def move_session(act: Act, cycle: Cycle, *, use: str, held_on: date, reason: str) -> int:
    """Move T or T2, for every year its session serves; the open deadlines that hang on it move too: how many."""
    years = years_at(cycle, use)
    Session.objects.filter(uses__cycle=cycle, uses__use=use).update(held_on=held_on)
    return sum(_follow(act, year, its, held_on, reason) for year, its in years)


def _follow(act: Act, cycle: Cycle, use: str, held_on: date, reason: str) -> int:
    """One year takes the new day of its session."""
    field = PLANNED_DAY[use]
    before = getattr(cycle, field)
    Cycle.objects.filter(pk=cycle.pk).update(**{field: held_on})
    setattr(cycle, field, held_on)
    write_down(
        act,
        "cycle.move_session",
        cycle.reference,
        about=cycle.reference,
        step=cycle.step,
        before={field: str(before)},
        after={field: str(held_on), "opens_term": opens_term(session_of(cycle, use))},
        reason=reason,
        label=cycle.label,
    )
    return recompute(cycle)


def presidium_decided(
    act: Act,
    subject: Record,
    title: Any,
    *,
    held_on: date,
    attended: list[str],
    votes_for: int,
    votes_against: int,
    votes_abstain: int,
    minutes: str,
    recorded_by: User | None = None,
) -> Meeting:
    """The record of a presidium's decision taken without a task; its form has refused one that did not agree.

    recorded_by: who entered it, where another one acts on it.
    """
    meeting = Meeting.objects.create(
        unit=act.unit,
        body="presidium",
        about=subject.reference,
        title=worded(title, act.unit)[:120],
        held_on=held_on,
        members=len(members_on("presidium", subject.unit, held_on, [int(code) for code in attended])),
        present=len(attended),
        votes_for=votes_for,
        votes_against=votes_against,
        votes_abstain=votes_abstain,
        agreed=True,
        minutes=minutes,
        recorded_by=recorded_by or act.actor,
    )
    meeting.attended.set(int(pk) for pk in attended)
    return meeting


def congress_decided(act: Act, subject: Record, title: Any, **record: Any) -> Meeting:
    """The record of a decision the congress took without a task; its form has refused one that did not agree."""
    return Meeting.objects.create(
        unit=act.unit,
        body="congress",
        about=subject.reference,
        title=worded(title, act.unit)[:120],
        agreed=True,
        recorded_by=act.actor,
        **record,
    )
