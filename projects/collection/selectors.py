"""Reads of proposals."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules


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


def collection_window(cycle: Cycle | None, rules: Rules) -> str:
    """When anybody may propose, in words: the call's days where there is one, and what becomes of the rest."""
    if cycle is None or not (cycle.window_from and cycle.window_to):
        return _("征集期内；期外列入项目库") if rules.pool_all_year else _("征集期内")
    days = {"start": cycle.window_from, "end": cycle.window_to}
    if rules.pool_all_year:
        return _("征集期（%(start)s 至 %(end)s）内；期外列入项目库") % days
    return _("征集期（%(start)s 至 %(end)s）内") % days
