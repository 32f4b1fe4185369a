"""The offices the domain has registered, and which of them one person may not hold together.

The engine knows no office by name: `projects/offices.py` registers them when the application starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.functional import Promise

from workflow.people.models import Unit
from workflow.people.wording import worded


@dataclass(frozen=True)
class Office:
    """A role code. body: it acts as a meeting. recorders: offices that may keep that meeting's record.

    kinds: the kinds of unit it may be held at. reads_below: it reads every unit below its own. reads_recorded: every
    page it opens is an entry of the trail. for_term: it ends with the term of the body that elected it.
    first: whoever holds it among others acts in it until another is chosen. scope: what of the work it reads unless
    its grant says otherwise, codes of `scopes()`; empty for an office that reads all of it. personal: why nobody may
    stand in for its holder, as a sentence; empty where somebody may.
    """

    code: str
    title: str | Promise
    kinds: frozenset[str]
    body: bool = False
    recorders: tuple[str, ...] = ()
    reads_below: bool = False
    reads_recorded: bool = False
    works: bool = True
    for_term: bool = False
    first: bool = False
    scope: tuple[str, ...] = ()
    personal: str | Promise = ""


@dataclass(frozen=True)
class Scope:
    """A part of the work an office may be limited to: a step by its number, or a matter running through the steps.

    acts: the tasks and acts of other steps that belong to it, by their keys.
    """

    code: str
    title: str | Promise
    acts: tuple[str, ...] = ()


@dataclass
class _Registry:
    offices: dict[str, Office] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    conflicts: list[tuple[frozenset[str], frozenset[str], str | Promise]] = field(default_factory=list)


_registry = _Registry()


def register(office: Office) -> None:
    """Make an office known; a second registration of the same code replaces the first."""
    _registry.offices[office.code] = office


def register_conflict(one: Iterable[str], other: Iterable[str], reason: str | Promise) -> None:
    """No person may hold an office of `one` and an office of `other` at the same time; reason names the article."""
    _registry.conflicts.append((frozenset(one), frozenset(other), reason))


def register_scope(scope: Scope) -> None:
    """Make a part of the work known that a grant may be limited to."""
    _registry.scopes[scope.code] = scope


def scopes() -> list[Scope]:
    """The parts of the work, in the order they were registered."""
    return list(_registry.scopes.values())


def words_of_scope(codes: Iterable[str]) -> str:
    """What a scope is called: its parts in their order."""
    wanted = set(codes)
    return "、".join(str(scope.title) for scope in scopes() if scope.code in wanted)


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


def conflict_between(code: str, held: Iterable[str]) -> str | Promise | None:
    """Why `code` may not join the offices already held; None when it may."""
    others = set(held)
    for one, other, reason in _registry.conflicts:
        if (code in one and others & other) or (code in other and others & one):
            return reason
    return None


def ends_with_term() -> list[str]:
    """The offices a change of term ends."""
    return [o.code for o in _registry.offices.values() if o.for_term]


def recorded_by(code: str) -> list[str]:
    """The bodies whose record an office may keep."""
    return [o.code for o in _registry.offices.values() if code in o.recorders]
