"""The only writer of units."""

from __future__ import annotations

from workflow.people.models import TENANT_KINDS, Unit


def create_unit(*, code: str, name: str, kind: str, parent: Unit | None = None) -> Unit:
    """Add a unit under `parent`; path and tenant are worked out here and nowhere else."""
    unit = Unit.objects.create(code=code, name=name, kind=kind, parent=parent)
    unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
    unit.tenant = unit if kind in TENANT_KINDS else (parent.tenant if parent else None)
    unit.save(update_fields=["path", "tenant"])
    return unit


def ancestors_of(unit: Unit) -> list[int]:
    """The ids of the units above, from the root down."""
    return [int(number) for number in unit.path.strip("/").split("/")[:-1]]
