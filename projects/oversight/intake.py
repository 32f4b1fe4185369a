"""The county's letter that wants an answer: the record and the township's task that follows it, in one transaction."""

from __future__ import annotations

from datetime import date

from projects.cycles.models import Cycle
from projects.oversight.flows import NoteFlow
from projects.oversight.models import Note
from projects.oversight.services import county_of
from workflow.audit.services import Act
from workflow.flows.services import Outcome


def send_note(act: Act, cycle: Cycle, *, title: str, words: str, reply_by: date) -> Outcome:
    """工作提示函: the township's chair gets the task of replying by the day named."""
    note = Note.objects.create(
        unit=cycle.unit,
        county=county_of(act),
        cycle=cycle,
        title=title,
        words=words,
        by=act.person,
        sent_on=act.on,
        reply_by=reply_by,
    )
    NoteFlow.begin_from_above(note)
    return Outcome(after={"note": note.reference})
