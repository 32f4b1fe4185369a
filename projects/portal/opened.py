"""Which township a page of the staff is of, and which record it shows, by what its address names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from projects.ballots.models import Vote
from projects.collection.models import Proposal
from projects.cycles.models import Attachment, Cycle, Paper, Session
from projects.selection.models import Item, Notice
from projects.supervision.models import Project
from workflow.flows.models import Deadline, MeetingCall, Sitting
from workflow.inbox.telling import machine_of
from workflow.roles.opened import Shown, find_shown_by

# By the page's name in `staff_urls`: what its number is the number of.
OF_PAGE: dict[str, Any] = {
    **dict.fromkeys(
        ("year", "year_proposals", "year_items", "year_dossier", "readiness", "conformance", "booklet", "booklet_file", "rehearsal"), Cycle
    ),
    "staff_proposal": Proposal,
    "item": Item,
    "notice": Notice,
    "project": Project,
    "staff_paper": Paper,
    "staff_document": Paper,
    "staff_file": Attachment,
    "session": Session,
    "vote": Vote,
    "meeting_call": MeetingCall,
    "meeting_call_file": MeetingCall,
    "call_meeting_off": MeetingCall,
    "sitting": Sitting,
    "sitting_minutes": Sitting,
}  # fmt: skip

ABOUT_ANOTHER = (Deadline, Paper, Attachment)


def shown_on_page(page: str, named: Mapping[str, Any]) -> Shown | None:
    """The task, the record of a kind, or the record of a page; None where the address names none of them.

    A task, a paper and a file are of the record they are about; a meeting on several matters is of none.
    """
    model: Any
    number: Any
    if "task_id" in named:
        model, number = Deadline, named["task_id"]
    elif "kind" in named:
        model, number = machine_of(named["kind"]), named.get("pk") or named.get("number")
    else:
        model, number = OF_PAGE.get(page), named.get("pk")
    if model is None or number is None:
        return None
    found = model.objects.filter(pk=number)
    if model in ABOUT_ANOTHER:
        told = found.values_list("unit_id", "subject").first()
        return Shown(*told) if told else None
    unit = found.values_list("unit_id", flat=True).first()
    kind = getattr(model, "kind", "")
    return Shown(unit, f"{kind}:{number}" if kind else "") if unit else None


find_shown_by(shown_on_page)
