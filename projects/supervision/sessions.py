"""Sessions of the congress: an extra one between T and T2 (组织法 14), and the closing of every one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.timezone import localdate

from projects.ballots.models import Purpose
from projects.ballots.tellers import OVER, count_another, release
from projects.ballots.witnessing import asked_on
from projects.cycles.models import Cycle, Session, SessionState
from projects.cycles.papers import attach, make_paper
from projects.cycles.selectors import notice_of, open_session, opens_term
from projects.cycles.services import congress_decided, presidium_decided
from projects.cycles.terms import begin_session, sitting_term, term_faults
from projects.deliberation.rules import beginning_faults
from projects.deliberation.selectors import seated_at, unanswered_at
from projects.deliberation.services import set_roll
from projects.deliberation.sitting import adopt_tellers, assemble
from projects.supervision.asking import lapse_unsigned
from projects.supervision.models import WRITTEN, InterpellationState
from projects.supervision.selectors import unratified
from projects.voting.services import business_left
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import User
from workflow.people.saying import said as _

# One that has not been signed by enough deputies is not tabled, and lapses with the session.
OPEN_INTERPELLATIONS = (InterpellationState.TABLED, InterpellationState.ADMITTED)


def extra_sessions(cycle: Cycle, state: str) -> QuerySet[Session]:
    """Sessions of the congress in a state that no year uses for its vote or its evaluation."""
    return Session.objects.filter(unit=cycle.unit, state=state, uses=None)


def obstacles_to_calling(cycle: Cycle, at: datetime) -> list[str]:
    """One extra session at a time."""
    under_way = extra_sessions(cycle, SessionState.CONVENED).exists()
    if under_way or Session.objects.filter(unit=cycle.unit, state=SessionState.OPEN).exists():
        return [_("已有一次会议通知召开或正在举行。")]
    return []


def call_session(
    act: Act,
    cycle: Cycle,
    *,
    term: int,
    number: int,
    session_on: date,
    called_by: str,
    agenda: str,
    proposers: Sequence[User] = (),
    signed: Sequence[UploadedFile] = (),
    **minutes: Any,
) -> Outcome:
    """召集临时会议: the presidium decides on its day and publishes it, of itself or where one fifth ask (组织法 14).

    proposers, signed: who asked, and their signed paper. minutes: the presidium's meeting as its form took it down;
    the form has refused one that did not agree, and fewer than one fifth.
    """
    if Session.objects.filter(unit=cycle.unit, term=term, number=number).exists():
        raise Refused(_("第%(term)s届第%(number)s次会议已经建立。") % {"term": term, "number": number})
    session = Session.objects.create(
        unit=cycle.unit,
        term=term,
        number=number,
        held_on=session_on,
        deputies_in_office=cycle.deputies_in_office,
    )
    fire(session, "convene", act)
    presidium_decided(act, cycle, _("决定召集临时会议"), **minutes)
    if proposers:
        _keep_proposal(act, cycle, session, proposers, signed)
    make_paper(
        act,
        cycle,
        "convening",
        _("关于召开%(session)s的通知") % {"session": session},
        body=agenda,
        data={"held_on": str(session_on), "called_by": called_by, "proposers": len(proposers)},
        subject=session.reference,
        step=5,
        publish=True,
    )
    return Outcome(
        after={
            "session": session.reference,
            "opens_term": opens_term(session),
            "proposers": [user.pk for user in proposers],
        }
    )


def _keep_proposal(
    act: Act, cycle: Cycle, session: Session, proposers: Sequence[User], signed: Sequence[UploadedFile]
) -> None:
    """The deputies' proposal with its names, and the paper they signed."""
    paper = make_paper(
        act,
        cycle,
        "session_proposal",
        _("关于召集%(session)s的代表提议") % {"session": session},
        body=_("提议代表 %(n)s 名：%(names)s。")
        % {"n": len(proposers), "names": "、".join(user.name for user in proposers)},
        data={"proposers": [user.pk for user in proposers]},
        subject=session.reference,
        step=5,
    )
    for upload in signed:
        attach(act, paper.reference, upload)


def session_called(cycle: Cycle) -> Session | None:
    """The extra session that is called and not opened yet."""
    return extra_sessions(cycle, SessionState.CONVENED).first()


def obstacles_to_opening(cycle: Cycle, at: datetime) -> list[str]:
    """There must be a session called, no other one open, and its day come."""
    if open_session(cycle.unit):
        return [_("已有会议正在举行。")]
    session = session_called(cycle)
    if session is None:
        return [_("没有已通知召开的临时会议。")]
    return beginning_faults(localdate(at), session.held_on)


def obstacles_to_roll(cycle: Cycle, at: datetime) -> list[str]:
    """The roll is made between the notice and the opening, of the congress that sits (组织法 37)."""
    session = session_called(cycle)
    if session is None:
        return [_("没有已通知召开的临时会议。")]
    return term_faults(session, sitting_term(cycle.unit))


