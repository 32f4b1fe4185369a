"""总监票人、监票人、计票人: adopted for one vote and in office no longer than what they were adopted for (steps.md, Offices)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from projects.ballots.models import Vote, VoteState
from projects.cycles.models import Session
from projects.cycles.terms import fill_office
from workflow.audit.services import Act
from workflow.people.models import Unit, User
from workflow.roles.selectors import holders_of
from workflow.roles.services import end_offices

TELLERS = ("chief_teller", "teller", "counter")
OVER = (VoteState.DECLARED, VoteState.VOID)


def appoint(act: Act, people: Mapping[str, Sequence[str]], *, document: str) -> None:
    """Exactly those adopted hold the three offices from now on. people: office → ids of persons."""
    for office, ids in people.items():
        fill_office(act, office, User.objects.filter(pk__in=ids).order_by("pk"), document=document)


def release(act: Act, unit: Unit, *, reason: str) -> None:
    """What they were adopted for is over; the next vote adopts its own."""
    end_offices(unit=unit, offices=TELLERS, act=act, reason=reason)


def serve_another(session: Session | None, about: str) -> bool:
    """Whether a ballot on another matter is settled at a session and not declared: its tellers are in office for it."""
    votes = Vote.objects.filter(session=session).exclude(state__in=OVER)
    return session is not None and votes.exclude(about_reference=about).exists()


def count_another(session: Session, about: str) -> bool:
    """Whether a ballot on another matter has been opened at a session and its tellers have not finished it."""
    votes = Vote.objects.filter(session=session).exclude(state__in=(VoteState.DEFINED, *OVER))
    return votes.exclude(about_reference=about).exists()


def obstacles_at_desk(unit: Unit, at: datetime) -> list[str]:
    """Who is missing at the desk: a chief teller and another teller, two counters (rules.md §6.2)."""
    on = localdate(at)
    chief, tellers, counters = (
        {user.pk for user in holders_of(office, unit, on)} for office in ("chief_teller", "teller", "counter")
    )
    found = []
    if not chief:
        found.append(_("尚未确定总监票人，请系统管理员按通过的监票人名单授权。"))
    if not tellers - chief and not (tellers and chief - tellers):
        found.append(_("总监票人以外还须有监票人，请系统管理员按通过的监票人名单授权。"))
    if len(counters) < 2:
        found.append(_("计票人不足两人，两次录入须由不同的人进行，请系统管理员授权。"))
    return found
