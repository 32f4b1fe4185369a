"""Change of term (换届): a congress is elected, examined, assembled; the offices of the one before end with it.

组织法 9 (five years), 14, 19 (the presidium of the session before convenes the first session), 37 (代表资格审查).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from projects.cycles.models import Session, Term, TermState
from projects.cycles.selectors import coming_term, opens_term, sitting_term
from workflow.audit.services import Act
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit, User
from workflow.people.saying import said as _
from workflow.people.services import hold_as_it_is
from workflow.roles import registry
from workflow.roles.models import RoleGrant
from workflow.roles.selectors import WITH_PERSONS, holders_of, live_grants
from workflow.roles.services import GrantRefused, end_offices, grant, revoke

PRESIDING = "大会执行主席"
Listener = Callable[[Act, Term], None]
_listeners: list[Listener] = []
SessionListener = Callable[[Act, Session], None]
_when_begun: list[SessionListener] = []


def on_new_term(listener: Listener) -> None:
    """Have `listener` called inside the act that begins a term; a room above says what it must form anew."""
    if listener not in _listeners:
        _listeners.append(listener)


def on_session_begun(listener: SessionListener) -> None:
    """Have `listener` called inside the act that begins a session; a room above puts its closing before the chair."""
    if listener not in _when_begun:
        _when_begun.append(listener)


def found_term(act: Act, unit: Unit, number: int, *, since: date | None = None) -> Term:
    """Enter a congress that sits already when this installation begins; the offices it finds are its own.

    since: the day of its first session, None where nobody says.
    """
    term = Term.objects.create(unit=unit, number=number)
    fire(term, "begin", act, since=since)
    return term


def review_credentials(
    act: Act, unit: Unit, *, number: int, again: list[str], fresh: list[str], statement: str
) -> Outcome:
    """代表资格审查: whoever is duly elected to the coming congress holds `deputy_elect` until its first session.

    again: ids of deputies in office who were re-elected; fresh: of persons entered as elected by the administrator.
    Done again before the session, the later report counts. Refused: a number that does not follow, nobody elected.
    """
    term = _examined(unit, number)
    elected = list(User.objects.filter(pk__in=[*again, *fresh]).order_by("pk"))
    if not elected:
        raise Refused(_("没有当选代表。"))
    fill_office(act, "deputy_elect", elected, document=f"{term}代表选举")
    Term.objects.filter(pk=term.pk).update(deputies=len(elected), statement=statement)
    return Outcome(after={"term": term.reference, "deputies": len(elected)})


def _examined(unit: Unit, number: int) -> Term:
    sitting, coming = sitting_term(unit), coming_term(unit)
    if sitting and number != sitting.number + 1:
        raise Refused(
            _("现为第%(now)s届，换届应为第%(next)s届。") % {"now": sitting.number, "next": sitting.number + 1}
        )
    if coming and coming.number != number:
        raise Refused(_("第%(number)s届代表资格已经审查，尚未开会。") % {"number": coming.number})
    return coming or Term.objects.create(unit=unit, number=number)


def begin_session(act: Act, session: Session, **changes: Any) -> None:
    """The one way a session begins. The first of a new congress ends the term before it.

    Refused: a session of a term that is over, or of one whose deputies' credentials were not examined.
    """
    hold_as_it_is(
        session.unit
    )  # a change of the township is refused while it sits, and looks under this lock
    _seat_congress(act, session)
    fire(session, "begin", act, **changes)
    for listener in _when_begun:
        listener(act, session)


def _seat_congress(act: Act, session: Session) -> None:
    sitting = Term.objects.select_for_update().filter(unit=session.unit, state=TermState.SITTING).first()
    if opens_term(session):
        _change(act, session, sitting)
    elif sitting is None:
        # One that ended with its township (设街道, 并入) is there already: what it had begun is finished under its number.
        if not Term.objects.filter(unit=session.unit, number=session.term).exists():
            found_term(act, session.unit, session.term, since=act.on if session.number == 1 else None)
    elif reasons := term_faults(session, sitting):
        raise Refused(*reasons)


def term_faults(session: Session, sitting: Term | None) -> list[str]:
    """Why a session's term does not fit the congress in office; empty means it does, or begins the next one."""
    if sitting is None or session.term == sitting.number or opens_term(session):
        return []
    if session.term < sitting.number:
        return [_("第%(number)s届任期已经届满。") % {"number": session.term}]
    return [
        _("第%(number)s届代表资格尚未审查，请先由人大办登记代表资格审查情况。") % {"number": session.term}
    ]


