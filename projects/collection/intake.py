"""A proposal's way in: the record and the task that follows it, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from viewflow.workflow.models import Process

from projects.collection.flows import ProposalFlow
from projects.collection.models import Proposal, ProposalState
from projects.collection.selectors import COMPLETING
from projects.collection.services import obstacles_to_submitting, put_right, submit_proposal, take_from_pool
from projects.cycles.models import Cycle, CycleState
from projects.cycles.selectors import collecting_cycles
from workflow.audit.services import Act
from workflow.flows.acting import recording
from workflow.flows.errors import Refused
from workflow.flows.models import Deadline
from workflow.flows.services import Outcome, busy_if_locked, cancel_flow
from workflow.people.saying import said as _


def propose(act: Act, **fields: Any) -> Proposal:
    """Submit a proposal; inside the window the government's clerk gets the task of accepting it."""
    with transaction.atomic(), recording(act):
        proposal = submit_proposal(act, **fields)
        if proposal.state == ProposalState.RECEIVED:
            ProposalFlow.begin(proposal)
    return proposal


def register(act: Act, cycle: Cycle, **fields: Any) -> Outcome:
    """A proposal registered in the system: outside the collection window it goes to the pool, and that is said.

    Registered on a year that is collecting it is made for that one, else for whichever collects now.
    """
    proposal = propose(act, cycle=_made_for(cycle), **fields)
    pooled = proposal.state == ProposalState.POOLED
    return Outcome(after={"proposal": proposal.reference, "pooled": pooled})


def obstacles_to_proposing(cycle: Cycle, at: datetime) -> list[str]:
    """The same as for anybody, asked by a page of a year."""
    return obstacles_to_submitting(cycle.unit, at, cycle=_made_for(cycle))


def _made_for(cycle: Cycle) -> Cycle | None:
    return cycle if cycle.state == CycleState.COLLECTING else None


def take_up(act: Act, proposal: Proposal, *, cycle: Cycle | None = None) -> None:
    """Bring a pooled proposal into a collecting cycle; the clerk's task of accepting it follows."""
    into = cycle or next(iter(collecting_cycles(act.unit)), None)
    if into is None:
        raise Refused(*obstacles_to_taking_up(proposal, act.at))
    with transaction.atomic(), recording(act):
        take_from_pool(act, proposal, into)
        ProposalFlow.begin(proposal)


def obstacles_to_taking_up(proposal: Proposal, at: datetime) -> list[str]:
    """A pooled proposal enters only a year that is collecting."""
    found = [] if proposal.state == ProposalState.POOLED else [_("此件不在项目库中。")]
    if not collecting_cycles(proposal.unit):
        found.append(_("目前没有正在征集的年度，启动征集后再提出。"))
    return found


def complete_returned(act: Act, proposal: Proposal, *, content: str) -> None:
    """The proposer puts a returned form right without help: the clerk's waiting task ends, acceptance begins anew.

    Refused (Taken, Busy) where the proposal is no longer returned or somebody is acting on it.
    """
    with transaction.atomic(), busy_if_locked(), recording(act):
        if process := _waiting(proposal):
            with ProposalFlow.lock(process.pk):
                put_right(act, proposal, content)
                cancel_flow(process, act, reason=_("提出人已自行补正"))
        else:
            put_right(act, proposal, content)
        ProposalFlow.begin(proposal)


def _waiting(proposal: Proposal) -> Process | None:
    """The flow that waits for the returned form; none where the proposal came back from an older year."""
    task = Deadline.objects.filter(
        subject=proposal.reference, key=COMPLETING, done_at=None, cancelled=False
    ).first()
    return Process.objects.get(pk=task.task.process_id) if task else None
