"""What falls due after the year: the contacts of one township's closed year erased by two people, another's waiting."""

from __future__ import annotations

import projects.retention.events  # noqa: F401  registers the acts
from projects.cycles.models import Cycle
from projects.demo.cast import Township
from projects.demo.play.stage import Strand, moment, planned
from projects.retention.models import DataKind, Erasure, ErasureState
from projects.retention.selectors import confirming, lots_of, standing_of
from projects.retention.services import AGREE
from workflow.calendar.workdays import add_working_days
from workflow.flows.events import perform
from workflow.flows.services import complete

# Working days: from the day they fall due until they are asked to be erased, and from there until that is confirmed.
ASKED, CONFIRMED = 3, 2


def erasure(town: Township, cycle: Cycle) -> Strand:
    """党政办 asks, the chair confirms; nothing where the year is not closed or something of it holds the data back."""
    due = standing_of(town.unit, [cycle], cycle.planned_t2).due(DataKind.CONTACTS, cycle)
    if due.on is None:
        return
    asked_on = add_working_days(due.on, ASKED)
    yield planned(asked_on)
    lots = [lot for lot in lots_of(town.unit, asked_on) if lot.of == DataKind.CONTACTS and lot.cycle == cycle]
    if not lots or lots[0].reasons:
        return
    perform(
        "retention.ask",
        town.unit,
        actor=town.of("gov_clerk"),
        data={"lot": lots[0].code, "confirmed": "on"},
        at=moment(asked_on),
        reauthenticated=True,
    )
    confirmed_on = add_working_days(asked_on, CONFIRMED)
    yield planned(confirmed_on)
    asked = Erasure.objects.get(unit=town.unit, of=DataKind.CONTACTS, cycle=cycle, state=ErasureState.ASKED)
    complete(
        confirming([asked])[asked.reference],
        actor=town.of("chair"),
        data={"decision": AGREE},
        at=moment(confirmed_on),
        reauthenticated=True,
    )
