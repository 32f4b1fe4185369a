"""The offices the domain has registered, which of them one person may not hold together, which rest on another, and how
many may hold one at a time.

The engine knows no office by name: `projects/offices.py` registers them when the application starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from workflow.people.models import Unit
from workflow.people.saying import listed
from workflow.people.wording import worded


@dataclass(frozen=True)
class Office:
    """A role code. body: it acts as a meeting. recorders: offices that may keep that meeting's record; readers: others
    that read it; meeting: its name.

    kinds: the kinds of unit it may be held at. reads_below: it reads every unit below its own. reads_recorded: every
    page it opens is an entry of the trail. for_term: it ends with the term of the body that elected it.
    first: whoever holds it among others acts in it until another is chosen. scope: what of the work it reads unless
    its grant says otherwise, codes of `scopes()`; empty for an office that reads all of it. personal: why nobody may
    stand in for its holder, as a sentence; empty where somebody may. documented: given only with a document's number and
    an end date. archives: it hands its unit's files to the archive, and may make the exports that hold them whole.
    keeps_heads: it may say that a head of the trail is kept outside the system. ended_by: what else is done where the
    office is ended by hand, as a sentence; empty where nothing is. seated: what it is called together with the unit it is
    held at, where that is not the unit's name with the title behind it.
    """

    code: str
    title: str | Promise
    kinds: frozenset[str]
    body: bool = False
    recorders: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    meeting: str | Promise = ""
    reads_below: bool = False
    reads_recorded: bool = False
    works: bool = True
    for_term: bool = False
    first: bool = False
    scope: tuple[str, ...] = ()
    personal: str | Promise = ""
    documented: bool = False
    archives: bool = False
    keeps_heads: bool = False
    ended_by: str | Promise = ""
    seated: Callable[[Unit], str] | None = None

    @property
    def takes_proofs(self) -> bool:
        """Whether it may take the proof of an entry away: it looks on from above, archives, or keeps heads."""
        return self.reads_below or self.archives or self.keeps_heads


@dataclass(frozen=True)
class Scope:
    """A part of the work an office may be limited to: a step by its number, or a matter running through the steps.

    acts: the tasks and acts of other steps that belong to it, by their keys.
    """

    code: str
    title: str | Promise
    acts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Holding:
    """An office somebody holds or is to hold, as the rules between offices see it.

    tenant: the id of the township or county it is held in. since, until: its first and last day, None for no last.
    stands_in: somebody only acts in it for its holder (代办).
    """

    office: str
    tenant: int
    since: date
    until: date | None = None
    stands_in: bool = False

    def covers(self, day: date) -> bool:
        """Whether it is held on a day."""
        return self.since <= day and (self.until is None or day <= self.until)

    def meets(self, other: Holding) -> bool:
        """Whether both are held on any day."""
        return self.covers(other.since) or other.covers(self.since)


@dataclass(frozen=True)
class _Conflict:
    one: frozenset[str]
    other: frozenset[str]
    reason: str | Promise
    at_one_unit: bool

    def is_between(self, wanted: Holding, held: Holding) -> bool:
        if self.at_one_unit and wanted.tenant != held.tenant:
            return False
        return (wanted.office in self.one and held.office in self.other) or (
            wanted.office in self.other and held.office in self.one
        )


@dataclass(frozen=True)
class _Halls:
    """The halls of some kinds, as long as they last: in one that was merged into another no body sits any more."""

    kinds: frozenset[str]

    def __contains__(self, hall: Unit) -> bool:
        return hall.kind in self.kinds and hall.ends_on is None


@dataclass(frozen=True)
class _Need:
    offices: frozenset[str]
    needed: frozenset[str]
    reason: str | Promise
    halls: _Halls | None

    def binds(self, wanted: Holding, hall: Unit) -> bool:
        return wanted.office in self.offices and (self.halls is None or hall in self.halls)

    def is_met(self, wanted: Holding, held: Iterable[Holding]) -> bool:
        return any(
            one.office in self.needed and one.tenant == wanted.tenant and one.covers(wanted.since)
            for one in held
        )


@dataclass(frozen=True)
class _Seats:
    most: int
    halls: _Halls
    too_many: str | Promise
    twice: str | Promise


@dataclass
class _Registry:
    offices: dict[str, Office] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    conflicts: list[_Conflict] = field(default_factory=list)
    needs: list[_Need] = field(default_factory=list)
    seats: dict[str, _Seats] = field(default_factory=dict)


_registry = _Registry()


def register(office: Office) -> None:
    """Make an office known; a second registration of the same code replaces the first."""
    _registry.offices[office.code] = office


def register_conflict(
    one: Iterable[str], other: Iterable[str], reason: str | Promise, *, at_one_unit: bool = False
) -> None:
    """No person may hold an office of `one` and an office of `other` at the same time; reason names the article.

    at_one_unit: only where both are held in the same township; elsewhere the person may.
    """
    _registry.conflicts.append(_Conflict(frozenset(one), frozenset(other), reason, at_one_unit))


def register_need(
    offices: Iterable[str],
    needed: Iterable[str],
    reason: str | Promise,
    *,
    kinds: Iterable[str] | None = None,
) -> None:
    """Only who holds an office of `needed` in the same township may hold one of `offices`, and no longer than that.

    kinds: of the halls it binds, as long as they last; every hall, also one merged into another, where left out.
    """
    halls = None if kinds is None else _Halls(frozenset(kinds))
    _registry.needs.append(_Need(frozenset(offices), frozenset(needed), reason, halls))


def register_seats(
    office: str, most: int, *, kinds: Iterable[str], too_many: str | Promise, twice: str | Promise
) -> None:
    """On no day do more than `most` persons hold an office at a hall of these kinds, and nobody holds it there twice."""
    _registry.seats[office] = _Seats(most, _Halls(frozenset(kinds)), too_many, twice)


def register_scope(scope: Scope) -> None:
    """Make a part of the work known that a grant may be limited to."""
    _registry.scopes[scope.code] = scope


def scopes() -> list[Scope]:
    """The parts of the work, in the order they were registered."""
    return list(_registry.scopes.values())


def words_of_scope(codes: Iterable[str]) -> str:
    """What a scope is called: its parts in their order."""
    wanted = set(codes)
    return listed(str(scope.title) for scope in scopes() if scope.code in wanted)


def acts_in(codes: Iterable[str]) -> tuple[str, ...]:
    """A scope as the database reads it: its codes, and the keys of the acts they reach in other steps."""
    wanted = list(codes)
    return tuple(wanted) + tuple(key for code in wanted for key in _registry.scopes[code].acts)


def office(code: str) -> Office:
    """The registered office; KeyError for an unknown code."""
    return _registry.offices[code]


def offices() -> list[Office]:
    return list(_registry.offices.values())


def title_of(code: str, unit: Unit | None = None) -> str:
    """The office's Chinese title, in the words of the hall it is held in; the code itself where nobody registered it."""
    known = _registry.offices.get(code)
    return worded(known.title, unit) if known else code


