"""The act under way, so that tasks created inside it start their clocks at its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from workflow.audit.services import Act
from workflow.people.saying import in_the_records_language

_act: ContextVar[Act] = ContextVar("piaojue_act")


@contextmanager
def acting(act: Act) -> Iterator[None]:
    """Make `act` the current one for the block."""
    token = _act.set(act)
    try:
        yield
    finally:
        _act.reset(token)


@contextmanager
def recording(act: Act) -> Iterator[None]:
    """`acting`, and what is written down speaks the record's language: for an act that has no form to be read again."""
    with acting(act), in_the_records_language():
        yield


def current_act() -> Act:
    """The act under way; LookupError where there is none, for then a task would start at no time."""
    return _act.get()
