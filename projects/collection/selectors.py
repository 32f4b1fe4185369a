"""Reads of proposals."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from projects.collection.models import Proposal, ProposalState
from projects.cycles.models import Cycle
from projects.cycles.rulebook import Rules
from workflow.flows.models import Deadline


def proposals_of(cycle: Cycle) -> QuerySet[Proposal]:
    """A cycle's proposals in the order received."""
    return Proposal.objects.filter(cycle=cycle).select_related("village").order_by("pk")


def undecided(cycle: Cycle) -> QuerySet[Proposal]:
    """Proposals neither accepted nor pooled yet; collection cannot close before they are."""
    return proposals_of(cycle).filter(state__in=(ProposalState.RECEIVED, ProposalState.RETURNED))


COMPLETING = "collection.complete_proposal"


def overdue_completions(on: date) -> QuerySet[Deadline]:
    """The open tasks of completing a returned form whose days are over."""
    return Deadline.objects.filter(key=COMPLETING, done_at=None, cancelled=False, due_on__lt=on).order_by(
        "pk"
    )


def completion_due(proposal: Proposal) -> date | None:
    """The last day on which a returned form may come back complete; None where no task waits for it."""
    waiting = Deadline.objects.filter(
        subject=proposal.reference, key=COMPLETING, done_at=None, cancelled=False
    ).first()
    return waiting.due_on if waiting else None


def too_early_to_pool(proposal: Proposal, on: date) -> list[str]:
    """The proposer has the whole term: a returned form is not pooled before it is over (steps.md, step 1)."""
    due = completion_due(proposal)
    if due is None or on > due:
        return []
    return [_("补正期限到 %(day)s 止，期满前不能转入项目库。") % {"day": due}]


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
