"""What the county may do at a township: guide, point out, sample. It approves and edits nothing (组织法 50(11))."""

from __future__ import annotations

import secrets
from datetime import date
from typing import cast

from projects.cycles.models import Cycle
from projects.oversight.models import Guidance, Note, Sample
from workflow.audit.services import Act
from workflow.flows.services import Outcome
from workflow.machines.services import fire
from workflow.people.models import Unit
from workflow.roles.models import RoleGrant


def _county_of(act: Act) -> Unit:
    held = act.person.grants.filter(office=act.office, revoked_at=None).select_related("unit")
    return cast(RoleGrant, held.first()).unit  # the act has been checked against the office


def guide(act: Act, cycle: Cycle, *, title: str, words: str) -> None:
    """A guiding opinion; asks for nothing back."""
    Guidance.objects.create(
        unit=cycle.unit, county=_county_of(act), title=title, words=words, by=act.person, at=act.at
    )


def send_note(act: Act, cycle: Cycle, *, title: str, words: str, reply_by: date) -> Outcome:
    """工作提示函: the township's chair gets the task of replying by the day named."""
    from projects.oversight.flows import NoteFlow

    note = Note.objects.create(
        unit=cycle.unit,
        county=_county_of(act),
        cycle=cycle,
        title=title,
        words=words,
        by=act.person,
        sent_on=act.on,
        reply_by=reply_by,
    )
    NoteFlow.begin_from_above(note)
    return Outcome(after={"note": note.reference})


def reply_to_note(act: Act, note: Note, *, reply: str) -> None:
    """The township answers."""
    fire(note, "answer", act, reply=reply)


def sample(act: Act, cycle: Cycle, *, words: str) -> Outcome:
    """A dossier looked at; the seed makes the draw repeatable."""
    drawn = Sample.objects.create(
        unit=cycle.unit,
        county=_county_of(act),
        cycle=cycle,
        seed=secrets.token_hex(8),
        words=words,
        by=act.person,
        at=act.at,
    )
    return Outcome(after={"seed": drawn.seed})