def fix_roll(act: Act, cycle: Cycle, *, statement: str, **delegations: str) -> Outcome:
    """N of the extra session: one line for every deputy in office on the day; who votes there by telephone is on it."""
    session = session_called(cycle)
    if session is None:
        raise Refused(*obstacles_to_roll(cycle, act.at))
    return set_roll(act, session, delegations)


def opening_facts(cycle: Cycle) -> dict[str, Any]:
    """For the preliminary meeting: the session, N, and the notice with its proposed agenda."""
    session = session_called(cycle)
    if session is None:
        return {}
    return {
        "session": session,
        "deputies": len(seated_at(session, localdate())),
        "notice": notice_of(session),
    }


def open_extra(
    act: Act,
    cycle: Cycle,
    *,
    deputies_in_office: int,
    presidium: list[str] | None = None,
    agenda: str,
    held_on: date,
    present_number: int,
    votes_for: int,
    votes_against: int,
    votes_abstain: int,
    minutes: str,
    **first: str,
) -> Outcome:
    """临时会议开幕: a preliminary meeting like any other session's (组织法 14, 19).

    deputies_in_office: N as entered; the form has refused fewer than two thirds of it. first: as `assemble` takes it.
    """
    session = session_called(cycle)
    if session is None:
        raise Refused(*obstacles_to_opening(cycle, act.at))
    meeting = congress_decided(
        act,
        cycle,
        _("临时会议开幕（预备会议）"),
        members=deputies_in_office,
        held_on=held_on,
        present=present_number,
        votes_for=votes_for,
        votes_against=votes_against,
        votes_abstain=votes_abstain,
        minutes=minutes,
    )
    begin_session(act, session, deputies_in_office=deputies_in_office)
    return assemble(
        act,
        cycle,
        session,
        meeting=meeting,
        presidium=presidium,
        agenda=agenda,
        **first,
    )


def obstacles_to_closing(session: Session, at: datetime) -> list[str]:
    """What a session still owes: a year's vote or measurement, the answer to a 询问, a 质询案 (组织法 23, 24).

    And a recount or a new vote that was asked for: afterwards nobody could order it any more.
    """
    if session.state != SessionState.OPEN:
        return [_("会议没有正在举行。")]
    return [
        *business_left(session),
        *_undeclared_changes(session),
        # 须经下次代表大会追认: the session that comes after the decision is the next one.
        *unratified(session.unit, session.held_on),
        *asked_on(session.votes.all()),
        *unanswered_at(session),
        *_unanswered_interpellations(session),
    ]


def _undeclared_changes(session: Session) -> list[str]:
    votes = session.votes.filter(purpose=Purpose.CHANGE).exclude(state__in=OVER)
    return [_("“%(title)s”尚未宣布结果。") % {"title": vote.title} for vote in votes.order_by("pk")]


def _unanswered_interpellations(session: Session) -> list[str]:
    """Those tabled at the session and not answered; one to be answered in writing is not waited for."""
    found = []
    for one in session.interpellations.filter(state__in=OPEN_INTERPELLATIONS).order_by("pk"):
        if one.state == InterpellationState.TABLED:
            found.append(_("“%(what)s”的答复形式，主席团尚未决定。") % {"what": one})
        elif one.form != WRITTEN:
            found.append(_("“%(what)s”尚未在会议上答复，由受质询机关办理。") % {"what": one})
    return found


def obstacles_to_adopting(cycle: Cycle, at: datetime) -> list[str]:
    """Tellers are adopted in an open session, and not changed while ballots are being counted."""
    session = open_session(cycle.unit)
    if session is None:
        return [_("监票人、计票人由会议通过，现在没有会议正在举行。")]
    if count_another(session, ""):
        return [_("投票正在进行，监票人、计票人正在履职。")]
    return []


def adopt_session_tellers(
    act: Act,
    cycle: Cycle,
    *,
    held_on: date,
    present_number: int,
    votes_for: int,
    votes_against: int,
    votes_abstain: int,
    minutes: str,
    **people: Any,
) -> Outcome:
    """监票人、计票人名单 of a session whose votes no year's own meeting has named any for: a change of a project."""
    session = open_session(cycle.unit)
    if session is None:
        raise Refused(*obstacles_to_adopting(cycle, act.at))
    meeting = congress_decided(
        act,
        cycle,
        _("通过监票人、计票人名单"),
        members=session.deputies_in_office or len(seated_at(session, act.on)),
        held_on=held_on,
        present=present_number,
        votes_for=votes_for,
        votes_against=votes_against,
        votes_abstain=votes_abstain,
        minutes=minutes,
    )
    return adopt_tellers(act, cycle, meeting=meeting, occasion=str(session), step=5, **people)


def close_session(act: Act, session: Session) -> None:
    """宣布闭会: questions and interpellations are over with it, and so is the office of its tellers."""
    fire(session, "end", act)
    reason = _("%(session)s闭会") % {"session": session}
    lapse_unsigned(act, session)
    release(act, session.unit, reason=reason)


def closing_facts(session: Session) -> dict[str, Any]:
    """What the chair closes: the session and the years it served."""
    return {"session": session, "uses": list(session.uses.select_related("cycle__unit").order_by("pk"))}
