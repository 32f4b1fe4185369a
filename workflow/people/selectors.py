"""Units as pages list them."""

from __future__ import annotations

from workflow.people.models import TENANT_KINDS, Unit


def tenants_below(unit: Unit) -> list[Unit]:
    """The units with rows and a trail of their own at a unit and below it, abolished ones too, by administrative code.

    Codes begin with that of the unit above (GB/T 10114), so that a county stands before its townships.
    """
    return list(Unit.objects.filter(path__startswith=unit.path, kind__in=TENANT_KINDS).order_by("code"))
