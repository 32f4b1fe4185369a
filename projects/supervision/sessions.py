"""An extra session of the congress between T and T2 (组织法 14), where a change can be decided or a 质询 put."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from projects.cycles.models import Cycle, Session, SessionState
from projects.cycles.papers import attach, make_paper
from projects.cycles.selectors import standard_of
from projects.cycles.services import presidium_decided
from projects.cycles.terms import begin_session
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.meetings import BY_LAW
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import User


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
    return Outcome(after={"session": session.reference, "proposers": [user.pk for user in proposers]})


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


def obstacles_to_opening(cycle: Cycle, at: datetime) -> list[str]:
    """There must be a session called, and no other one open."""
    if Session.objects.filter(unit=cycle.unit, state=SessionState.OPEN).exists():
        return [_("已有会议正在举行。")]
    return [] if extra_sessions(cycle, SessionState.CONVENED).exists() else [_("没有已通知召开的临时会议。")]


def open_extra(act: Act, cycle: Cycle, *, deputies_in_office: int, present_number: int) -> None:
    """开会: two thirds of the deputies in office must attend (组织法 14)."""
    session = extra_sessions(cycle, SessionState.CONVENED).first()
    if session is None:
        raise Refused(_("没有已通知召开的临时会议。"))
    standard = standard_of(cycle)
    needed = standard.quorum_of(deputies_in_office)
    if present_number < needed:
        raise Refused(
            _(
                "实有代表 %(n)s 名，须 %(needed)s 名以上（%(share)s）出席，实到 %(present)s 名，不能开会（%(basis)s）。"
            )
            % {
                "n": deputies_in_office,
                "needed": needed,
                "share": standard.share,
                "present": present_number,
                "basis": _("组织法第十四条") if standard == BY_LAW else _("本地规定"),
            }
        )
    if present_number > deputies_in_office:
        raise Refused(
            _("实到 %(present)s 名，多于实有代表 %(n)s 名，请核对。")
            % {"present": present_number, "n": deputies_in_office}
        )
    if act.on < session.held_on:
        raise Refused(_("会议定于 %(day)s 举行，尚未到期。") % {"day": session.held_on})
    begin_session(act, session, deputies_in_office=deputies_in_office)


def obstacles_to_closing(cycle: Cycle, at: datetime) -> list[str]:
    """Only an open extra session is closed here."""
    return [] if extra_sessions(cycle, SessionState.OPEN).exists() else [_("没有正在举行的临时会议。")]


def close_extra(act: Act, cycle: Cycle) -> None:
    """闭会: questions and interpellations are over with it."""
    session = extra_sessions(cycle, SessionState.OPEN).first()
    if session is None:
        raise Refused(_("没有正在举行的临时会议。"))
    fire(session, "end", act)
