"""What the county may draw a sample from."""

from __future__ import annotations

from django.db.models import QuerySet

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.oversight.models import SampleOf
from projects.supervision.selectors import projects_of
from workflow.people.models import Unit, UnitKind


def townships_below(unit: Unit) -> QuerySet[Unit]:
    """The townships and subdistricts below a county, by code."""
    kinds = (UnitKind.TOWNSHIP, UnitKind.SUBDISTRICT)
    below = Unit.objects.filter(path__startswith=unit.path, kind__in=kinds, ends_on=None)
    return below.order_by("code")


def latest_year_of(township: Unit) -> Cycle | None:
    """The year a township is in, for what concerns none of them alone."""
    return Cycle.objects.filter(unit=township).order_by("-year", "-pk").first()


def sampled_from(cycle: Cycle, of: str) -> dict[str, str]:
    """Everything of one kind in a year, or the township's stations: reference → what people call it."""
    if of == SampleOf.STATION:
        stations = Unit.objects.filter(tenant_id=cycle.unit_id, kind=UnitKind.STATION, ends_on=None)
        return {f"unit:{unit.code}": unit.name for unit in stations}
    found = projects_of(cycle) if of == SampleOf.PROJECT else Proposal.objects.filter(cycle=cycle)
    return {record.reference: record.label for record in found}