def seat_called(code: str, seat: Unit) -> str:
    """An office with the unit it is held at, as one name: 青溪镇镇长, 示范县人大常委会; a unit inside a township that is
    the office itself (农业农村办) is called by its own name alone. The one place where the two become one name; where
    somebody chooses among offices or reads which ones a person holds, both stand side by side and neither is left out.
    """
    known = _registry.offices.get(code)
    if known and known.seated and seat.kind in known.kinds:
        return known.seated(seat)
    if not seat.is_tenant:
        return seat.name
    return _("%(unit)s%(office)s") % {"unit": seat.name, "office": title_of(code, seat)}


def meeting_of(code: str, unit: Unit) -> str:
    """What a body's meeting is called, in the words of the hall it sits in; the body itself where nothing is said."""
    known = office(code)
    return worded(known.meeting or known.title, unit)


def conflict_between(wanted: Holding, held: Iterable[Holding]) -> str | Promise | None:
    """Why an office may not join the offices already held; None when it may."""
    others = list(held)
    for conflict in _registry.conflicts:
        if any(conflict.is_between(wanted, other) for other in others):
            return conflict.reason
    return None


def need_unmet(wanted: Holding, held: Iterable[Holding], hall: Unit) -> str | Promise | None:
    """Why an office may not be held without another that is missing on its first day; None when it may.

    Who only stands in for its holder needs none.
    """
    if wanted.stands_in:
        return None
    others = list(held)
    for need in _registry.needs:
        if need.binds(wanted, hall) and not need.is_met(wanted, others):
            return need.reason
    return None


def seats_limited(code: str, hall: Unit) -> bool:
    """Whether only so many may hold an office at a hall."""
    limit = _registry.seats.get(code)
    return limit is not None and hall in limit.halls


def too_many(code: str, hall: Unit, persons: int) -> str | Promise | None:
    """Why so many persons may not hold an office at a hall at a time; None when they may."""
    limit = _registry.seats[code] if seats_limited(code, hall) else None
    return limit.too_many if limit and persons > limit.most else None


def seat_refused(
    wanted: Holding, own: Iterable[Holding], others: Iterable[Holding], hall: Unit
) -> str | Promise | None:
    """Why an office may not be held beside those who hold it already; None when it may.

    own: what the person holds; others: what everybody else holds of it there. Who stands in takes no seat.
    """
    if wanted.stands_in or not seats_limited(wanted.office, hall):
        return None

    def beside(held: Iterable[Holding]) -> list[Holding]:
        return [
            one
            for one in held
            if (one.office, one.tenant) == (wanted.office, wanted.tenant)
            and not one.stands_in
            and one.meets(wanted)
        ]

    if beside(own):
        return _registry.seats[wanted.office].twice
    taken = beside(others)
    # Most hold it together on a day on which one of them begins.
    first_days = {wanted.since, *(one.since for one in taken if wanted.covers(one.since))}
    most = max(sum(one.covers(day) for one in taken) for day in first_days)
    return too_many(wanted.office, hall, most + 1)


def rests(code: str) -> bool:
    """Whether an office may only be held beside another."""
    return any(code in need.offices for need in _registry.needs)


def resting_on(code: str) -> list[str]:
    """The offices that may not be held without this one, or without another in its stead."""
    return sorted({office for need in _registry.needs if code in need.needed for office in need.offices})


def ends_with_term() -> list[str]:
    """The offices a change of term ends."""
    return [o.code for o in _registry.offices.values() if o.for_term]


def recorded_by(code: str) -> list[str]:
    """The bodies whose record an office may keep."""
    return [o.code for o in _registry.offices.values() if code in o.recorders]


def reads_record(code: str, body: str) -> bool:
    """Whether an office reads how a body met: the body itself, whoever keeps or reads its record, whoever reads below."""
    met = _registry.offices[body]
    return code in (body, *met.recorders, *met.readers) or _registry.offices[code].reads_below


def bodies_read_by(code: str) -> list[str]:
    """The bodies whose meetings' records an office reads."""
    return [o.code for o in _registry.offices.values() if o.body and reads_record(code, o.code)]
