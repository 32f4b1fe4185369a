"""The hall before a measurement: the session opened by its preliminary meeting, its tellers adopted (组织法 14, 19, 25)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.timezone import localdate

from projects.cycles.models import Cycle, CycleSession, Session, SessionState
from projects.deliberation.rules import beginning_faults
from projects.deliberation.sitting import adopt_tellers, assemble
from projects.evaluation import hearing, selectors
from projects.evaluation.measuring import session_faults
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.models import Meeting
from workflow.flows.services import Outcome
from workflow.people.saying import said as _


def is_opened_here(session: Session) -> bool:
    """Whether no year votes at this session: one that does is opened by that vote's preliminary meeting."""
    return not session.uses.filter(use=CycleSession.Use.VOTE).exists()


def needs_preliminary(cycle: Cycle) -> bool:
    """Whether the session of the coming measurement is still to be opened, and by this year."""
    session = selectors.occasion_of(cycle)["session"]
    return session is not None and session.state != SessionState.OPEN and is_opened_here(session)


def obstacles_to_opening(cycle: Cycle, at: datetime) -> list[str]:
    """Why the preliminary meeting cannot be held: not its day yet, not called, no roll where the session has one."""
    session = selectors.occasion_of(cycle)["session"]
    found = session_faults(session) if session is None or session.state != SessionState.CONVENED else []
    return found + (beginning_faults(localdate(at), session.held_on) if session else [])


def open_session(
    act: Act, cycle: Cycle, *, meeting: Meeting, presidium: list[str] | None = None, agenda: str, **first: str
) -> Outcome:
    """评估会议开幕: a preliminary meeting like any other session's; in a new congress it ends the term before."""
    session = selectors.occasion_of(cycle)["session"]
    if session is None:
        raise Refused(_("评估会议尚未召集，由主席团召集。"))
    return assemble(act, cycle, session, meeting=meeting, presidium=presidium, agenda=agenda, **first)


def obstacles_to_reporting(cycle: Cycle, at: datetime) -> list[str]:
    """The presidium reports in an open session, having heard residents and reviews."""
    return [
        *session_faults(selectors.occasion_of(cycle)["session"]),
        *hearing.still_to_be_heard(cycle),
    ]


def is_reported(cycle: Cycle) -> bool:
    """Whether the presidium has reported, and the session only measures again."""
    return selectors.measuring_vote(cycle) is not None


def obstacles_to_adopting(cycle: Cycle, at: datetime) -> list[str]:
    """Tellers are adopted where they will count: in the open session, or at the deputies' meeting on its day."""
    occasion = selectors.occasion_of(cycle)
    if occasion["session"]:
        return session_faults(occasion["session"])
    if occasion["held_on"] is None:
        return [_("会议日期尚未确定，由主席团确定。")]
    return beginning_faults(localdate(at), occasion["held_on"])


def adopt_measuring_tellers(act: Act, cycle: Cycle, **adopted: Any) -> Outcome:
    """Those who count this measurement alone; last year's serve no longer (steps.md: for one vote only)."""
    return adopt_tellers(act, cycle, occasion=selectors.occasion_of(cycle)["title"], **adopted)
