"""Calling the session that evaluates a year, and the later meetings that measure again (组织法 14).

One session may vote on a year and evaluate the one before: whichever year calls it first publishes its notice, the
other uses it as it stands.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from projects.cycles.deadlines_moving import recompute
from projects.cycles.models import Cycle, CycleSession, Session, SessionState
from projects.cycles.papers import make_paper
from projects.cycles.selectors import opens_term, session_of, sitting_term
from projects.cycles.services import fix_session
from projects.cycles.terms import term_faults
from projects.deliberation.rules import notice_warnings
from projects.deliberation.services import set_roll
from projects.evaluation import measuring, wording
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.saying import said as _

Use = CycleSession.Use


def convene(
    act: Act,
    cycle: Cycle,
    *,
    meeting: Meeting,
    term: int,
    session_number: int,
    session_on: date,
    session_days: Decimal,
    document: str,
    body: str,
) -> Outcome:
    """召集评估会议: the presidium decides on day and agenda and publishes them.

    A session that another year has called already is used and not called twice. Refused: one that is over, or that
    stands on another day.
    """
    session = _named(
        act, cycle, Use.EVALUATION, term=term, number=session_number, held_on=session_on, days=session_days
    )
    recompute(cycle)
    make_paper(act, cycle, "minutes", _("主席团会议纪要（召集评估会议）"), body=meeting.minutes)
    return Outcome(after=_publish(act, cycle, session, document=document, body=body))


def _named(act: Act, cycle: Cycle, use: str, *, term: int, number: int, **when: Any) -> Session:
    there = Session.objects.filter(unit=cycle.unit, term=term, number=number).first()
    if there and there.state == SessionState.CLOSED:
        raise Refused(_("%(session)s已经闭会，请另定会议。") % {"session": there})
    return fix_session(act, cycle, use=use, term=term, number=number, **when)


def _publish(act: Act, cycle: Cycle, session: Session, *, document: str, body: str) -> dict[str, Any]:
    """会议通知, unless the session has been called; a notice shorter than the rulebook's is told, not refused."""
    if session.state != SessionState.PLANNED:
        return {"session": session.reference, "opens_term": opens_term(session), "called_already": True}
    least = cycle.rules.deadlines["evaluation.convene"]
    warnings = notice_warnings("会议通知", act.on, session.held_on, least)
    fire(session, "convene", act)
    make_paper(
        act,
        cycle,
        "convening",
        _("关于召开%(session)s的通知") % {"session": session},
        body=body,
        number=document,
        data={"held_on": str(session.held_on), "days": str(session.days), "warnings": warnings},
        subject=session.reference,
        publish=True,
    )
    return {"session": session.reference, "opens_term": opens_term(session), "warnings": warnings}


def has_roll(cycle: Cycle) -> bool:
    """Whether the roll of the evaluation session is made, by this year or by the one that votes at it."""
    session = session_of(cycle, Use.EVALUATION)
    return session is not None and session.roll.exists()


def obstacles_to_roll(cycle: Cycle, at: datetime) -> list[str]:
    """The roll of a new congress waits for the examination of credentials (组织法 37)."""
    session = session_of(cycle, Use.EVALUATION)
    return term_faults(session, sitting_term(cycle.unit)) if session else []


def fix_roll(act: Act, cycle: Cycle, *, statement: str, **delegations: str) -> Outcome:
    """N of the evaluation session: one line for every deputy in office on the day."""
    session = session_of(cycle, Use.EVALUATION)
    if session is None:
        raise Refused(_("评估会议尚未召集，由主席团召集。"))
    return set_roll(act, session, delegations)


def call_second(
    act: Act,
    cycle: Cycle,
    *,
    meeting: Meeting,
    occasion: str,
    term: int | None,
    session_number: int | None,
    measured_on: date,
    number: str,
    body: str,
) -> Outcome:
    """The presidium calls what measures again: the next session, or a deputies' meeting it organises (rules.md §8).

    occasion: "next_session", with 届 and 次 of one that is planned, called or not named yet; or "deputies_meeting".
    """
    make_paper(act, cycle, "minutes", _("主席团会议纪要（召集再次测评）"), body=meeting.minutes)
    if occasion == "deputies_meeting":
        told = _call_deputies(act, cycle, measured_on, number=number, body=body)
        measuring.define(act, cycle, session=None, held_on=measured_on)
        return Outcome(after=told)
    if term is None or session_number is None:
        raise Refused(_("请写明下次代表大会的届次。"))
    session = _named(act, cycle, Use.REMEASURE, term=term, number=session_number, held_on=measured_on)
    told = _publish(act, cycle, session, document=number, body=body)
    measuring.define(act, cycle, session=session, held_on=measured_on)
    return Outcome(after=told)


def _call_deputies(act: Act, cycle: Cycle, held_on: date, *, number: str, body: str) -> dict[str, Any]:
    paper = make_paper(
        act,
        cycle,
        "convening",
        wording.title_of_year(cycle, "再次测评的会议通知"),
        body=body,
        number=number,
        data={"held_on": held_on.isoformat(), "occasion": str(_("代表会议"))},
        publish=True,
    )
    return {"notice": paper.reference}
