"""Who wants to know that a unit's trail has grown, once the act is committed.

The trail knows nobody by name: whoever reads it (the post office) registers here when the application starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import connection, transaction

Listener = Callable[[int], None]
Keeper = Callable[[int, str], None]
_listeners: list[Listener] = []
_keepers: list[Keeper] = []
_moments: dict[str, str] = {}


def on_growth(listener: Listener) -> None:
    """Have `listener` called with a unit's id after every transaction that wrote into the unit's trail."""
    if listener not in _listeners:
        _listeners.append(listener)


def mark_moments(moments: Mapping[str, str]) -> None:
    """Have a head taken right after an act, by the action its entry carries; the value says which moment it is."""
    _moments.update(moments)


def on_moment(keeper: Keeper) -> None:
    """Have `keeper` called with a unit's id and the moment after every transaction that wrote such an act."""
    if keeper not in _keepers:
        _keepers.append(keeper)


@dataclass(frozen=True)
class _Growth:
    """What is called after COMMIT; equal ones are the same wake-up."""

    unit_id: int

    def __call__(self) -> None:
        for listener in _listeners:
            listener(self.unit_id)


@dataclass(frozen=True)
class _Moment:
    """A head to be taken after COMMIT."""

    unit_id: int
    why: str

    def __call__(self) -> None:
        for keeper in _keepers:
            keeper(self.unit_id, self.why)


def tell_after_commit(unit_id: int, action: str = "") -> None:
    """Call the listeners once after this transaction, however many entries it writes; nothing after a rollback."""
    _once(_Growth(unit_id))
    if why := _moments.get(action):
        _once(_Moment(unit_id, why))


def _once(call: _Growth | _Moment) -> None:
    # Django's own list is asked, because it forgets what a savepoint took back.
    if all(waiting[1] != call for waiting in connection.run_on_commit):
        # Robust: the act is committed, and no listener may turn it into an error page.
        transaction.on_commit(call, robust=True)
