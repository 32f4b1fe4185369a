"""换届 as a township plays it: the new congress elected and examined before its first session, its chair elected in it."""

from __future__ import annotations

from datetime import date
from typing import Any

from projects.cycles.models import Cycle
from projects.cycles.selectors import opens_term, session_of
from projects.cycles.terms import found_term
from projects.deliberation.selectors import by_delegation
from projects.demo.cast import Casting, Township
from projects.demo.names import name_of
from projects.demo.play.stage import moment, planned
from workflow.flows.events import perform

FRESH = 3  # deputies who were not in the congress before
STATEMENT = "代表选举依照选举法进行，经代表资格审查委员会审查，当选代表的代表资格全部有效。"


def enter_term(town: Township, term: int, *, since: date) -> None:
    """The congress that sits when the play begins."""
    found_term(town.act("clerk", planned(since)), town.unit, term, since=since)


def play_election(town: Township, casting: Casting, *, term: int, on: date) -> None:
    """Most deputies are elected again, the chair among them, the last few give way to others; as many as before.

    casting: of the day on which the administrator enters who was newly elected. `town.people` follows.
    """
    at = moment(on)
    kept, n = town.deputies[:-FRESH], len(town.deputies)
    fresh = [_elected(town, casting, number) for number in range(n + 1, n + FRESH + 1)]
    perform(
        "cycles.review_credentials",
        town.unit,
        actor=town.of("clerk"),
        data={
            "number": term,
            "again": [str(user.pk) for user in kept],
            "fresh": [str(user.pk) for user in fresh],
            "statement": STATEMENT,
        },
        at=at,
    )
    town.people["deputy"] = [*kept, *fresh]


def _elected(town: Township, casting: Casting, number: int) -> Any:
    username = f"deputy{number}@{town.unit.code}"
    return casting.appoint(casting.person(username, name_of(username)), "deputy_elect", town.unit)


def first_offices(town: Township, cycle: Cycle, use: str = "vote") -> dict[str, Any]:
    """What the preliminary meeting of a new congress also fills in; nothing at any other session."""
    session = session_of(cycle, use)
    if session is None or not opens_term(session):
        return {}
    leads = {town.delegation_lead(unit).pk for unit in town.delegations}
    found: dict[str, Any] = {"presiding": str(town.of("chair").pk)}
    for unit, users in by_delegation(session):
        chosen = next((user for user in users if user.pk in leads), users[0])
        found[f"lead_{unit.pk}"] = str(chosen.pk)
    return found


def play_chair_elected(town: Township, *, on: date) -> None:
    """The congress elects its chair; until then a member of its presidium presided."""
    perform(
        "cycles.record_election",
        town.unit,
        actor=town.of("clerk"),
        data={
            "office": "chair",
            "seat": "",
            "persons": [str(town.of("chair").pk)],
            "statement": "大会选举产生新一届人民代表大会主席。",
        },
        at=moment(on, 12),
    )