def _change(act: Act, session: Session, sitting: Term | None) -> None:
    """Old offices end, deputies-elect become deputies. A task an ended office had taken goes back to its seat."""
    coming = Term.objects.select_for_update().get(unit=session.unit, number=session.term)
    lines = session.roll.in_office().select_related("user").order_by("pk")
    on_the_roll = [line.user for line in lines if line.user]
    deputies = on_the_roll or holders_of("deputy_elect", session.unit, act.on)
    reason = f"{session}举行，上届任期届满"
    end_offices(unit=session.unit, offices=ends_with_term(session.unit), act=act, reason=reason)
    if sitting:
        fire(sitting, "end", act, until=act.on)
    fire(coming, "begin", act, since=act.on, deputies=len(deputies))
    fill_office(act, "deputy", deputies, document=f"{coming}代表选举")
    for listener in _listeners:
        listener(act, coming)


# --- who holds an office of the congress

# Of a subdistrict these are the county's working committee: set up by it, not elected, without a term (组织法 59).
COMMITTEE = ("chair", "presidium")


def ends_with_term(unit: Unit) -> list[str]:
    """The offices of a unit that rest on the mandate and end with it."""
    found = registry.ends_with_term()
    return [office for office in found if not (unit.is_subdistrict and office in COMMITTEE)]


def fill_office(
    act: Act, office: str, users: Iterable[User], *, document: str, at: Unit | None = None, title: str = ""
) -> None:
    """Exactly these hold an office from now on; who held it before and is not among them, no longer.

    at: the unit inside the township, the township where left out. title: what the office is called for them.
    """
    unit, wanted = at or act.unit, list(users)
    # Who only stands in for a holder (代办) holds nothing, and stays as long as the holder.
    held = live_grants(act.on).filter(office=office, unit=unit, stands_for=None)
    kept = {g.user_id for g in held if _stays(act, g, wanted, title=title, reason=document)}
    for user in wanted:
        if user.pk not in kept:
            _grant(act, user, office, unit, document, title)


def held_as_deputy(unit: Unit, user: User, on: date) -> list[RoleGrant]:
    """The offices of a township a person holds on a day that rest on the mandate, as `unseat` ends them; by id."""
    held = live_grants(on).filter(tenant=unit, user=user, office__in=ends_with_term(unit))
    return list(held.select_related(*WITH_PERSONS).order_by("pk"))


def unseat(act: Act, user: User, *, reason: str) -> None:
    """代表资格终止: with it ends every office that is held as a deputy (选举法: 职务相应撤销、相应终止)."""
    end_offices(unit=act.unit, offices=ends_with_term(act.unit), act=act, reason=reason, holder=user)


def _stays(act: Act, given: RoleGrant, wanted: list[User], *, title: str, reason: str) -> bool:
    # Whoever presided until the election holds the office under that name no longer, though it be the same person.
    if given.user in wanted and (given.title != PRESIDING or title == PRESIDING):
        return True
    revoke(grant=given, act=act, reason=reason)
    return False


def _grant(act: Act, user: User, office: str, unit: Unit, document: str, title: str) -> None:
    try:
        grant(user=user, office=office, unit=unit, act=act, since=act.on, document=document[:80], title=title)
    except GrantRefused as error:
        raise Refused(f"{user.name}：{error}") from error


def record_election(
    act: Act, unit: Unit, *, office: str, seat: str, persons: list[str], statement: str
) -> Outcome:
    """What the congress in session elected: the chair, its presidium; what a delegation recommended: its lead.

    seat: the delegation's id for its lead, else empty. The persons are deputies; whoever held it before gives way.
    """
    users = list(User.objects.filter(pk__in=persons).order_by("pk"))
    at = Unit.objects.get(pk=seat) if seat else None
    fill_office(act, office, users, document=statement[:80], at=at)
    return Outcome(
        after={"office": office, "seat": (at or unit).code, "persons": [u.username for u in users]}
    )
