"""The only writer of units."""

from __future__ import annotations

from copy import copy
from datetime import date

from django.db import connection

from workflow.people.models import TENANT_KINDS, Unit, UnitChange


def create_unit(*, code: str, name: str, kind: str, parent: Unit | None = None) -> Unit:
    """Add a unit under `parent`; path and tenant are worked out here and nowhere else."""
    inside = parent.tenant if parent and kind not in TENANT_KINDS else None
    unit = Unit.objects.create(code=code, name=name, kind=kind, parent=parent, tenant=inside)
    unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
    unit.tenant = unit if kind in TENANT_KINDS else inside
    unit.save(update_fields=["path", "tenant"])
    return unit


def ancestors_of(unit: Unit) -> list[int]:
    """The ids of the units above, from the root down."""
    return [int(number) for number in unit.path.strip("/").split("/")[:-1]]


def hold_as_it_is(unit: Unit) -> None:
    """Nobody alters a unit until the transaction ends; who is about to is waited for. Several may hold it at once."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT FROM {Unit._meta.db_table} WHERE id = %s FOR SHARE", [unit.pk])


def alter_unit(
    unit: Unit,
    *,
    what: str,
    number: str,
    decided_on: date,
    on: date,
    into: Unit | None = None,
    **new: str,
) -> UnitChange:
    """Rename a unit, make it a subdistrict, or end it in another; what it was is kept. Its code stays.

    what: a `UnitChange.What`; new: its new name, kind or both. A unit merged into another ends on the day. The row is
    locked until the transaction ends; `unit` follows.
    """
    held = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    change = UnitChange.objects.create(
        unit=held,
        what=what,
        name=held.name,
        kind=held.kind,
        into=into,
        number=number,
        decided_on=decided_on,
        on=on,
    )
    values = {**new, **({"ends_on": on} if into else {})}
    Unit.objects.filter(pk=unit.pk).update(**values)
    for name, value in values.items():
        setattr(unit, name, value)
    return change


def unit_on(unit: Unit, day: date | None) -> Unit:
    """A unit as it was called on a day, and of the kind it then was; on the day of a change already the new.

    One that is not stored, like a paper that has no day yet, has no past.
    """
    if unit.pk is None or day is None:
        return unit
    change = UnitChange.objects.filter(unit=unit.pk, on__gt=day).first()
    if change is None:
        return unit
    then = copy(unit)
    then.name, then.kind = change.name, change.kind
    return then
