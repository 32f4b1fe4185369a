"""The one door to every machine: lock, check, move, write down (architecture.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from django.db import transaction
from django_fsm import TransitionNotAllowed, can_proceed

from workflow.audit.models import Entry
from workflow.audit.services import Act, write_down
from workflow.machines.models import STATE, Record
from workflow.people.saying import said as _


class Conflict(Exception):
    """The record is no longer where the act needs it: somebody else was first, or the step is over."""

    code = "conflict"


def fire(
    record: Record,
    arrow: str,
    act: Act,
    *,
    reason: str = "",
    besides: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Entry:
    """Move `record` along `arrow` and write one entry.

    changes: fields of the record set together with the move (they stand in the entry's `after`). besides: what else
    stands there and is no field, as JSON has it. The state is
    compared and set by one statement, and where the copy turns out to be stale the row is locked and read again,
    so a stale copy never moves anything. Raises Conflict when the arrow does not leave the state the record is
    really in.
    """
    with transaction.atomic(savepoint=False):  # a refusal ends the whole act, never half of it
        held, left = _moved(record, arrow, changes)
        entry = write_down(
            act,
            f"{held.kind}.{arrow}",
            held.reference,
            about=held.about,
            step=held.step,
            before={"state": left},
            after={"state": held.state}
            | {name: _plain(value) for name, value in changes.items()}
            | dict(besides or {}),
            reason=reason,
            label=held.label,
        )
    _copy_back(record, held, changes)
    return entry


def _moved(record: Record, arrow: str, changes: dict[str, Any]) -> tuple[Record, str]:
    """The record after the move, its row locked from here on, and the state it has left."""
    rows = type(record)._base_manager
    held = copy(record)
    if can_proceed(getattr(held, arrow)):
        left = _move(held, arrow, changes)
        values = {STATE: held.state, **changes}
        if rows.filter(pk=record.pk, **{STATE: left}).update(**values):
            return held, left
    held = rows.select_for_update().get(pk=record.pk)
    left = _move(held, arrow, changes)
    held.save(update_fields=[STATE, *changes])
    return held, left


def _move(held: Record, arrow: str, changes: dict[str, Any]) -> str:
    """Take the arrow in memory; the state it has left."""
    left = held.state
    move = getattr(held, arrow)
    if not can_proceed(move):
        raise Conflict(_("“%(what)s”已被他人处理，当前为“%(state)s”。") % _where(held))
    for name, value in changes.items():
        setattr(held, name, value)
    try:
        move()
    except TransitionNotAllowed as error:
        raise Conflict(_("“%(what)s”已被他人处理，当前为“%(state)s”。") % _where(held)) from error
    return left


def _where(record: Record) -> dict[str, str]:
    return {"what": record.label, "state": record.get_state_display()}


def _plain(value: Any) -> Any:
    """A value as it stands in the trail: JSON as it is, a record by its reference, the rest as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return getattr(value, "reference", None) or str(value)


def _copy_back(record: Record, held: Record, changes: dict[str, Any]) -> None:
    """The caller's copy follows; its state goes round the protected setter, as loading a row does."""
    record.__dict__["state"] = held.state
    for name, value in changes.items():
        setattr(record, name, value)
