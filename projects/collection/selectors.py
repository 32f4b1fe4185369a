"""Reads of proposals."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format

from projects.collection import rules as own
from projects.collection.models import Contact, Proposal, ProposalState
from projects.cycles.feasibility import latest_window_end, warnings_on_window
from projects.cycles.models import Cycle, Paper
from projects.cycles.rulebook import COLLECTION_DAYS_RECOMMENDED, Rules
from projects.cycles.selectors import paper_of, rules_for, session_date
from workflow.flows.models import Deadline
from workflow.inbox.reading import PersonalData
from workflow.people.saying import as_written
from workflow.people.saying import said as _


def proposals_of(cycle: Cycle) -> QuerySet[Proposal]:
    """A cycle's proposals in the order received."""
    return Proposal.objects.filter(cycle=cycle).select_related("village").order_by("pk")


def undecided(cycle: Cycle) -> QuerySet[Proposal]:
    """Proposals neither accepted nor pooled yet; collection cannot close before they are."""
    return proposals_of(cycle).filter(state__in=(ProposalState.RECEIVED, ProposalState.RETURNED))


def call_of(cycle: Cycle) -> Paper:
    """The call as it stands, published or waiting for the chair."""
    paper = paper_of(cycle, "call")
    if paper is None:
        raise Paper.DoesNotExist(cycle.reference)
    return paper


def call_page(cycle: Cycle) -> dict[str, Any]:
    """How long a window the year was planned for, and the last day one may end on to reach the planned session."""
    rules, t = rules_for(cycle), session_date(cycle, "vote")
    return {
        "planned_days": rules.collection_window_days,
        "session_on": t,
        "latest_end": latest_window_end(t, rules),
        "shortest": own.SHORTEST_SEEN,
        "longest": own.LONGEST_SEEN,
    }


def window_warnings(cycle: Cycle, start: date, end: date) -> list[str]:
    """What is to be said about a window: its length, and the chain from its end to the presidium's T−20."""
    book = rules_for(cycle)
    length = own.window_warnings(
        (end - start).days + 1, planned=book.collection_window_days, usual=COLLECTION_DAYS_RECOMMENDED
    )
    late = warnings_on_window(end, session_date(cycle, "vote"), book)
    return [*length, *(reason.text for reason in late)]


def cosigning_page(cycle: Cycle) -> dict[str, Any]:
    """The call the chair is asked to confirm, with what was noted on it."""
    draft = call_of(cycle)
    days = {name: date.fromisoformat(draft.data[name]) for name in ("from", "to")}
    noted = as_written(
        draft.data["warnings"], lambda: window_warnings(cycle, start=days["from"], end=days["to"])
    )
    return {"draft": draft, "start": days["from"], "end": days["to"], "warnings": noted}


COMPLETING = "collection.complete_proposal"


def overdue_completions(on: date) -> QuerySet[Deadline]:
    """The open tasks of completing a returned form whose days are over."""
    held = Deadline.objects.filter(key=COMPLETING, done_at=None, cancelled=False, binds_on__lt=on)
    return held.order_by("pk")


def completion_due(proposal: Proposal) -> date | None:
    """The last day on which a returned form may come back complete; None where no task waits for it."""
    waiting = _completion(proposal)
    return waiting.due_on if waiting else None


def _completion(proposal: Proposal) -> Deadline | None:
    """The open task of completing a returned form."""
    held = Deadline.objects.filter(subject=proposal.reference, key=COMPLETING, done_at=None, cancelled=False)
    return held.first()


def too_early_to_pool(proposal: Proposal, on: date) -> list[str]:
    """The proposer has the whole term: a returned form is not pooled before it is over (steps.md, step 1)."""
    waiting = _completion(proposal)
    if waiting is None or waiting.due_on is None or (waiting.binds_on and on > waiting.binds_on):
        return []
    told = {"day": date_format(waiting.due_on)}
    if on > waiting.due_on:
        return [_("补正期限%(day)s为暂定，放假安排公布、期限确定并且期满以前，不能转入项目库。") % told]
    return [_("补正期限到%(day)s止，期满前不能转入项目库。") % told]


def proposal_facts(proposal: Proposal) -> dict[str, Any]:
    """What the clerk needs to see to accept or return one proposal; personal: what of it shows who somebody is, if anything."""
    contact = getattr(proposal, "contact", None)
    named = contact is not None and any((contact.name, contact.phone, contact.organisation))
    personal = PersonalData(Contact.PERSONAL, (proposal.reference,)) if named else None
    return {"proposal": proposal, "contact": contact, "personal": personal}


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
    days = {"start": date_format(cycle.window_from), "end": date_format(cycle.window_to)}
    if rules.pool_all_year:
        return _("征集期（%(start)s至%(end)s）内；期外列入项目库") % days
    return _("征集期（%(start)s至%(end)s）内") % days
