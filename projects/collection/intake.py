"""A proposal's way in: the record and the task that follows it, in one transaction."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from projects.collection.flows import ProposalFlow
from projects.collection.models import Proposal, ProposalState
from projects.collection.services import submit_proposal, take_from_pool
from projects.cycles.models import Cycle
from workflow.audit.services import Act
from workflow.flows.acting import acting


def propose(act: Act, **fields: Any) -> Proposal:
    """Submit a proposal; inside the window the government's clerk gets the task of accepting it."""
    with transaction.atomic(), acting(act):
        proposal = submit_proposal(act, **fields)
        if proposal.state == ProposalState.RECEIVED:
            ProposalFlow.begin(proposal)
    return proposal


def take_up(act: Act, proposal: Proposal, cycle: Cycle) -> None:
    """Bring a pooled proposal into the collecting cycle."""
    with transaction.atomic(), acting(act):
        take_from_pool(act, proposal, cycle)
        ProposalFlow.begin(proposal)
