"""Reads of proposals."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import Cycle


def proposals_of(cycle: Cycle) -> QuerySet[Proposal]:
    """A cycle's proposals in the order received."""
    return Proposal.objects.filter(cycle=cycle).select_related("village").order_by("pk")


def undecided(cycle: Cycle) -> QuerySet[Proposal]:
    """Proposals neither accepted nor pooled yet; collection cannot close before they are."""
    return proposals_of(cycle).filter(state__in=(ProposalState.RECEIVED, ProposalState.RETURNED))


def proposal_facts(proposal: Proposal) -> dict[str, Any]:
    """What the clerk needs to see to accept or return one proposal."""
    return {"proposal": proposal, "contact": getattr(proposal, "contact", None)}


def collection_figures(cycle: Cycle) -> dict[str, Any]:
    """How many came in, by state."""
    proposals = list(proposals_of(cycle))
    return {
        "proposals": proposals,
        "accepted": sum(p.state == ProposalState.ACCEPTED for p in proposals),
        "open": sum(p.state in (ProposalState.RECEIVED, ProposalState.RETURNED) for p in proposals),
    }
