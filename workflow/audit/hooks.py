"""Who wants to know that a unit's trail has grown, once the act is committed.

The trail knows nobody by name: whoever reads it (the post office) registers here when the application starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

Listener = Callable[[int], None]
_listeners: list[Listener] = []


def on_growth(listener: Listener) -> None:
    """Have `listener` called with a unit's id after every transaction that wrote into the unit's trail."""
    if listener not in _listeners:
        _listeners.append(listener)


@dataclass(frozen=True)
class _Growth:
    """What is called after COMMIT; equal ones are the same wake-up."""

    unit_id: int

    def __call__(self) -> None:
        for listener in _listeners:
            listener(self.unit_id)


def tell_after_commit(unit_id: int) -> None:
    """Call the listeners once after this transaction, however many entries it writes; nothing after a rollback."""
    growth = _Growth(unit_id)
    # Django's own list is asked, because it forgets what a savepoint took back.
    if all(waiting[1] != growth for waiting in connection.run_on_commit):
        # Robust: the act is committed, and no listener may turn it into an error page.
        transaction.on_commit(growth, robust=True)
