"""What is to be erased is asked for, by a proposer or by a desk: the record and the task that follows it, in one transaction."""

from __future__ import annotations

from django.db import transaction

from projects.collection.models import Proposal
from projects.retention import services
from projects.retention.flows import ErasureFlow, RequestFlow
from projects.retention.models import ErasureRequest
from projects.retention.services import obstacles_to_requesting
from workflow.audit.services import Act, write_down
from workflow.flows.acting import recording
from workflow.flows.errors import Refused
from workflow.flows.services import Outcome
from workflow.people.models import Unit


def request_erasure(act: Act, proposal: Proposal) -> ErasureRequest:
    """Whoever has the query code asks (act.actor None); the government's clerk gets the task of answering.

    The proposal itself stays in the file.
    """
    with transaction.atomic(), recording(act):
        held = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
        if reasons := obstacles_to_requesting(held):
            raise Refused(*reasons)
        request = ErasureRequest.objects.create(unit=held.unit, proposal=held, asked_at=act.at)
        write_down(
            act,
            "retention.request",
            request.reference,
            about=request.about,
            step=1,
            after={"proposal": held.reference},
            label=request.label,
        )
        RequestFlow.begin(request)
    return request


def ask(act: Act, unit: Unit, *, lot: str, confirmed: bool) -> Outcome:
    """提出清除: the chair gets the task of answering. unit: locked by the caller."""
    erasure, rows = services.ask(act, unit, lot)
    ErasureFlow.begin(erasure)
    return Outcome(after={"erasure": erasure.reference, "of": erasure.of, "rows": rows})
