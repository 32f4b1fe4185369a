"""What the county may draw a sample from."""

from __future__ import annotations

from projects.collection.models import Proposal
from projects.cycles.models import Cycle
from projects.oversight.models import SampleOf
from projects.supervision.selectors import projects_of
from workflow.people.models import Unit, UnitKind


def sampled_from(cycle: Cycle, of: str) -> dict[str, str]:
    """Everything of one kind in a year, or the township's stations: reference → what people call it."""
    if of == SampleOf.STATION:
        stations = Unit.objects.filter(tenant_id=cycle.unit_id, kind=UnitKind.STATION, ends_on=None)
        return {f"unit:{unit.code}": unit.name for unit in stations}
    found = projects_of(cycle) if of == SampleOf.PROJECT else Proposal.objects.filter(cycle=cycle)
    return {record.reference: record.label for record in found}
