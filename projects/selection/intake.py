"""An objection's way in, and an old item's way back: the record and the task that follows it, in one transaction."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from projects.collection.intake import propose
from projects.collection.models import Proposal, ProposerKind
from projects.cycles.models import Cycle
from projects.selection.flows import ObjectionFlow
from projects.selection.models import Item, ItemState, Notice, Objection
from projects.selection.selectors import years_without
from projects.selection.services import lodge
from workflow.audit.services import Act, done_with, write_down
from workflow.flows.acting import recording
from workflow.flows.errors import AlreadyDone, Refused
from workflow.flows.services import Outcome
from workflow.people.saying import said as _


def raise_objection(act: Act, notice: Notice, *, words: str, item: int | None = None) -> Objection:
    """Anybody objects to the posted list; act.actor None for a resident. Refused once the notice is over, and for a form
    sent before (AlreadyDone).

    The government's clerk gets the task of answering. The words may hold personal data and stay out of the trail.
    """
    with transaction.atomic(), recording(act):
        held = Notice.objects.select_for_update().get(pk=notice.pk)
        raised = [objection.reference for objection in held.objections.all()]
        if before := done_with("selection.object", raised, act.actor, act.request_id):
            raise AlreadyDone(before)
        objection = _lodged(act, held, words, item)
        write_down(
            act,
            "selection.object",
            objection.reference,
            about=objection.about,
            step=2,
            after={"notice": held.reference, "item": objection.item.reference if objection.item else ""},
            label=objection.label,
        )
    return objection


def register_objection(act: Act, notice: Notice, *, words: str, project: int | None = None) -> Outcome:
    """The same, registered by an office for whoever said it; the office's act is the entry."""
    objection = _lodged(act, notice, words, project)
    return Outcome(after={"objection": objection.reference})


def _lodged(act: Act, notice: Notice, words: str, item: int | None) -> Objection:
    objection = lodge(act, notice, words=words, item=item)
    ObjectionFlow.begin(objection)
    return objection


def bring_back(act: Act, item: Item, *, cycle: Cycle | None = None) -> Outcome:
    """An item in the pool is proposed again in a collecting cycle, outside its window as any proposal."""
    if item.state != ItemState.RESERVED:
        raise Refused(_("“%(title)s”不在储备库中。") % {"title": item.title})
    into = cycle or next(iter(years_without(item)), None)
    proposal: Proposal = propose(act, cycle=into, **_as_proposal(item))
    return Outcome(after={"proposal": proposal.reference})


def _as_proposal(item: Item) -> dict[str, Any]:
    return {
        "title": item.title,
        "content": item.content,
        "necessity": _("%(year)s 年度列入储备库。") % {"year": item.cycle.year},
        "place": item.place,
        "category": item.category,
        "estimate_fen": item.investment_fen,
        "proposer_kind": ProposerKind.DEPARTMENT,
        "channel": _("储备库"),
    }
